import Drivers
import Plant
import Rig
import TestBench
import Testing

@Suite(.timeLimit(.minutes(3)))
struct MQTTLinkTests {
    let directory: TempDirectory
    let broker: Broker

    init() throws {
        directory = try TempDirectory()
        broker = try Broker(directory: directory.path)
    }

    private func numberLink(_ port: Int, extra: String = "") throws -> LinkDefinition {
        try link(
            """
            - name: line
              driver: mqtt
              host: 127.0.0.1
              port: \(port)
              topics:
                - { topic: plant/speed, payload: number, tag: speed, unit: rpm }
            \(extra)
            """)
    }

    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test func storesANumber() async throws {
        try await broker.start()
        let bench = LinkBench(try numberLink(broker.port))
        #expect(await bench.isConnected())
        let publisher = try FieldPublisher(id: "sensor", port: broker.port)
        try publisher.publish("plant/speed", bytes("1480.5"))
        #expect(await eventually { await bench.numbers("speed") == [1480.5] })
        #expect(await bench.last("speed")?.quality == .good)
        await bench.stop()
        #expect(bench.status.state == .stopped)
        await broker.stop()
    }

    /// Pins the order of libmosquitto 2.0.11 under our loop: with its own loops the acknowledgement comes first.
    @Test func acknowledgesOnlyAfterTheCommit() async throws {
        try await broker.start()
        let definition = try numberLink(broker.port)
        let stuck = LinkBench(definition, sink: MemorySink(mode: .hold))
        #expect(await stuck.isConnected())
        let publisher = try FieldPublisher(id: "sensor", port: broker.port)
        try publisher.publish("plant/speed", bytes("1"))
        try publisher.publish("plant/speed", bytes("2"))
        #expect(await eventually { await stuck.sink.offers > 0 })
        // The client dies while the store has not answered.
        await stuck.stop()
        #expect(await stuck.sink.samples.isEmpty)

        let second = LinkBench(definition)
        #expect(await eventually { await second.numbers("speed") == [1, 2] })
        await second.stop()

        // What was committed was acknowledged, so nothing comes again.
        let third = LinkBench(definition)
        #expect(await third.isConnected())
        try publisher.publish("plant/speed", bytes("3"))
        #expect(await eventually { await third.numbers("speed") == [3] })
        #expect(third.counters.duplicates == 0)
        await third.stop()
        await broker.stop()
    }

    @Test func aRefusedBatchComesAgain() async throws {
        try await broker.start()
        let bench = LinkBench(try numberLink(broker.port), sink: MemorySink(mode: .refuse))
        #expect(await bench.isConnected())
        let publisher = try FieldPublisher(id: "sensor", port: broker.port)
        for value in 1...50 { try publisher.publish("plant/speed", bytes("\(value)")) }
        #expect(await eventually { bench.counters.refusals >= 2 })
        #expect(bench.status.lastError?.contains("not stored") == true)
        await bench.sink.set(.accept)
        #expect(await eventually { await bench.numbers("speed").count >= 50 })
        #expect(await bench.numbers("speed") == (1...50).map(Double.init))
        #expect(bench.counters.duplicates == 0)
        await bench.stop()
        await broker.stop()
    }

    /// The store has committed, but the acknowledgement did not reach the broker: the sink says "refused" after storing.
    @Test func aRedeliveredMessageIsStoredOnce() async throws {
        try await broker.start()
        let definition = try numberLink(broker.port)
        let sink = ForgetfulSink()
        let tags = TagRegister()
        let first = LinkBench(definition, sink: MemorySink(), tags: tags)
        #expect(await first.isConnected())
        await first.stop()

        let publisher = try FieldPublisher(id: "sensor", port: broker.port)
        for value in 1...20 { try publisher.publish("plant/speed", bytes("\(value % 3)")) }
        try await publisher.flush()
        let driver = DriverTask(definition, sink: sink, tags: tags)
        #expect(await eventually { driver.counters.duplicates == 20 })
        try publisher.publish("plant/speed", bytes("99"))
        #expect(await eventually { await sink.numbers.last == 99 })
        #expect(await sink.numbers == (1...20).map { Double($0 % 3) } + [99])
        await driver.stop()
        await broker.stop()
    }

