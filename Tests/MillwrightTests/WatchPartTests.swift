import AssemblyLine
import Plant
import SQLite
import Store
import TestBench
import Testing
import Watch

@testable import millwright

/// From the link to the judge: what the watch finds is stored, and no model sees it as if it were good.
@Suite struct WatchPartTests {
    static let rules = """
        watch:
          - { tags: fan-3.speed, stale_after: 10s, stuck_after: 3, max_step: 100 }
          - { tags: fan-3.vibration, stale_after: 10s, stuck_after: auto }
        """

    func moment() throws -> RecordingPlayer.Moment { try PlayedRecording.moments.get()[0] }

    /// Half a second, as the daemon lets it pass.
    func tick(_ bench: JudgeBench, _ count: Int = 1) async {
        for _ in 0..<count {
            bench.clock.advance(by: .milliseconds(500))
            await bench.watch.lookAround()
        }
    }

    func stored(_ bench: JudgeBench, _ tag: String) async throws -> [Sample] {
        try await bench.store.history(
            try await bench.id(tag), from: WallTime(nanoseconds: .min), to: WallTime(nanoseconds: .max), limit: 1_000
        ).samples.map(\.sample)
    }

    enum Trouble: String, CaseIterable, Sendable {
        case silent = "speed is bad (stale)"
        case stuck = "speed is uncertain (stuck)"
        case jump = "speed is uncertain (noisy)"
        case wrongClock = "speed is uncertain (wrong_clock)"
        case silentWindow = "the window is bad (stale)"
        case deadWindow = "the window is uncertain (stuck)"
        case lateWindow = "the window is uncertain (out_of_order)"
    }

    @Test(arguments: Trouble.allCases) func whatIsNotGoodIsNotJudgedAndGoesOnWhenItIs(trouble: Trouble) async throws {
        let bench = try await JudgeBench(plant: JudgeBench.plant(extra: Self.rules))
        bench.start()
        let moment = try moment()
        try await bench.play(moment)
        #expect(try await bench.judged(1))
        #expect(try await bench.status().windows == 1)
        let speed = Sample.Value.number(moment.speedRPM)
        var window = Sample.Value.waveform(moment.window)
        var windowTime: WallTime?
        try await bench.send("fan-3.load", .number(moment.loadPercent))
        bench.clock.advance(by: .milliseconds(100))
        switch trouble {
        case .silent: await tick(bench, 20)
        case .stuck:
            try await bench.send("fan-3.speed", speed)
            bench.clock.advance(by: .milliseconds(100))
            try await bench.send("fan-3.speed", speed)
        case .jump: try await bench.send("fan-3.speed", .number(moment.speedRPM + 500))
        case .wrongClock:
            try await bench.send("fan-3.speed", .number(moment.speedRPM + 1), sourceTime: WallTime(seconds: 77))
        case .silentWindow: await tick(bench, 20)
        case .deadWindow: window = .waveform([Float](repeating: 0.1, count: moment.window.count))
        case .lateWindow:
            try await bench.send("fan-3.vibration", .none, quality: .bad(.source), sourceTime: bench.clock.wall())
            windowTime = bench.clock.wall() + .seconds(-1)
        }
        try await bench.send("fan-3.load", .number(moment.loadPercent))
        if trouble != .silentWindow { try await bench.send("fan-3.vibration", window, sourceTime: windowTime) }
        let before = try await bench.status().windows
        let isSaid = try await eventually { try await bench.status().reason == trouble.rawValue }
        let reason = try await bench.status().reason
        #expect(isSaid, "found \(reason ?? "no reason")")
        #expect(before == 1)
        // And it is judged again with the next good value.
        bench.clock.advance(by: .seconds(1))
        for offset in [1.5, 2.5] {
            try await bench.send("fan-3.speed", .number(moment.speedRPM + offset))
        }
        try await bench.send("fan-3.load", .number(moment.loadPercent))
        try await bench.send("fan-3.vibration", .waveform(moment.window))
        #expect(try await eventually { try await bench.status().windows == 2 })
        #expect(try await bench.status().reason == nil)
        await bench.stop()
    }

    @Test func aSilentTagIsStoredOnceAndTheStatusNamesIt() async throws {
        let bench = try await JudgeBench(plant: JudgeBench.plant(extra: Self.rules))
        try await bench.send("fan-3.speed", .number(1_500))
        await tick(bench, 60)
        let samples = try await stored(bench, "fan-3.speed")
        #expect(samples.map(\.quality) == [.good, .bad(.stale)])
        #expect(samples.last?.value == Sample.Value.none)
        #expect(samples.last.map { $0.monotonic - samples[0].monotonic } == .seconds(10))
        let status = bench.watch.status()
        // The window that never came is missed, too.
        #expect(status.silent == 2 && status.found["stale"] == 2 && status.tags == 3)
        let worst = try #require(status.worst.first { $0.name == "fan-3.speed" })
        #expect(worst.quality == "bad (stale)" && worst.link == "sensors" && worst.ageSeconds == 30)
        try await bench.send("fan-3.speed", .number(1_501))
        #expect(bench.watch.status().silent == 1)
        #expect(try await bench.store.latest(try await bench.id("fan-3.speed"))?.sample.value == .number(1_501))
    }

