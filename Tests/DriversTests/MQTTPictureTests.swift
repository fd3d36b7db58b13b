import Drivers
import Pictures
import Plant
import Rig
import TestBench
import Testing

@Suite(.timeLimit(.minutes(3)))
struct MQTTPictureTests {
    let directory: TempDirectory
    let broker: Broker

    init() throws {
        directory = try TempDirectory()
        broker = try Broker(directory: directory.path)
    }

    private func line(_ topics: String) throws -> LinkDefinition {
        try link(
            """
            - name: line
              driver: mqtt
              host: 127.0.0.1
              port: \(broker.port)
              topics:
                \(topics)
            """)
    }

    private func cameras(_ more: String = "") throws -> LinkDefinition {
        try line("- { topic: cam/+/+, payload: picture, pictures: \"{1}.camera\", part: \"{2}\"\(more) }")
    }

    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test func aPictureHasItsStreamAndItsPart() async throws {
        try await broker.start()
        let definition = try cameras()
        #expect(definition.settings.pictures == [])
        #expect(definition.settings.mayBring(pictures: "press-3.camera"))
        #expect(!definition.settings.mayBring(pictures: "press-3.other"))
        let bench = try PictureBench(definition)
        #expect(await bench.isConnected())
        let publisher = try FieldPublisher(id: "camera", port: broker.port)
        try publisher.publish("cam/press-3/A-77", bytes("1"))
        #expect(await bench.hasTaken(["cam/press-3/A-77"]))
        let picture = try #require(await bench.judge.taken.first)
        #expect(picture.stream == "press-3.camera" && picture.part == "A-77" && picture.bytes == bytes("1"))
        #expect(picture.receipt != nil && picture.encoding == .file)
        #expect(await eventually { bench.counters.received == 1 && bench.counters.verdicts == ["good": 1] })
        await bench.stop()
        await broker.stop()
    }

    @Test func pixelsAloneComeWithTheirShape() async throws {
        try await broker.start()
        let bench = try PictureBench(
            try line(
                "- { topic: cam, payload: picture, pictures: cam, raw: { width: 4, height: 2, layout: grey16le, "
                    + "significant_bits: 12 } }"))
        #expect(await bench.isConnected())
        let publisher = try FieldPublisher(id: "camera", port: broker.port)
        try publisher.publish("cam", [UInt8](repeating: 0, count: 16))
        #expect(await bench.hasTaken(["cam"]))
        var shape = RawShape(width: 4, height: 2, layout: .grey16le)
        shape.significantBits = 12
        #expect(await bench.judge.taken.first?.encoding == .raw(shape))
        await bench.stop()
        await broker.stop()
    }

    /// Pins that a picture is acknowledged only after its verdict: the box dies while it is judged, and it comes again.
    @Test func aPictureThatWasNotJudgedComesAgain() async throws {
        try await broker.start()
        let definition = try cameras()
        let store = MemorySink()
        let stuck = try PictureBench(definition, store: store, mode: .hold)
        #expect(await stuck.isConnected())
        let publisher = try FieldPublisher(id: "camera", port: broker.port)
        for part in 1...3 { try publisher.publish("cam/a/\(part)", bytes("\(part)")) }
        #expect(await eventually { await stuck.judge.offers == 1 })
        await stuck.stop()
        #expect(await stuck.judge.taken.isEmpty)

        let second = try PictureBench(definition, store: store)
        #expect(await second.hasTaken(["cam/a/1", "cam/a/2", "cam/a/3"]))
        #expect(second.counters.duplicates == 0)
        await second.stop()
        await broker.stop()
    }

    /// The verdict is durable, and the acknowledgement does not reach the broker: the judge says "refused" after storing.
    @Test func aPictureThatComesAgainIsJudgedOnce() async throws {
        try await broker.start()
        let definition = try cameras()
        let store = MemorySink()
        let first = try PictureBench(definition, store: store, mode: .forget)
        #expect(await first.isConnected())
        let publisher = try FieldPublisher(id: "camera", port: broker.port)
        try publisher.publish("cam/a/1", bytes("1"))
        #expect(await eventually { first.counters.duplicates == 1 })
        #expect(await first.judge.offers == 1)
        await first.judge.set(.accept)
        try publisher.publish("cam/a/2", bytes("2"))
        #expect(await first.hasTaken(["cam/a/1", "cam/a/2"]))
        await first.stop()
        await broker.stop()
    }

    /// A judge that never answers holds up no sample of the same link.
    @Test func samplesDoNotWaitForTheJudge() async throws {
        try await broker.start()
        let store = MemorySink()
        let bench = try PictureBench(
            try line(
                """
                - { topic: cam, payload: picture, pictures: cam }
                    - { topic: speed, payload: number, tag: speed }
                """), store: store, mode: .hold)
        #expect(await bench.isConnected())
        let publisher = try FieldPublisher(id: "plant", port: broker.port)
        try publisher.publish("cam", bytes("1"))
        #expect(await eventually { await bench.judge.offers == 1 })
        for value in 1...50 { try publisher.publish("speed", bytes("\(value)")) }
        #expect(await eventually { await store.samples.count == 50 })
        #expect(await bench.judge.taken.isEmpty)
        await bench.judge.set(.accept)
        #expect(await bench.hasTaken(["cam"]))
        #expect(await eventually { bench.counters.stored == 51 })
        await bench.stop()
        await broker.stop()
    }

    @Test func whatIsNoPictureOfAPartIsRejected() async throws {
        try await broker.start()
        let publisher = try FieldPublisher(id: "camera", port: broker.port)
        try publisher.publish("cam/a/old", bytes("of any age"), retain: true)
        try await publisher.flush()
        let bench = try PictureBench(try cameras(", max_size: 1MB"))
        #expect(await bench.isConnected())
        try publisher.publish("cam/a/large", [UInt8](repeating: 7, count: 1_000_001))
        try publisher.publish("cam/ä/1", bytes("1"))
        try publisher.publish("cam/a/2", bytes("2"))
        #expect(await bench.hasTaken(["cam/a/2"]))
        #expect(await eventually { bench.counters.malformed == ["retained": 1, "too_large": 1, "stream_name": 1] })
        #expect(bench.status.rejected.contains { $0.cause == "retained" && $0.topic == "cam/a/old" })
        await bench.stop()
        // All of them were acknowledged: nothing comes again, but what the broker keeps for every new subscription.
        let again = try PictureBench(try cameras(), store: bench.judge.store)
        #expect(await again.isConnected())
        try publisher.publish("cam/a/3", bytes("3"))
        #expect(await again.hasTaken(["cam/a/3"]))
        #expect(await eventually { again.counters.received == 2 && again.counters.malformed == ["retained": 1] })
        await again.stop()
        await broker.stop()
    }
}
