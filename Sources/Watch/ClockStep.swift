package import Plant

/// The wall clock was set: a time server reached a box whose battery is dead, or a person corrected it.
package struct ClockStep: Hashable, Sendable {
    /// The run of the machine in which it happened.
    package var boot: String
    /// When, on the clock that never steps.
    package var monotonic: MonotonicTime
    /// What the wall clock would have shown then.
    package var from: WallTime
    package var to: WallTime

    package init(boot: String, monotonic: MonotonicTime, from: WallTime, to: WallTime) {
        self.boot = boot
        self.monotonic = monotonic
        self.from = from
        self.to = to
    }
}

/// Notices steps of the wall clock by comparing it with the clock that never steps.
package struct ClockStepDetector: Sendable {
    /// Below it, it is a time server that draws the clock slowly, or a thread that was held up between two readings.
    package static let smallest = Duration.seconds(1)
    /// Readings further apart say nothing about each other.
    private static let longestReading = Duration.milliseconds(100)

    private var offset: Duration?

    package init() {}

    /// To be called now and then, about twice a second.
    ///
    /// - Returns: the step since the last call; nil when there was none.
    package mutating func look(_ clock: any PlantClock, boot: String) -> ClockStep? {
        let before = clock.monotonic()
        let wall = clock.wall()
        let now = clock.monotonic()
        guard now - before <= Self.longestReading else { return nil }
        let present = wall - WallTime(nanoseconds: now.nanoseconds)
        defer { offset = present }
        guard let offset, present - offset >= Self.smallest || offset - present >= Self.smallest else { return nil }
        return ClockStep(boot: boot, monotonic: now, from: wall + (offset - present), to: wall)
    }
}

/// The latest steps of the wall clock, so that times taken before them can be read in the time that came after.
package struct ClockStepLog: Hashable, Sendable {
    /// A clock that steps every hour fills it in two days; one that works, in years.
    package static let limit = 64

    package private(set) var steps: [ClockStep] = []

    package init() {}

    package mutating func append(_ step: ClockStep) {
        steps.append(step)
        steps.removeFirst(max(0, steps.count - Self.limit))
    }

    /// A wall time taken in a run of the machine, as the clock shows it after all steps of that run.
    package func corrected(_ wall: WallTime, at monotonic: MonotonicTime, boot: String) -> WallTime {
        steps.filter { $0.boot == boot && $0.monotonic > monotonic }.reduce(wall) { $0 + ($1.to - $1.from) }
    }

    // MARK: Text

    /// A line a step: boot, monotonic, from, to, each in nanoseconds.
    package var text: String {
        steps.map {
            "\($0.boot) \($0.monotonic.nanoseconds) \($0.from.nanoseconds) \($0.to.nanoseconds)\n"
        }.joined()
    }

    /// Reads ``text`` back; lines that are none are left out.
    package init(text: String) {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ", omittingEmptySubsequences: false)
            guard words.count == 4, let monotonic = Int64(words[1]), let from = Int64(words[2]),
                let to = Int64(words[3])
            else { continue }
            append(
                ClockStep(
                    boot: String(words[0]), monotonic: MonotonicTime(nanoseconds: monotonic),
                    from: WallTime(nanoseconds: from), to: WallTime(nanoseconds: to)))
        }
    }
}
