import Plant
import Store
import TestBench
import Testing
import Uplink

@Suite struct TelemetrySyncTests {
    @Test func everythingArrivesOnceAndInOrder() async throws {
        let bench = try Bench()
        try await bench.enqueue(1_234)
        let sync = bench.sync()
        #expect(try await sync.sendBatch())
        #expect(try await sync.sendBatch())
        #expect(try await !sync.sendBatch(), "234 are less than a batch")
        #expect(try await !sync.sendBatch(), "nothing waits")
        let stored = bench.registry.stored
        #expect(stored.map(\.sequence) == Array(1...1_234))
        #expect(stored.map(\.body) == (0..<1_234).map { "{\"n\":\($0)}" })
        #expect(stored[2].kind == "alert" && stored[3].kind == "telemetry")
        #expect(stored[0].created == "2023-11-14T22:13:20.000Z")
        #expect(try await bench.waiting() == 0)
        let status = await sync.status
        #expect(status.sent == 1_234 && status.batches == 3 && status.confirmedThrough == 1_234)
    }

    @Test(arguments: [MemoryRegistry.Turn.loseAnswer, .loseRequest], [1, 4])
    func whatIsLostOnTheWayIsSentAgainUnderTheSameNumbers(turn: MemoryRegistry.Turn, times: Int) async throws {
        let bench = try Bench()
        try await bench.enqueue(30)
        bench.registry.nextTurns(Array(repeating: turn, count: times))
        let sync = bench.sync()
        for _ in 0..<times {
            #expect(await code { try await sync.sendBatch() } == "uplink.unreachable")
            #expect(try await bench.waiting() == 30)
        }
        // More comes meanwhile: the batch that is sent again is longer than the one whose answer was lost.
        try await bench.enqueue(5, from: 30)
        _ = try await sync.sendBatch()
        #expect(bench.registry.stored.map(\.sequence) == Array(1...35))
        #expect(bench.registry.conflicts == 0)
        #expect(try await bench.waiting() == 0)
        #expect(await sync.status.sent == 35)
    }

    @Test func aPowerCutBetweenAnswerAndConfirmationDoublesNothing() async throws {
        var bench = try Bench()
        try await bench.enqueue(30)
        bench.registry.nextTurns([.loseAnswer])
        #expect(await code { try await bench.sync().sendBatch() } == "uplink.unreachable")
        bench = try await bench.restarted()
        try await bench.enqueue(3, from: 30)
        let sync = bench.sync()
        _ = try await sync.sendBatch()
        #expect(bench.registry.stored.map(\.sequence) == Array(1...33))
        #expect(bench.registry.conflicts == 0)
        // Numbers go on after a restart with an empty outbox too.
        bench = try await bench.restarted()
        try await bench.enqueue(1, from: 33)
        _ = try await bench.sync().sendBatch()
        #expect(bench.registry.stored.map(\.sequence) == Array(1...34))
    }

    @Test func whatWasConfirmedInPartGoesOnFromThere() async throws {
        let bench = try Bench()
        try await bench.enqueue(10)
        bench.registry.nextTurns([.storeAndAnswer(200, "{\"stored_through\":4}")])
        let sync = bench.sync()
        #expect(try await sync.sendBatch(), "the rest is sent at once")
        #expect(try await bench.waiting() == 6)
        _ = try await sync.sendBatch()
        #expect(bench.registry.requests.map { $0.map(\.sequence) } == [Array(1...10), Array(5...10)])
        #expect(await sync.status.sent == 10)
    }

    @Test func aBatchThatIsFullByBytesIsFollowedAtOnce() async throws {
        let bench = try Bench()
        // Alerts in two languages are some kilobytes each: half a megabyte is far fewer than 500 of them.
        let body = Array("{\"text\":\"\(String(repeating: "x", count: 20_000))\"}".utf8)
        try await bench.store.apply((0..<60).map { _ in .enqueue(.alert, body) })
        let sync = bench.sync()
        var batches = 1
        while try await sync.sendBatch() { batches += 1 }
        #expect(try await bench.waiting() == 0)
        #expect(bench.registry.stored.count == 60)
        #expect(batches == 3)
    }

    @Test func anEntryThatTheRegistryCannotReadIsPutAsideAndNothingElse() async throws {
        let bench = try Bench()
        try await bench.enqueue(20)
        bench.registry.cannotRead([4, 5, 20])
        let sync = bench.sync()
        for _ in 0..<100 where try await bench.waiting() > 0 { _ = try await sync.sendBatch() }
        #expect(try await bench.waiting() == 0)
        #expect(bench.registry.stored.map(\.sequence) == Array(1...20).filter { ![4, 5, 20].contains($0) })
        let status = await sync.status
        #expect(status.sent == 17 && status.refused == 3)
        let gaps = try await bench.store.gaps()
        #expect(gaps.reduce(0) { $0 + $1.count } == 3 && gaps.allSatisfy { $0.reason == .refusedUpstream })
    }

