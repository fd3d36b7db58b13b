import Drivers
import Foundation
import Glibc
import Plant
import SQLite
import Store
import Synchronization
import TestBench
import Testing
import Threads

@testable import millwright

@Suite struct StationTests {
    @Test func eachPartHasAVerdictThatIsStoredWithItsReceipt() async throws {
        let bench = try await StationBench()
        #expect(try await bench.show(StationBench.good, part: "4711", receipt: 1) == .good)
        #expect(try await bench.show(StationBench.blot, part: "4712", receipt: 2) == .defect)
        #expect(try await bench.show(StationBench.dark, receipt: 3) == .notJudged)
        let cut = Array(StationBench.good.prefix(StationBench.good.count / 2))
        #expect(try await bench.show(cut, receipt: 4) == .notJudged)
        #expect(try await bench.stored(.verdict) == [.number(0), .number(1), .number(2), .number(2)])
        #expect(
            try await bench.stored(.name)
                == [.text("good"), .text("defect"), .text("picture.too_dark"), .text("picture.truncated")])
        #expect(try await bench.stored(.part) == [.text("4711"), .text("4712")])
        #expect(try await bench.stored(.score).count == 2, "what was not judged has no score")
        #expect(try await bench.store.storedReceipts(link: "line").map(\.digest) == [1, 2, 3, 4])
        let telemetry = try await bench.store.nextBatch(rows: 10, bytes: 1 << 20).filter { $0.kind == .telemetry }
            .map { String(decoding: $0.body, as: UTF8.self) }
        #expect(telemetry.count == 4 && telemetry[1].contains("\"class\":\"defect\""))
        #expect(!telemetry.contains { $0.contains("4712") }, "numbers of parts stay in the plant")
        let status = try bench.status
        #expect(status.good == 1 && status.defects == ["defect": 1])
        #expect(status.notJudged == ["picture.too_dark": 1, "picture.truncated": 1])
    }

    @Test func theAnswerIsTheLineOfInspectRunWithStationAndPart() async throws {
        let bench = try await StationBench()
        let answer = try await bench.stations.take(bench.picture(StationBench.blot, part: "4712"))
        let line = try #require(try JSONSerialization.jsonObject(with: Data(answer.json)) as? [String: Any])
        #expect(line["verdict"] as? String == "defect" && line["file"] as? String == "part.png")
        #expect(line["part"] as? String == "4712" && line["station"] as? String == "press-3")
        #expect((line["boxes"] as? [Any])?.count == 1 && line["recipe"] is NSNull)
    }

    @Test func aPictureOfAnotherStreamIsNotWantedAndItsReceiptKept() async throws {
        let bench = try await StationBench()
        var picture = bench.picture(StationBench.good, receipt: 9)
        picture.stream = "another"
        #expect(try await bench.stations.take(picture) == .notWanted)
        #expect(try await bench.store.storedReceipts(link: "line").map(\.digest) == [9])
    }

    // MARK: Time

    @Test func aPartThatCannotBeJudgedInTimeIsNotGuessed() async throws {
        let bench = try await StationBench("gate: { tag: horn, good: 0, defect: 1, not_judged: 2 }")
        let picture = bench.picture(StationBench.good)
        bench.clock.advance(by: .seconds(11))
        #expect(try await bench.stations.take(picture).verdict == .notJudged)
        #expect(try bench.status.notJudged == ["part.late": 1])
        #expect(bench.line.values == [2])
        #expect(try await bench.show(StationBench.good) == .good, "the next part is not affected")
    }

    @Test func atTheBudgetTheGateIsToldWhateverStillComputes() async throws {
        let bench = try await StationBench("gate: { tag: horn, good: 0, defect: 1, not_judged: 2 }")
        let inspectors = StationInspectors(clock: bench.clock)
        let budget = Latch()
        let station = try await Self.station(inspectors, bench, clock: bench.clock) { _ in await budget.wait() }
        // The thread of the models is held, as a stage that takes long holds it.
        let stage = DispatchSemaphore(value: 0)
        inspectors.executor.submit { stage.wait() }
        async let answer = station.take(bench.picture(StationBench.good))
        bench.clock.advance(by: .seconds(10))
        budget.open()
        #expect(await eventually { bench.line.values == [2] }, "told while the stage runs")
        stage.signal()
        #expect(try await answer.verdict == .notJudged)
        #expect(bench.line.values == [2], "and not told again")
    }

    /// Acknowledges when it is let, and keeps whether whoever told it had been stopped by then.
    private final class SlowLine: FieldWriter {
        let mayAnswer = Latch()
        private let state = Mutex((begun: [Double](), cancelled: 0))
        var begun: [Double] { state.withLock { $0.begun } }
        var cancelled: Int { state.withLock { $0.cancelled } }

        func write(_ tag: String, _ value: Double, within limit: Duration) async -> WriteOutcome {
            state.withLock { $0.begun.append(value) }
            await mayAnswer.wait()
            if Task.isCancelled { state.withLock { $0.cancelled += 1 } }
            return .written(old: 0)
        }
    }

    /// The budget is over, the gate is being told so, and just then the verdict comes.
    @Test func aVerdictThatComesWhileTheGateIsToldDoesNotStopIt() async throws {
        let bench = try await StationBench("gate: { tag: horn, good: 0, defect: 1, not_judged: 2 }")
        let (inspectors, budget, line) = (StationInspectors(clock: bench.clock), Latch(), SlowLine())
        let station = try await Self.station(inspectors, bench, clock: bench.clock, writer: line) { _ in
            await budget.wait()
        }
        let stage = DispatchSemaphore(value: 0)
        inspectors.executor.submit { stage.wait() }
        async let answer = station.take(bench.picture(StationBench.good))
        bench.clock.advance(by: .seconds(10))
        budget.open()
        #expect(await eventually { line.begun == [2] })
        stage.signal()
        // Long enough for the verdict to come and whoever waits for it to be through.
        try await Task.sleep(for: .milliseconds(200))
        line.mayAnswer.open()
        #expect(try await answer.verdict == .notJudged)
        #expect(line.begun == [2] && line.cancelled == 0)
    }

    /// A link that is told to stop: what is being judged is told and stored to its end, what waits for its turn has not come.
    @Test func whatIsBeingJudgedWhenItsLinkStopsIsToldAndStored() async throws {
        let bench = try await StationBench("gate: { tag: horn, good: 0, defect: 1, not_judged: 2 }")
        let (inspectors, line, clock) = (StationInspectors(clock: bench.clock), SlowLine(), ReadClock(bench.clock))
        let station = try await Self.station(inspectors, bench, clock: clock, writer: line) { _ in
            try await Task.sleep(for: .seconds(3_600))
        }
        let stage = DispatchSemaphore(value: 0)
        inspectors.executor.submit { stage.wait() }
        let first = Task { try await station.take(bench.picture(StationBench.good, receipt: 1)) }
        #expect(await eventually { clock.reads >= 1 })
        let second = Task { try await station.take(bench.picture(StationBench.blot, receipt: 2)) }
        first.cancel()
        second.cancel()
        stage.signal()
        line.mayAnswer.open()
        #expect(try await first.value.verdict == .good)
        await #expect(throws: CancellationError.self) { try await second.value }
        #expect(line.begun == [0] && line.cancelled == 0)
        #expect(try await bench.store.storedReceipts(link: "line") == [MessageReceipt(packetID: 1, digest: 1)])
    }

    /// A disk that is slow makes a finding late; it does not make it wrong.
    @Test func aFindingInTimeCountsWhenTheDiskIsSlow() async throws {
        let bench = try await StationBench("gate: { tag: horn, good: 0, defect: 1, not_judged: 2 }")
        let clock = ReadClock(bench.clock)
        // A pause that ends when it is no longer needed: the disk answers first here.
        let station = try await Self.station(StationInspectors(clock: bench.clock), bench, clock: clock) { _ in
            try await Task.sleep(for: .seconds(3_600))
        }
        let disk = try Connection(path: "\(bench.configuration.store.directory)/store.sqlite", access: .readWrite)
        try disk.begin()
        async let answer = station.take(bench.picture(StationBench.good, receipt: 7))
        // Once for what is left of the budget, once for whether the finding came within it.
        #expect(await eventually { clock.reads == 2 })
        bench.clock.advance(by: .seconds(60))
        #expect(bench.line.values == [], "the disk is waited for, so that a kill does not tell the gate twice")
        try disk.commit()
        #expect(try await answer.verdict == .good)
        #expect(bench.line.values == [0])
    }

    /// Says how often it was asked for the time since the start of the machine.
    private final class ReadClock: PlantClock {
        private let clock: ManualClock
        private let count = Mutex(0)
        var reads: Int { count.withLock { $0 } }

        init(_ clock: ManualClock) { self.clock = clock }

        func wall() -> WallTime { clock.wall() }
        func monotonic() -> MonotonicTime {
            // The time first: whoever sees the count may wind the clock.
            let time = clock.monotonic()
            count.withLock { $0 += 1 }
            return time
        }
    }

    /// A station of its own on the bench's store, whose budget is over when the pause is.
    private static func station(
        _ inspectors: StationInspectors, _ bench: StationBench, clock: any PlantClock,
        writer: (any FieldWriter)? = nil, pause: @escaping Station.Pause
    ) async throws -> Station {
        let definition = try #require(bench.configuration.stations.first)
        let parts = Station.Parts(
            definition: definition, inspectors: inspectors,
            models: try await inspectors.load(definition.modelFiles).models,
            tags: [.verdict: try await bench.store.tagID(for: definition.tag(.verdict))],
            gate: StationGate(
                setting: try #require(definition.gate), writer: writer ?? bench.line, link: nil, publisher: nil,
                patience: definition.budget, clock: bench.clock))
        return Station(
            parts, store: bench.store, alertSteps: AlertSteps(bench.configuration, logger: StationBench.logger),
            clock: clock, logger: StationBench.logger, pause: pause)
    }

    // MARK: Trigger

    @Test func theFirstPictureAfterAPartWasAnnouncedIsJudged() async throws {
        let bench = try await StationBench("trigger: { tag: press.count, on: change, within: 500ms }")
        #expect(try await bench.show(StationBench.good) == .notWanted)
        try bench.send("press.count", 7)
        #expect(try await bench.show(StationBench.good) == .notWanted, "the first value says how things are")
        bench.clock.advance(by: .milliseconds(10))
        try bench.send("press.count", 8)
        try bench.send("press.count", 8)
        bench.clock.advance(by: .milliseconds(500))
        #expect(try await bench.show(StationBench.blot) == .defect)
        #expect(try await bench.show(StationBench.blot) == .notWanted)
        #expect(try bench.status.notWanted == 3)
    }

    @Test func aLightBarrierAnnouncesWhenItRises() async throws {
        let bench = try await StationBench("trigger: { tag: press.count, within: 500ms }")
        for value in [1.0, 1, 0] { try bench.send("press.count", value) }
        #expect(try await bench.show(StationBench.good) == .notWanted)
        try bench.send("press.count", 1)
        #expect(try await bench.show(StationBench.good) == .good)
    }

    @Test func aPartWithoutAPictureIsNotJudgedAndTheGateKnows() async throws {
        let bench = try await StationBench(
            """
            trigger: { tag: press.count, on: change, within: 500ms }
            part: { tag: press.part }
            gate: { tag: horn, good: 0, defect: 1, not_judged: 2 }
            """)
        let watching = Task { try await bench.stations.run() }
        defer { watching.cancel() }
        try bench.send("press.part", 4711)
        try bench.send("press.count", 1)
        try bench.send("press.count", 2)
        bench.clock.advance(by: .milliseconds(501))
        try bench.send("press.count", 2)
        #expect(await eventually { (try? bench.status.notJudged) == ["picture.missing": 1] })
        #expect(bench.line.values == [2])
        #expect(try await bench.stored(.part) == [.text("4711")])
        #expect(try await bench.show(StationBench.good) == .notWanted, "it comes too late")
    }

    /// On a full disk a link brings the same values again and again: no part passes the light barrier by that.
    @Test func valuesThatComeAgainAnnounceNoPart() async throws {
        let trigger = StationDefinition.Trigger(tag: "t", edge: .rise, within: .milliseconds(500))
        var parts = AnnouncedParts(trigger)
        let clock = ManualClock()
        func samples(_ values: [Double]) -> [Sample] {
            clock.advance(by: .milliseconds(10))
            return values.map {
                Sample(
                    tag: TagID(rawValue: 1), value: .number($0), quality: .good, arrival: clock.wall(),
                    monotonic: clock.monotonic())
            }
        }
        func take(_ values: [Double], isRefused: Bool = false) {
            let all = samples(values)
            for sample in all { parts.take(sample) }
            if isRefused { parts.expect(again: all) }
        }
        take([0])
        take([1, 0, 1, 0], isRefused: true)
        #expect(parts.waiting.count == 2)
        for _ in 1...5 { take([1, 0, 1, 0], isRefused: true) }
        // Cut otherwise when it comes at last, with what has happened since.
        take([1, 0])
        take([1, 0, 1])
        #expect(parts.waiting.count == 3)
        // What was refused and never comes again does not hide what comes instead.
        take([1, 0], isRefused: true)
        take([0, 1])
        #expect(parts.waiting.count == 4)
    }

    @Test func theIngestPathSaysWhatTheStoreRefused() async throws {
        let bench = try await StationBench("trigger: { tag: press.count, on: change, within: 500ms }")
        let path = IngestPath(
            store: bench.store, watch: WatchPart(store: bench.store, clock: bench.clock, logger: StationBench.logger),
            stations: bench.stations)
        let tag = try #require(bench.numbers["press.count"])
        func batch(_ values: [Double], receipt: UInt64) -> SampleBatch {
            SampleBatch(
                link: "line",
                samples: values.map {
                    Sample(
                        tag: tag, value: .number($0), quality: .good, arrival: bench.clock.wall(),
                        monotonic: bench.clock.monotonic())
                }, receipts: [MessageReceipt(packetID: 1, digest: receipt)])
        }
        try await path.store(batch([1], receipt: 1))
        await bench.store.close()
        for _ in 1...4 {
            await #expect(throws: StoreError.self) { try await path.store(batch([2, 1, 2], receipt: 2)) }
        }
        #expect(bench.stations.station(of: "cam")?.waitingParts == 3)
    }

    // MARK: Part and recipe

    @Test func aPictureThatComesAfterTheNextPartIsKnownByItsOwn() async throws {
        let bench = try await StationBench("part: { tag: press.part, max_age: 2s }")
        try bench.send("press.part", 1)
        let first = bench.picture(StationBench.good)
        bench.clock.advance(by: .milliseconds(100))
        try bench.send("press.part", 2)
        _ = try await bench.stations.take(first)
        try await bench.show(StationBench.good)
        bench.clock.advance(by: .seconds(3))
        try await bench.show(StationBench.good)
        try await bench.show(StationBench.good, part: "of the source")
        #expect(try await bench.stored(.part) == [.text("1"), .text("2"), .text("of the source")])
    }

    @Test func aRecipeChoosesTheModelAndAnUnknownOneIsSaid() async throws {
        let bench = try await StationBench(
            model: "recipes: { tag: press.recipe, models: { \"3\": board.mwplan } }")
        #expect(try await bench.show(StationBench.good) == .notJudged)
        try bench.send("press.recipe", 3)
        #expect(try await bench.show(StationBench.good) == .good)
        try bench.send("press.recipe", 4)
        #expect(try await bench.show(StationBench.good) == .notJudged)
        #expect(try bench.status.notJudged == ["recipe.unknown": 2])
        #expect(try bench.status.last?.reason == "no model for the recipe \"4\"")
    }

    // MARK: Kills

    @Test func afterAKillBetweenGateAndStoreTheGateIsNotToldAgain() async throws {
        let folder = try StationBench.folder()
        let gate = "gate: { tag: horn, good: 0, defect: 1 }"
        do {
            let bench = try await StationBench(gate, in: folder)
            try await bench.show(StationBench.blot, receipt: 1)
            #expect(try await bench.store.value("station.press-3.under_way") == nil)
            // Told, and killed before the verdict was durable.
            try await bench.store.setValue("station.press-3.under_way", "line 1 2")
            await bench.store.close()
        }
        let bench = try await StationBench(gate, in: folder)
        #expect(try await bench.show(StationBench.blot, receipt: 2) == .defect)
        #expect(bench.line.values.isEmpty)
        #expect(try await bench.show(StationBench.good, receipt: 3) == .good)
        #expect(bench.line.values == [0])
        #expect(try await bench.stored(.verdict) == [.number(1), .number(1), .number(0)])
        await bench.store.close()
        let reader = try StoreReader(
            directory: bench.configuration.store.directory, clock: bench.clock, logger: StationBench.logger)
        let audit = try await reader.auditEntries(limit: 10)
        #expect(audit.map(\.outcome) == ["written", "unknown", "written"])
        guard case .intact(rows: 3, _) = try await reader.verifyAudit() else {
            Issue.record("the chain is broken")
            return
        }
    }

    @Test func aPartThatWasAnnouncedBeforeAKillIsJudgedAfterIt() async throws {
        let bench = try await StationBench("trigger: { tag: press.count, on: change, within: 500ms }")
        try await bench.store.setValue("station.press-3.under_way", "line 1 5")
        // As a daemon that starts: what was announced is forgotten, the picture comes again.
        let again = StationService(
            store: bench.store, writer: bench.line, clock: bench.clock, logger: StationBench.logger)
        try await again.configure(bench.configuration)
        #expect(try await again.take(bench.picture(StationBench.good, receipt: 4)).verdict == .notWanted)
        #expect(try await again.take(bench.picture(StationBench.good, receipt: 5)).verdict == .good)
        #expect(try await bench.store.value("station.press-3.under_way") == nil)
    }
}