    @Test func aStoreThatRefusesLosesNothingOfIt() async throws {
        let bench = try await JudgeBench(plant: JudgeBench.plant(extra: Self.rules))
        let other = try Connection(path: "\(bench.configuration.store.directory)/store.sqlite", access: .readWrite)
        let time = bench.clock.wall()
        try await bench.send("fan-3.speed", .number(1_500), sourceTime: time)
        try other.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON chunks BEGIN SELECT RAISE(ABORT, 'refused by the test'); END")
        await tick(bench, 20)
        for _ in 0..<5 {
            await #expect(throws: (any Error).self) {
                try await bench.send("fan-3.load", .number(50), sourceTime: time)
            }
        }
        #expect(bench.watch.status().silent == 0, "it is not silent before somebody can read so")
        try other.execute("DROP TRIGGER refuse")
        other.close()
        // What was offered again and again is no duplicate of itself.
        try await bench.send("fan-3.load", .number(50), sourceTime: time)
        await tick(bench)
        #expect(try await stored(bench, "fan-3.load").map(\.quality) == [.good])
        #expect(try await stored(bench, "fan-3.speed").map(\.quality) == [.good, .bad(.stale)])
        #expect(bench.watch.status().found["duplicate"] == nil)
    }

    @Test func anOlderValueIsNotTheNewestOne() async throws {
        let bench = try await JudgeBench()
        let time = bench.clock.wall()
        try await bench.send("fan-3.speed", .number(1), sourceTime: time)
        try await bench.send("fan-3.speed", .number(2), sourceTime: time + .seconds(-5))
        let id = try await bench.id("fan-3.speed")
        #expect(try await bench.store.latest(id)?.sample.value == .number(1))
        let reader = try StoreReader(
            directory: bench.configuration.store.directory, clock: bench.clock, logger: JudgeBench.logger)
        #expect(try await reader.latest(id)?.sample.value == .number(1))
        #expect(try await stored(bench, "fan-3.speed").count == 2)
    }

    @Test func aTagOfAWildcardThatWasKnownBeforeIsExpectedAgain() async throws {
        let plant = JudgeBench.plant(
            vibrationTag: "{1}.vibration", topic: "+/v", extra: "watch: [{ tags: \"*.vibration\", stale_after: 10s }]")
        let bench = try await JudgeBench(plant: plant)
        _ = try await bench.store.tagID(
            for: TagDefinition(
                name: "fan-9.vibration", unit: "g", kind: .waveform(samples: 4_096, rateHertz: 12_800)))
        try await bench.watch.configure(bench.configuration)
        await tick(bench, 20)
        #expect(bench.watch.status().worst.map(\.name) == ["fan-9.vibration"])
    }

    @Test func stepsOfTheClockAreKeptAndAlarmNobody() async throws {
        let bench = try await JudgeBench(plant: JudgeBench.plant(extra: Self.rules))
        bench.start()
        let moment = try moment()
        bench.clock.step(wallTo: WallTime(seconds: 100))
        await bench.watch.lookAround()
        let walls = [1_800_000_000.0, 1_800_086_400, 1_800_082_800, 4_000_000_000]
        for (index, wall) in walls.enumerated() {
            for second in 0..<4 {
                try await bench.send("fan-3.speed", .number(moment.speedRPM + Double(index * 4 + second)))
                try await bench.send("fan-3.load", .number(moment.loadPercent))
                try await bench.send("fan-3.vibration", .waveform(moment.window))
                await tick(bench)
            }
            bench.clock.step(wallTo: WallTime(seconds: wall))
            await tick(bench)
        }
        #expect(try await bench.judged(16))
        await bench.stop()
        #expect(bench.watch.status().found.isEmpty)
        #expect(try await bench.store.alerts().isEmpty)
        let log = ClockStepLog(text: try await bench.store.value(WatchPart.stepsName) ?? "")
        #expect(log.steps.map { ($0.to.seconds - 0.5).rounded() } == walls)
        // What came in 1970 is read in the time that the clock showed in the end.
        let first = try #require(try await stored(bench, "fan-3.speed").first)
        #expect(first.arrival.seconds < 1_000)
        let passed = (bench.clock.monotonic() - first.monotonic).inSeconds
        let corrected = log.corrected(first.arrival, at: first.monotonic, boot: bench.store.bootID)
        #expect(abs(bench.clock.wall().seconds - passed - corrected.seconds) < 0.001)
    }
}
