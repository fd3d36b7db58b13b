/// When a message that was not taken is tried again, and when no more.
package struct RetryPolicy: Hashable, Sendable {
    /// Delay after the first failure; it doubles with each.
    package var firstDelay: Duration
    package var longestDelay: Duration
    /// With the longest delay of 15 minutes, 300 attempts are about three days: a long weekend without network.
    package var maximumAttempts: Int
    /// Counted while the daemon runs, on the clock that never steps.
    package var maximumAge: Duration

    package init(
        firstDelay: Duration = .seconds(2), longestDelay: Duration = .seconds(900), maximumAttempts: Int = 300,
        maximumAge: Duration = .seconds(72 * 3600)
    ) {
        self.firstDelay = firstDelay
        self.longestDelay = longestDelay
        self.maximumAttempts = maximumAttempts
        self.maximumAge = maximumAge
    }

    /// The delay after the given number of failures: exponential, the upper half of it by chance.
    ///
    /// The chance keeps a hundred boxes from coming back in the same second after a broker's restart.
    package func delay(afterFailures failures: Int, random: inout some RandomNumberGenerator) -> Duration {
        // 2^20 times the first delay is beyond any longest delay.
        let doublings = min(max(failures - 1, 0), 20)
        let full = min(firstDelay * (1 << doublings), longestDelay)
        return full * Double.random(in: 0.5...1, using: &random)
    }
}
