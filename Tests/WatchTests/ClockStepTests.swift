import Plant
import Testing
import Watch

@Suite struct ClockStepTests {
    /// Both clocks, wound apart.
    struct Wound: PlantClock {
        var at = WallTime(nanoseconds: 0)
        var steady = MonotonicTime(nanoseconds: 60_000_000_000)
        func wall() -> WallTime { at }
        func monotonic() -> MonotonicTime { steady }
        mutating func pass(_ span: Duration) { (at, steady) = (at + span, steady + span) }
    }

    @Test func everyStepIsSeenOnceAndASlowCorrectionIsNone() {
        var clock = Wound()
        var detector = ClockStepDetector()
        var steps: [Double] = []
        func look() {
            if let step = detector.look(clock, boot: "b") { steps.append((step.to - step.from).inSeconds) }
        }
        look()
        for step in [0, 1_800_000_000, 86_400, -3_600, 0.9, -1, 4_000_000_000.0] {
            clock.pass(.milliseconds(500))
            clock.at = clock.at + .milliseconds(step * 1_000)
            look()
            // What a time server draws the clock by: at most half a thousandth.
            for _ in 0..<100 {
                clock.pass(.milliseconds(500))
                clock.at = clock.at + .microseconds(250)
                look()
            }
        }
        #expect(steps == [1_800_000_000, 86_400, -3_600, -1, 4_000_000_000])
    }

    @Test func timesFromBeforeTheStepsAreReadInTheTimeAfterThem() {
        var log = ClockStepLog()
        func step(_ boot: String, _ seconds: Double, _ from: Double, _ to: Double) -> ClockStep {
            ClockStep(
                boot: boot, monotonic: MonotonicTime(nanoseconds: Int64(seconds * 1e9)), from: WallTime(seconds: from),
                to: WallTime(seconds: to))
        }
        log.append(step("one", 100, 100, 1_800_000_000))
        log.append(step("one", 200, 1_800_000_100, 1_800_003_700))
        log.append(step("two", 50, 50, 1_800_010_000))
        func corrected(_ wall: Double, _ seconds: Double, _ boot: String) -> Double {
            let monotonic = MonotonicTime(nanoseconds: Int64(seconds * 1e9))
            return log.corrected(WallTime(seconds: wall), at: monotonic, boot: boot).seconds
        }
        #expect(corrected(90, 90, "one") == 1_800_003_590)
        #expect(corrected(1_800_000_050, 150, "one") == 1_800_003_650)
        #expect(corrected(1_800_003_750, 250, "one") == 1_800_003_750)
        #expect(corrected(40, 40, "two") == 1_800_009_990)
        #expect(corrected(40, 40, "three") == 40)
        #expect(ClockStepLog(text: log.text) == log)
    }

    @Test func theLogIsBoundedAndReadsWhatIsDamagedAsFarAsItGoes() {
        var log = ClockStepLog()
        for number in 0..<200 {
            log.append(
                ClockStep(
                    boot: "b", monotonic: MonotonicTime(nanoseconds: Int64(number)), from: WallTime(nanoseconds: 0),
                    to: WallTime(nanoseconds: 1)))
        }
        #expect(log.steps.count == ClockStepLog.limit && log.steps.last?.monotonic.nanoseconds == 199)
        #expect(ClockStepLog(text: String(log.text.dropLast(3))).steps == log.steps.dropLast())
        #expect(ClockStepLog(text: "b 1 2\nb x 2 3\nb 1 2 3 4\n\nb 1 2 3\n").steps.count == 1)
    }
}
