import Drivers
import Plant
import Rig
import TestBench
import Testing

/// Each payload format over a real broker, and what becomes of messages that are none.
@Suite(.timeLimit(.minutes(3)))
struct MQTTPayloadTests {
    let directory: TempDirectory
    let broker: Broker

    init() throws {
        directory = try TempDirectory()
        broker = try Broker(directory: directory.path)
    }

    private func bench() throws -> LinkBench {
        LinkBench(
            try link(
                """
                - name: line
                  driver: mqtt
                  host: 127.0.0.1
                  port: \(broker.port)
                  topics:
                    - topic: plant/json
                      payload: json
                      time: { path: "$.s[*].t", format: unix_ms }
                      values:
                        - { path: "$.s[*].v", tag: list, unit: degC }
                        - { path: "$.w[*]", tag: array, type: waveform, samples: 3, rate: 10 }
                        - { path: $.state, tag: state, words: { RUN: 1, STOP: 0 } }
                        - { path: $.recipe, tag: recipe, type: text }
                    - topic: plant/+/csv
                      payload: csv
                      separator: ";"
                      decimal_comma: true
                      time: { column: 1, format: iso8601, zone: "+01:00" }
                      values: [ { column: 2, tag: "{1}.t" }, { column: 3, tag: "{1}.p", min: 0 } ]
                    - { topic: plant/text, payload: text, tag: weight, suffix: kg, unit: kg }
                    - { topic: plant/name, payload: text, tag: name, type: text }
                    - topic: plant/xyz
                      payload: waveform
                      format: int24-be
                      samples: 2
                      rate: 1000
                      header_bytes: 2
                      values: [ { tag: x, scale: 0.5 }, { tag: y } ]
                """))
    }

    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test func everyFormatIsStored() async throws {
        try await broker.start()
        let bench = try bench()
        #expect(await bench.isConnected())
        let publisher = try FieldPublisher(id: "sensor", port: broker.port)
        try publisher.publish(
            "plant/json",
            bytes(#"{"s":[{"t":1000,"v":1.5},{"t":2000,"v":2}],"w":[1,2,3],"state":"RUN","recipe":"Süß 7"}"#))
        try publisher.publish("plant/m1/csv", bytes("2026-11-23 21:15:03;21,5;-1\n2026-11-23 21:15:04;;2\n"))
        try publisher.publish("plant/text", bytes("12.5 kg\r\n"))
        try publisher.publish("plant/name", bytes("Charge 4711"))
        try publisher.publish("plant/xyz", [9, 9, 0, 0, 4, 255, 255, 255, 0, 1, 0, 0, 0, 7])
        #expect(await eventually { await bench.samples("y").count == 1 })

        #expect(await bench.numbers("list") == [1.5, 2])
        #expect(await bench.samples("list").map(\.sourceTime?.nanoseconds) == [1_000_000_000, 2_000_000_000])
        #expect(await bench.last("array")?.value == .waveform([1, 2, 3]))
        #expect(await bench.numbers("state") == [1])
        #expect(await bench.last("recipe")?.value == .text("Süß 7"))
        let start: Int64 = 1_795_464_903_000_000_000
        #expect(await bench.samples("m1.t").map(\.sourceTime?.nanoseconds) == [start, start + 1_000_000_000])
        #expect(await bench.samples("m1.t").map(\.value) == [.number(21.5), .none])
        #expect(await bench.samples("m1.t").map(\.quality) == [.good, .bad(.malformed)])
        #expect(await bench.samples("m1.p").map(\.quality) == [.bad(.outOfRange), .good])
        #expect(await bench.numbers("weight") == [12.5])
        #expect(await bench.last("name")?.value == .text("Charge 4711"))
        #expect(await bench.last("x")?.value == .waveform([2, 128]))
        #expect(await bench.last("y")?.value == .waveform([-1, 7]))
        #expect(bench.counters.malformed == ["missing": 1])
        // Every tag was declared as what it is.
        let kinds = await Dictionary(uniqueKeysWithValues: bench.tags.definitions.map { ($0.name, $0.kind) })
        #expect(kinds["recipe"] == .text)
        #expect(kinds["array"] == .waveform(samples: 3, rateHertz: 10))
        try await publisher.flush()
        await bench.stop()
        await broker.stop()
    }

    /// It is not the broker's fault: the message is acknowledged, and what was wrong with it can be seen.
    @Test func aRejectedMessageIsAcknowledgedAndKeptInSight() async throws {
        try await broker.start()
        let first = try bench()
        #expect(await first.isConnected())
        let publisher = try FieldPublisher(id: "sensor", port: broker.port)
        try publisher.publish("plant/m1/csv", bytes("2026-11-23 21:15:03;\"21,5;1\u{1B}[2J\\"))
        #expect(await eventually { first.status.rejected.count == 1 })
        let rejected = try #require(first.status.rejected.first)
        #expect(rejected.topic == "plant/m1/csv")
        #expect(rejected.cause == "csv")
        #expect(rejected.place == 20)
        #expect(rejected.bytes == 32)
        #expect(rejected.tag == nil)
        #expect(rejected.excerpt == #"2026-11-23 21:15:03;"21,5;1\x1B[2J\x5C"#)
        #expect(await first.samples("m1.t").map(\.quality) == [.bad(.malformed)])
        await first.stop()
        // Nothing comes again.
        let second = try bench()
        #expect(await second.isConnected())
        try publisher.publish("plant/text", bytes("12.5 lb"))
        #expect(await eventually { second.status.rejected.map(\.tag) == ["weight"] })
        #expect(second.status.rejected.map(\.cause) == ["wrong_unit"])
        #expect(second.counters.received == 1)
        await second.stop()
        await broker.stop()
    }

    /// One look every tenth of a second: a flood of nonsense costs what a flood of sense does.
    @Test func ofAFloodOfNonsenseSomeAreShownAndAllAreCounted() async throws {
        try await broker.start()
        let bench = try bench()
        #expect(await bench.isConnected())
        let publisher = try FieldPublisher(id: "sensor", port: broker.port)
        for number in 0..<3_000 { try publisher.publish("plant/text", bytes("nonsense \(number)")) }
        #expect(await eventually(within: .seconds(30)) { bench.counters.malformed["not_a_number"] == 3_000 })
        #expect((1...5).contains(bench.status.rejected.count))
        #expect(await bench.samples("weight").count == 3_000)
        await bench.stop()
        await broker.stop()
    }
}