    @Test func waitsForABrokerThatIsAbsentAtStart() async throws {
        let bench = LinkBench(try numberLink(broker.port))
        #expect(await eventually { if case .waiting = bench.status.state { true } else { false } })
        #expect(bench.status.lastError != nil)
        try await broker.start()
        #expect(await bench.isConnected())
        await bench.stop()
        await broker.stop()
    }

    @Test func comesBackAfterTheBrokerWasLost() async throws {
        try await broker.start()
        let bench = LinkBench(try numberLink(broker.port))
        #expect(await bench.isConnected())
        await broker.kill()
        #expect(await eventually { bench.status.state != .connected })
        try await broker.start()
        #expect(await bench.isConnected())
        #expect(bench.counters.reconnects >= 1)
        let publisher = try FieldPublisher(id: "sensor", port: broker.port)
        try publisher.publish("plant/speed", bytes("7"))
        #expect(await eventually { await bench.numbers("speed") == [7] })
        await bench.stop()
        await broker.stop()
    }

    @Test func stopsAtOnceWhileItWaitsForTheBroker() async throws {
        let bench = LinkBench(try numberLink(broker.port))
        #expect(await eventually { if case .waiting = bench.status.state { true } else { false } })
        await bench.stop()
        #expect(bench.status.state == .stopped)
    }

