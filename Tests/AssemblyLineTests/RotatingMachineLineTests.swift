import AssemblyLine
import Glibc
import Graph
import Plant
import Runtime
import Scoring
import Signals
import Testing

@Suite struct RotatingMachineLineTests {
    @Test func theSameSeedGivesTheSameFileAndAnotherSeedAnother() throws {
        let pack = try Fixtures.smallPack()
        let first = try RotatingMachineLine(pack: pack, seed: 11).run(clock: Fixtures.Clock())
        #expect(try RotatingMachineLine(pack: pack, seed: 11).run(clock: Fixtures.Clock()).plan == first.plan)
        #expect(try RotatingMachineLine(pack: pack, seed: 12).run(clock: Fixtures.Clock()).plan != first.plan)
        #expect(first.report.modelBytes == first.plan.count)
        #expect(first.plan.count < 100_000)
        #expect(first.report.receiptCases == 32)
        #expect(first.report.quantizationError < 0.05)
        #expect(first.report.heldOutAbove == 0)
        #expect(first.report.losses.last ?? 1 < first.report.losses.first ?? 0)
    }

    @Test func stagesThatWereRunBeforeAreTakenFromTheCache() throws {
        let pack = try Fixtures.smallPack()
        try Fixtures.withFolder { folder in
            let line = RotatingMachineLine(pack: pack, seed: 11, cacheDirectory: folder)
            let first = try line.run(clock: Fixtures.Clock())
            #expect(first.report.stages.map(\.name) == RotatingMachineStages.order.map { $0.name })
            #expect(first.report.stages.allSatisfy { !$0.isCached })
            var seen: [StageProgress] = []
            let second = try line.run(clock: Fixtures.Clock()) { seen.append($0) }
            #expect(second.report.stages.allSatisfy { $0.isCached })
            #expect(second.plan == first.plan)
            #expect(
                seen.filter { $0.share == 1 && $0.isCached }.map(\.stage) == RotatingMachineStages.order.map { $0.name }
            )

            // A broken entry is made again; only what follows a changed setting is.
            let broken = try #require(Fixtures.files(folder).first { $0.hasPrefix("train") })
            truncate("\(folder)/\(broken)", 100)
            let third = try line.run(clock: Fixtures.Clock())
            #expect(third.report.stages.filter { !$0.isCached }.map(\.name) == ["train"])
            #expect(third.plan == first.plan)
            var stricter = pack
            stricter.line.falseAlarmBudget = 1e-6
            let fourth = try RotatingMachineLine(pack: stricter, seed: 11, cacheDirectory: folder).run(
                clock: Fixtures.Clock())
            #expect(fourth.report.stages.filter(\.isCached).map(\.name) == ["curate", "synthesize"])
            #expect(fourth.report.card.threshold > first.report.card.threshold)
        }
    }

    @Test func aCacheThatCannotBeWrittenIsAnErrorWithItsPlace() throws {
        let line = RotatingMachineLine(pack: try Fixtures.smallPack(), seed: 11, cacheDirectory: "/proc/nowhere/cache")
        let error = #expect(throws: LineError.self) { try line.run(clock: Fixtures.Clock()) }
        #expect(error?.description.contains("/proc/nowhere/cache") == true)
    }

    @Test func progressRisesThroughEveryStage() throws {
        var seen: [StageProgress] = []
        _ = try RotatingMachineLine(pack: try Fixtures.smallPack(), seed: 11).run(clock: Fixtures.Clock()) {
            seen.append($0)
        }
        for stage in RotatingMachineStages.order {
            let shares = seen.filter { $0.stage == stage.name }.map(\.share)
            #expect(shares == shares.sorted())
            #expect(shares.first == 0)
            #expect(shares.last == 1)
        }
    }

    /// Noise with a shaft line: a machine that is not the pack's.
    static func onSite(windows: Int, _ change: (inout Recording.Moment, Int) -> Void = { _, _ in }) -> Recording {
        var random = RandomSource(seed: 77)
        let moments = (0..<windows).map { index in
            var moment = Recording.Moment(
                window: (0..<1024).map {
                    Float(
                        0.1 * random.normal() + 0.2
                            * Elementary.sine(turns: Double($0) * 30 / 10_000 + Double(index) / 7))
                },
                speedRPM: 1_800, loadPercent: nil)
            change(&moment, index)
            return moment
        }
        return Recording(
            shape: WindowShape(samples: 1024, rateHertz: 10_000), geometry: .deepGroove6205, moments: moments)
    }

    @Test func aModelIsFittedOnAGivenRecordingWithoutLoad() throws {
        let recording = Self.onSite(windows: 60)
        let outcome = try RotatingMachineLine(pack: try Fixtures.smallPack(), recording: recording).run(
            clock: Fixtures.Clock())
        #expect(outcome.report.card.conditions.map(\.name) == [.speed])
        #expect(outcome.report.card.window == recording.shape)
        let scorer = try Fixtures.scorer(outcome.plan)
        try scorer.session.proveReceipt()
        let fresh = Self.onSite(windows: 100).moments.dropFirst(60)
        for moment in fresh {
            let score = try scorer.score(window: moment.window, rateHertz: 10_000, speedRPM: 1_800, load: nil)
            #expect(score.value < score.threshold)
        }
        let loud = fresh.first?.window.map { 4 * $0 } ?? []
        let score = try scorer.score(window: loud, rateHertz: 10_000, speedRPM: 1_800, load: nil)
        #expect(score.value > score.threshold)
        #expect(throws: ScoringError.self) {
            try scorer.score(window: loud, rateHertz: 10_000, speedRPM: 1_900, load: nil)
        }
    }

    @Test func windowsThatCannotBeUsedAreCountedByReason() throws {
        let recording = Self.onSite(windows: 60) { moment, index in
            switch index {
            case 3: moment.window[9] = .nan
            case 4: moment.window = [Float](repeating: 0, count: 1024)
            case 5: moment.window.removeLast()
            case 6: moment.speedRPM = 0
            case 7, 8: moment.window = moment.window.map { 50 * $0 }
            default: break
            }
        }
        let report = try RotatingMachineLine(pack: try Fixtures.smallPack(), recording: recording).run(
            clock: Fixtures.Clock()
        )
        .report
        #expect(
            report.windowsRefused
                == ["not finite": 1, "flat line": 1, "wrong length": 1, "speed not analysable": 1])
        #expect(report.windowsUnsteady == 2)
        #expect(report.windows == 54)
        let unusual = report.card.features.first?.mean ?? 0
        #expect(unusual < -1, "two knocks must not enter the mean")
    }

    @Test func tooLittleToLearnFromIsRefused() throws {
        let pack = try Fixtures.smallPack()
        for count in [0, 1, Curate.leastWindows - 1] {
            let error = #expect(throws: LineError.self) {
                try RotatingMachineLine(pack: pack, recording: Self.onSite(windows: count)).run(clock: Fixtures.Clock())
            }
            #expect(error?.code == "line.recording")
        }
        _ = try RotatingMachineLine(pack: pack, recording: Self.onSite(windows: Curate.leastWindows)).run(
            clock: Fixtures.Clock())
    }

    @Test func theReportIsJSONWithTheModelsDigest() throws {
        let report = try RotatingMachineLine(pack: try Fixtures.smallPack(), seed: 11).run(clock: Fixtures.Clock())
            .report
        let text = String(decoding: try report.json(), as: UTF8.self)
        #expect(text.contains("\"modelDigest\" : \"\(report.modelDigest)\""))
        #expect(report.modelDigest.count == 64)
        // Eight times the machine's RMS in strikes is plain to see; half of it is hidden.
        for fault in report.faults where fault.level == 8 { #expect(fault.aboveThreshold == fault.windows) }
        #expect(report.faults.first { $0.defect == .outerRace && $0.level == 0.5 }?.aboveThreshold == 0)
    }
}
