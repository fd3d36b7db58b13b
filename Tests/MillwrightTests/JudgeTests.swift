import AssemblyLine
import Plant
import SQLite
import Store
import TestBench
import Testing

@testable import millwright

@Suite struct JudgeTests {
    func moments() throws -> [RecordingPlayer.Moment] { try PlayedRecording.moments.get() }

    @Test func aBearingThatWearsRaisesTheExpectedAlertAndEverythingIsStored() async throws {
        let bench = try await JudgeBench()
        bench.start()
        let moments = try moments()
        for moment in moments { try await bench.play(moment) }
        #expect(try await bench.judged(moments.count))
        await bench.stop()
        let status = try await bench.status()
        #expect(status.windows == moments.count && status.notJudged == 0)
        #expect(status.model == "rotating-machine" && status.modelVersion == 0)

        let alerts = try await bench.store.alerts()
        let alert = try #require(alerts.first)
        #expect(alerts.count == 1)
        #expect(alert.code == "bearing.outer_race" && alert.severity == .critical && alert.asset == JudgeBench.asset)
        #expect(alert.features.first?.feature == "envelope_bpfo")
        #expect(alert.modelDigest == status.modelDigest && alert.score > alert.threshold)
        #expect(
            try await bench.deliveries(alert.id) == [
                "mqtt escalated", "mqtt raised", "webhook escalated", "webhook raised",
            ])
        #expect(bench.announced.count >= 1)

