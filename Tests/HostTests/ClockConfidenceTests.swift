import Host
import Plant
import Testing

@Suite struct ClockConfidenceTests {
    static let now = WallTime(nanoseconds: earliestPlausibleWallTime.nanoseconds + 1)

    struct Vector: Sendable {
        var wall: WallTime
        var isSynchronized: Bool
        var error: Duration
        var confidence: ClockConfidence
    }

    static let vectors = [
        Vector(wall: WallTime(nanoseconds: 0), isSynchronized: true, error: .zero, confidence: .implausible),
        Vector(wall: WallTime(nanoseconds: -1), isSynchronized: false, error: .zero, confidence: .implausible),
        Vector(wall: now, isSynchronized: false, error: .zero, confidence: .free),
        Vector(wall: now, isSynchronized: true, error: .milliseconds(20), confidence: .synchronized),
        Vector(wall: now, isSynchronized: true, error: .seconds(7), confidence: .synchronized),
        Vector(wall: now, isSynchronized: true, error: .seconds(8), confidence: .free),
        // 2038 and after.
        Vector(
            wall: WallTime(nanoseconds: 4_000_000_000_000_000_000), isSynchronized: true, error: .seconds(1),
            confidence: .synchronized),
    ]

    @Test(arguments: vectors) func aClockIsBelievedAsFarAsTheKernelDoes(_ vector: Vector) {
        let found = ClockConfidence(wall: vector.wall, isSynchronized: vector.isSynchronized, error: vector.error)
        #expect(found == vector.confidence)
    }

    @Test func theKernelAnswersAndTheAnswerIsKept() {
        let clock = SystemClock()
        let first = clock.confidence()
        let start = clock.monotonic()
        for _ in 0..<100_000 { #expect(clock.confidence() == first || clock.monotonic() - start > .seconds(1)) }
    }
}
