internal import Plant

/// What a power cut may cost: the promise of the configuration's `loss:`, kept by when the store commits.
///
/// Rule: what has been acknowledged (QoS 1 and 2, an answer of the API, an alert and what people do with it) is never
/// lost, whatever stands here.
package struct LossContract: Hashable, Sendable {
    /// Samples that were read but that nobody waits for (Modbus, QoS 0) may be lost when they are younger than this.
    package var samples: Duration

    package init(samples: Duration = .seconds(1)) { self.samples = samples }

    /// A part of the contract, so that a commit that takes as long again, and a late thread, still keep it.
    private static let windowShare = 4
    /// Four commits a second wear out no flash card, and people who look at a value see it soon.
    private static let longestWindow = Duration.milliseconds(250)

    /// How long such a sample waits for others before it is committed with them.
    var window: Duration { min(samples / Self.windowShare, Self.longestWindow) }
}

/// Whether the contract is kept, for `millwright status`.
package struct LossReport: Sendable, Equatable {
    package var contract: LossContract
    /// Age of the oldest sample that is accepted and not yet durable; zero when all are.
    package var oldest: Duration
    /// Samples accepted and not yet durable.
    package var waiting: Int
    /// Age of the oldest such sample at its commit, the worst since the start.
    package var worst: Duration
    /// Commits since the start with a sample in them that was older than the contract allows.
    package var lateCommits: Int64
    /// Of the latest commits; zero before the first.
    package var commitMedian: Duration
    package var commitP99: Duration

    package var isBroken: Bool { oldest > contract.samples }
}

/// Times of commits and ages of what they made durable.
struct LossMeter {
    /// Enough for a 99th percentile that ten commits decide.
    private static let keptTimes = 1_024

    private(set) var worst = Duration.zero
    private(set) var lateCommits: Int64 = 0
    private var times: [Duration] = []
    private var next = 0

    /// - Parameter age: of the oldest sample in it that nobody waited for; nil when there was none.
    mutating func note(commit time: Duration, age: Duration?, contract: LossContract) {
        if times.count < Self.keptTimes { times.append(time) } else { times[next] = time }
        next = (next + 1) % Self.keptTimes
        guard let age else { return }
        worst = max(worst, age)
        if age > contract.samples { lateCommits += 1 }
    }

    /// The share is 0.5 for the median.
    func commitTime(at share: Double) -> Duration {
        let sorted = times.sorted()
        return sorted.isEmpty ? .zero : sorted[Int(Double(sorted.count - 1) * share)]
    }
}
