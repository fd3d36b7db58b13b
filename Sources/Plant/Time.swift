/// A wall-clock instant: nanoseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// A plant box may start with a dead clock in 1970, so nothing orders events by this alone; see ``MonotonicTime``.
package struct WallTime: Hashable, Comparable, Sendable {
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }
    package init(seconds: Double) { self.init(nanoseconds: Int64(seconds * 1e9)) }

    package var seconds: Double { Double(nanoseconds) / 1e9 }

    package static func < (a: Self, b: Self) -> Bool { a.nanoseconds < b.nanoseconds }
    package static func + (time: Self, span: Duration) -> Self {
        Self(nanoseconds: time.nanoseconds &+ span.wholeNanoseconds)
    }
    package static func - (a: Self, b: Self) -> Duration { .nanoseconds(a.nanoseconds &- b.nanoseconds) }
}

/// An instant of the clock that never steps: nanoseconds since the machine started, valid in this boot only.
package struct MonotonicTime: Hashable, Comparable, Sendable {
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package static func < (a: Self, b: Self) -> Bool { a.nanoseconds < b.nanoseconds }
    package static func + (time: Self, span: Duration) -> Self {
        Self(nanoseconds: time.nanoseconds &+ span.wholeNanoseconds)
    }
    package static func - (a: Self, b: Self) -> Duration { .nanoseconds(a.nanoseconds &- b.nanoseconds) }
}

extension Duration {
    /// The span in nanoseconds, clamped to what 64 bits hold (292 years).
    package var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        let (sum, overflow2) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        return overflow2 ? (seconds < 0 ? .min : .max) : sum
    }

    package var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}

/// The clocks a module may ask; handed in, so that a test winds them by hand.
package protocol PlantClock: Sendable {
    func wall() -> WallTime
    func monotonic() -> MonotonicTime
    /// How far ``wall()`` may be believed now.
    func confidence() -> ClockConfidence
}

extension PlantClock {
    package func confidence() -> ClockConfidence { .free }
}

/// How far a wall clock may be believed.
package enum ClockConfidence: UInt8, Hashable, Sendable, CaseIterable {
    /// Before the program was made: a dead battery, 1970.
    case implausible = 0
    /// It runs, and nobody says that it is right.
    case free = 1
    /// The kernel says that a time server keeps it.
    case synchronized = 2
}
