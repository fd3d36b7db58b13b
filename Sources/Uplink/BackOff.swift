/// How long to wait after so many failures: doubling, with jitter, so that a fleet does not come back all at once.
struct BackOff {
    private(set) var failures = 0
    private let first: Duration
    private let longest: Duration

    init(first: Duration = .seconds(1), longest: Duration = .seconds(300)) {
        self.first = first
        self.longest = longest
    }

    mutating func succeeded() { failures = 0 }

    /// Counts a failure and says how long to wait: between half of the step and the whole of it.
    mutating func failed(random: inout some RandomNumberGenerator) -> Duration {
        let step = min(longest, first * (1 << min(failures, 20)))
        failures += 1
        return step * Double.random(in: 0.5...1, using: &random)
    }
}