        // One score a window, each under its window's time, for the history and for the registry.
        let outbox = try await bench.outbox()
        #expect(outbox.count { $0.kind == .telemetry } == moments.count)
        #expect(outbox.count { $0.kind == .alert } == 2)
        #expect(Set(outbox.filter { $0.kind == .telemetry }.map(\.body)).count == moments.count)
        let scoreTag = try #require(try await bench.store.tags()["fan-3.score"])
        let scores = try await bench.store.history(
            scoreTag.id, from: WallTime(nanoseconds: 0), to: .init(nanoseconds: .max), limit: 10_000
        ).samples
        #expect(scores.count == moments.count && Set(scores.map(\.sample.time)).count == moments.count)
        // The cursor is beyond the last window, so that nothing is judged twice.
        let cursor = try #require(try await bench.store.cursor("judge"))
        #expect(
            try await bench.store.samples(after: cursor, limit: 1_000).samples.allSatisfy {
                $0.sample.tag == scoreTag.id
            })
    }

    @Test func aJudgeThatIsStoppedAnywhereLosesAndDoublesNothing() async throws {
        let bench = try await JudgeBench()
        bench.start()
        let moments = try moments()
        for moment in moments {
            try await bench.play(moment)
            // Every few windows, at whatever the judge is doing; some of them wait for the next one.
            if moment.index % 9 == 4 { try await bench.restart() }
        }
        #expect(
            try await eventually(within: .seconds(60)) {
                try await bench.outbox().count { $0.kind == .telemetry } >= moments.count
            })
        await bench.stop()
        let alerts = try await bench.store.alerts()
        #expect(alerts.map(\.code) == ["bearing.outer_race"])
        let alert = try #require(alerts.first)
        #expect(
            try await bench.deliveries(alert.id) == [
                "mqtt escalated", "mqtt raised", "webhook escalated", "webhook raised",
            ])
        let outbox = try await bench.outbox()
        #expect(outbox.count { $0.kind == .telemetry } == moments.count, "each window is scored once")
        #expect(outbox.count { $0.kind == .alert } == 2)
    }

    @Test func anAlertItsMessagesAndTheProgressAreOneTransaction() async throws {
        let bench = try await JudgeBench()
        // A store that refuses one row of the transaction, as damage or a full disk may: none of it may stay.
        let other = try Connection(path: "\(bench.configuration.store.directory)/store.sqlite", access: .readWrite)
        try other.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON alerts BEGIN SELECT RAISE(ABORT, 'refused by the test'); END")
        let moments = try moments()
        for moment in moments { try await bench.play(moment) }
        let stored = try await bench.store.statistics().lastSample
        bench.start()
        #expect(try await bench.judged(moments.count))
        await bench.stop()
        #expect(try await bench.store.alerts().isEmpty)
        let cursor = try #require(try await bench.store.cursor("judge"))
        #expect(cursor < stored, "the page with the alert is still to be judged")
        let outbox = try await bench.outbox()
        #expect(outbox.count { $0.kind == .alert } == 0 && outbox.count < moments.count)
        try other.execute("DROP TRIGGER refuse")
        other.close()
        // The daemon starts again on a mended disk.
        try await bench.restart()
        #expect(
            try await eventually(within: .seconds(60)) {
                try await bench.outbox().count { $0.kind == .telemetry } == moments.count
            })
        await bench.stop()
        let alert = try #require(try await bench.store.alerts().first)
        #expect(
            try await bench.deliveries(alert.id) == [
                "mqtt escalated", "mqtt raised", "webhook escalated", "webhook raised",
            ])
        #expect(try await bench.outbox().count { $0.kind == .alert } == 2)
    }

    @Test func aStoreThatRefusedForAMomentGetsTheAlertAfterwards() async throws {
        let bench = try await JudgeBench()
        let other = try Connection(path: "\(bench.configuration.store.directory)/store.sqlite", access: .readWrite)
        try other.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON alerts BEGIN SELECT RAISE(ABORT, 'refused by the test'); END")
        for moment in try moments() { try await bench.play(moment) }
        bench.start()
        #expect(try await bench.judged(try moments().count))
        try other.execute("DROP TRIGGER refuse")
        other.close()
        #expect(
            try await eventually(within: .seconds(30)) {
                try await bench.outbox().count { $0.kind == .telemetry } == moments().count
            })
        await bench.stop()
        let alert = try #require(try await bench.store.alerts().first)
        #expect(alert.code == "bearing.outer_race")
        #expect(
            try await bench.deliveries(alert.id) == [
                "mqtt escalated", "mqtt raised", "webhook escalated", "webhook raised",
            ])
    }

    @Test func anAcknowledgementThroughAnotherProcessIsTakenOverOnce() async throws {
        let bench = try await JudgeBench()
        bench.start()
        let moments = try moments()
        for moment in moments { try await bench.play(moment) }
        // Judged is not yet stored: who acknowledges reads what is stored.
        #expect(
            try await eventually(within: .seconds(60)) {
                try await bench.outbox().count { $0.kind == .telemetry } == moments.count
            })
        let alert = try #require(try await bench.store.alerts().first)
        let reader = try StoreReader(
            directory: bench.configuration.store.directory, clock: bench.clock, logger: JudgeBench.logger)
        _ = try await reader.acknowledge(alert.id, by: "Wang")
        for _ in 0..<3 { try await bench.judge.takeAcknowledgements() }
        #expect(try await bench.deliveries(alert.id).filter { $0.hasSuffix("acknowledged") }.count == 2)
        #expect(try await bench.status().state == "acknowledged")
        await bench.stop()
    }

    // MARK: Not judged

    enum Trouble: String, CaseIterable, Sendable {
        case noSpeed = "speed has no value yet"
        case staleSpeed = "speed is 30.5 s old, more than 30.0 s"
        case badSpeed = "speed is bad (timed_out)"
        case noLoad = "load has no value yet"
        case speedNotFinite = "speed is bad (not_finite)"
        case badWindow = "the window is bad (wrong_length)"
        case noModel = "no model \"rotating-machine\" is active yet"
    }

    @Test(arguments: Trouble.allCases) func aWindowThatCannotBeJudgedIsNotAndSaysWhy(trouble: Trouble) async throws {
        let bench = try await JudgeBench(takesModel: trouble != .noModel)
        bench.start()
        let moment = try moments()[0]
        if trouble != .noSpeed {
            try await bench.send(
                "fan-3.speed", .number(trouble == .speedNotFinite ? .nan : moment.speedRPM),
                quality: trouble == .badSpeed ? .bad(.timedOut) : .good)
        }
        if trouble == .staleSpeed { bench.clock.advance(by: .milliseconds(30_500)) }
        if trouble != .noLoad { try await bench.send("fan-3.load", .number(moment.loadPercent)) }
        if trouble == .badWindow {
            try await bench.send("fan-3.vibration", .none, quality: .bad(.wrongLength))
        } else {
            try await bench.send("fan-3.vibration", .waveform(moment.window))
        }
        #expect(try await bench.judged(1))
        var status = try await bench.status()
        #expect(status.windows == 0 && status.notJudged == 1)
        #expect(status.reason == trouble.rawValue)
        #expect(try await bench.outbox().isEmpty, "what was not judged has no score")
        // And it goes on as soon as everything is there.
        if trouble == .noModel { try await bench.models.start(bench.configuration) }
        try await bench.play(moment)
        #expect(try await bench.judged(2))
        status = try await bench.status()
        #expect(status.windows == 1 && status.reason == nil && status.state == "normal")
        await bench.stop()
    }

    @Test func anAssetThatNobodyWatchesForTenWindowsSaysSo() async throws {
        let bench = try await JudgeBench()
        bench.start()
        for _ in 0..<9 { try await bench.send("fan-3.vibration", .none, quality: .bad(.malformed)) }
        #expect(try await bench.judged(9))
        #expect(try await bench.status().state == "normal")
        try await bench.send("fan-3.vibration", .none, quality: .bad(.malformed))
        #expect(try await bench.judged(10))
        let status = try await bench.status()
        #expect(status.state == "not judged" && status.reason == "the window is bad (malformed)")
        await bench.stop()
    }

    @Test func aPlantOfManyTagsStillFindsSpeedAndLoad() async throws {
        let bench = try await JudgeBench()
        // More than the values that a machine is judged with; they belong to others.
        for number in 0..<100 {
            let tag = try await bench.store.tagID(for: TagDefinition(name: "t\(number)", unit: "", kind: .number))
            let sample = Sample(
                tag: tag, value: .number(1), quality: .good, arrival: bench.clock.wall(),
                monotonic: bench.clock.monotonic())
            try await bench.store.store(SampleBatch(link: "sensors", samples: [sample]))
        }
        bench.start()
        try await bench.play(try moments()[0])
        #expect(try await bench.judged(1))
        #expect(try await bench.status().windows == 1)
        await bench.stop()
    }

    @Test func aTagThatAWildcardMakesIsJudgedFromItsFirstWindow() async throws {
        let bench = try await JudgeBench(plant: JudgeBench.plant(vibrationTag: "{1}.vibration", topic: "+/v"))
        bench.start()
        try await bench.play(try moments()[0])
        #expect(try await bench.judged(1))
        #expect(try await bench.status().windows == 1)
        await bench.stop()
    }
}