    struct Lie: Sendable, CustomTestStringConvertible {
        var turn: MemoryRegistry.Turn
        var code: String
        var testDescription: String { "\(turn)" }
    }

    static let lies = [
        Lie(turn: .loseRequest, code: "uplink.unreachable"),
        Lie(turn: .loseAnswer, code: "uplink.unreachable"),
        Lie(turn: .answer(500, "{\"code\":\"registry.internal\"}"), code: "uplink.status.500"),
        Lie(turn: .answer(401, ""), code: "uplink.status.401"),
        // A proxy that answers 400 to everything is not the registry: nothing is put aside for it.
        Lie(turn: .answer(400, "<html>Bad Request</html>"), code: "uplink.status.400"),
        Lie(turn: .answer(400, "{\"error\":\"bad request\"}"), code: "uplink.status.400"),
        Lie(turn: .answer(403, "{\"error\":{\"code\":\"x\"}}"), code: "uplink.status.403"),
        Lie(turn: .answer(302, "moved"), code: "uplink.status.302"),
        Lie(turn: .answer(204, ""), code: "uplink.status.204"),
        Lie(turn: .answer(200, "<html><body>Please log in</body></html>"), code: "uplink.garbage"),
        Lie(turn: .answer(200, ""), code: "uplink.garbage"),
        Lie(turn: .answer(200, "{\"stored_through\":1"), code: "uplink.garbage"),
        Lie(turn: .answer(200, "{\"stored_through\":\"10\"}"), code: "uplink.garbage"),
        Lie(turn: .answer(200, "{\"stored_through\":10.5}"), code: "uplink.garbage"),
        Lie(turn: .answer(200, "{\"stored_through\":9,\"stored_through\":10}"), code: "uplink.garbage"),
        Lie(turn: .answer(200, "{\"stored\":10}"), code: "uplink.garbage"),
        Lie(turn: .answer(200, "[10]"), code: "uplink.garbage"),
        Lie(turn: .answer(200, "{\"stored_through\":16}"), code: "uplink.garbage"),
        Lie(turn: .answer(200, "{\"stored_through\":9223372036854775807}"), code: "uplink.garbage"),
        Lie(turn: .answer(200, "{\"stored_through\":5}"), code: "uplink.garbage"),
        Lie(turn: .answer(200, "{\"stored_through\":0}"), code: "uplink.garbage"),
        Lie(turn: .answer(200, "{\"stored_through\":-1}"), code: "uplink.garbage"),
    ]

    @Test(arguments: lies) func anAnswerThatCannotBeTrueLosesNothingAndIsCounted(lie: Lie) async throws {
        let bench = try Bench()
        // Entries 1...5 are confirmed, 6...15 wait.
        try await bench.enqueue(5)
        _ = try await bench.sync().sendBatch()
        try await bench.enqueue(10, from: 5)
        bench.registry.nextTurns([lie.turn])
        let sync = bench.sync()
        let running = Task { try await sync.run() }
        #expect(await eventually { await sync.status.failures == [lie.code: 1] })
        let status = await sync.status
        #expect(status.state == "retrying")
        #expect(status.lastError?.contains("\n") == false)
        #expect(try await bench.waiting() == 10)
        running.cancel()
        await #expect(throws: CancellationError.self) { try await running.value }
        _ = try await sync.sendBatch()
        #expect(bench.registry.stored.map(\.sequence) == Array(1...15))
        #expect(bench.registry.conflicts == 0)
    }

    @Test func theRegistryComesBackAndTheStateSaysSo() async throws {
        let bench = try Bench()
        try await bench.enqueue(700)
        bench.registry.nextTurns([.answer(503, "busy")])
        let sync = bench.sync(every: .milliseconds(1))
        let running = Task { try await sync.run() }
        defer { running.cancel() }
        #expect(await eventually { await sync.status.state == "retrying" })
        #expect(await eventually { await sync.status.sent == 700 })
        let status = await sync.status
        #expect(status.state == "connected" && status.lastError == nil)
        #expect(status.failures == ["uplink.status.503": 1])
        // What comes later goes too.
        try await bench.enqueue(1, from: 700)
        #expect(await eventually { bench.registry.stored.count == 701 })
    }

    @Test func aStrangersAnswerIsShownInOneShortLine() {
        let long = String(repeating: "<p>\n", count: 1_000)
        let error = UplinkError.garbage(path: "/v1/telemetry", expected: "JSON", found: long)
        #expect(error.description.count < 250 && !error.description.contains("\n"))
        #expect(UplinkError.status(500, path: "/", body: "a\u{1B}[31m").description.contains("binary data"))
    }
}