    @Test func badPayloadsAreMarkedAndTheRestGoesOn() async throws {
        try await broker.start()
        let bench = LinkBench(
            try link(
                """
                - name: line
                  driver: mqtt
                  host: 127.0.0.1
                  port: \(broker.port)
                  topics:
                    - topic: plant/json
                      payload: json
                      time: { path: $.t, format: unix_ns }
                      values:
                        - { tag: temperature, path: "$.values[0].temp", unit: degC }
                        - { tag: load, path: $.load, unit: "%" }
                    - { topic: plant/window, payload: waveform, tag: vibration, unit: g, format: int16-le, samples: 4,
                        rate: 1000, scale: 0.5 }
                    - { topic: plant/number, payload: number, tag: number }
                """))
        #expect(await bench.isConnected())
        let publisher = try FieldPublisher(id: "sensor", port: broker.port)
        let good = #"{"t":1700000000123456789,"values":[{"temp":41.5}],"load":80}"#
        try publisher.publish("plant/json", bytes(good))
        try publisher.publish("plant/json", bytes(#"{"t":1,"values":[{"temp":NaN}],"load":81}"#))
        try publisher.publish("plant/json", bytes(#"{"t":2,"values":[{"temp":1}],"load":82"#))
        try publisher.publish("plant/json", bytes(#"{"t":3,"load":1e999}"#))
        try publisher.publish("plant/json", [0xFF, 0x00, 0xC3, 0x28])
        try publisher.publish("plant/json", [])
        try publisher.publish("plant/window", [1, 0, 255, 255, 0, 128, 255, 127])
        try publisher.publish("plant/window", [1, 0, 255])
        try publisher.publish("plant/number", bytes("inf"))
        try publisher.publish("plant/number", bytes(" 12.25\n"))
        try publisher.publish("plant/number", [UInt8](repeating: 0x31, count: 10_000_000))
        try publisher.publish("plant/json", bytes(good))
        #expect(await eventually { await bench.numbers("temperature") == [41.5, 41.5] })

        let temperature = await bench.samples("temperature")
        #expect(temperature.count == 7)
        #expect(temperature.first?.sourceTime == WallTime(nanoseconds: 1_700_000_000_123_456_789))
        #expect(temperature[1].quality == .bad(.notFinite))
        #expect(temperature[2].quality == .bad(.malformed))
        #expect(await bench.numbers("load") == [80, 81, 80])
        let windows = await bench.samples("vibration")
        #expect(windows.first?.value == .waveform([0.5, -0.5, -16_384, 16_383.5]))
        #expect(windows.last?.quality == .bad(.wrongLength))
        #expect(await bench.samples("number").map(\.quality) == [.bad(.notFinite), .good, .bad(.wrongLength)])
        #expect(await bench.numbers("number") == [12.25])
        let counters = bench.counters
        #expect(counters.received == 12)
        #expect(counters.malformed["json"] == 6)
        #expect(counters.malformed["not_finite"] == 3)
        #expect(counters.malformed["missing"] == 1)
        #expect(counters.malformed["wrong_length"] == 1)
        #expect(counters.malformed["too_large"] == 1)
        try await publisher.flush()
        await bench.stop()
        await broker.stop()
    }

    @Test func wildCardsMakeTags() async throws {
        try await broker.start()
        let bench = LinkBench(
            try link(
                """
                - name: line
                  driver: mqtt
                  host: 127.0.0.1
                  port: \(broker.port)
                  topics:
                    - { topic: plant/+/bearing/+, payload: number, tag: "{1}.bearing-{2}", unit: degC }
                    - { topic: site/#, payload: number, tag: "site/{1}" }
                """))
        #expect(await bench.isConnected())
        await bench.tags.refuse("site/poison")
        let publisher = try FieldPublisher(id: "sensor", port: broker.port)
        try publisher.publish("plant/press-3/bearing/2", bytes("41"))
        try publisher.publish("plant/press 3/bearing/2", bytes("42"))
        try publisher.publish("site/poison", bytes("1"))
        try publisher.publish("site/a/b", bytes("2"))
        try publisher.publish("plant/press-3/bearing/2", bytes("43"))
        #expect(await eventually { await bench.numbers("press-3.bearing-2") == [41, 43] })
        #expect(await bench.numbers("site/a/b") == [2])
        #expect(await bench.tags.definitions.map(\.name) == ["press-3.bearing-2", "site/a/b"])
        #expect(bench.counters.tagsRefused == 2)
        await bench.stop()
        await broker.stop()
    }

    @Test func aRetainedValueIsUncertain() async throws {
        try await broker.start()
        let publisher = try FieldPublisher(id: "sensor", port: broker.port)
        try publisher.publish("plant/speed", bytes("5"), retain: true)
        try await publisher.flush()
        let bench = LinkBench(try numberLink(broker.port))
        #expect(await eventually { await bench.last("speed")?.quality == .uncertain(.stale) })
        try publisher.publish("plant/speed", bytes("6"))
        #expect(await eventually { await bench.last("speed")?.quality == .good })
        await bench.stop()
        await broker.stop()
    }

    @Test func aBurstIsStoredWholeAndInOrder() async throws {
        try await broker.start()
        let bench = LinkBench(try numberLink(broker.port))
        #expect(await bench.isConnected())
        let publisher = try FieldPublisher(id: "sensor", port: broker.port)
        for value in 0..<20_000 { try publisher.publish("plant/speed", bytes("\(value)")) }
        #expect(await eventually(within: .seconds(60)) { bench.counters.stored == 20_000 })
        #expect(await bench.numbers("speed") == (0..<20_000).map(Double.init))
        await bench.stop()
        await broker.stop()
    }
}

/// Stores the first batches but says it did not, as a store does whose commit succeeded and whose answer was lost.
actor ForgetfulSink: SampleSink {
    private let inner = MemorySink()

    func store(_ batch: SampleBatch) async throws {
        try await inner.store(batch)
        if await inner.samples.count <= 20 { throw MemorySink.Refused() }
    }

    func storedReceipts(link: String) async throws -> [MessageReceipt] { await inner.storedReceipts(link: link) }
    func recordLoss(link: String, since: WallTime?) async { await inner.recordLoss(link: link, since: since) }

    var numbers: [Double] {
        get async { await inner.samples.compactMap { if case .number(let value) = $0.value { value } else { nil } } }
    }
}
