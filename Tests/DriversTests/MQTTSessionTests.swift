import CMosquitto
import Glibc
import Plant
import Rig
import TestBench
import Testing

@testable import Drivers

/// Sessions of both versions, qualities of service, shared subscriptions and wills, against a real broker.
@Suite(.timeLimit(.minutes(3)))
struct MQTTSessionTests {
    let directory: TempDirectory
    let broker: Broker

    init() throws {
        directory = try TempDirectory()
        broker = try Broker(directory: directory.path)
    }

    private func definition(
        name: String = "line", topic: String = "plant/speed", qos: Int = 1, version: String = "3.1.1",
        extra: String = ""
    ) throws -> LinkDefinition {
        try link(
            """
            - name: \(name)
              driver: mqtt
              host: 127.0.0.1
              port: \(broker.port)
              version: \(version)
              topics: [ { topic: \(topic), payload: number, tag: speed, qos: \(qos) } ]
            \(extra)
            """)
    }

    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    struct Case: Sendable, CustomTestStringConvertible {
        var version: String
        var qos: Int
        var testDescription: String { "MQTT \(version), QoS \(qos)" }
    }

    static let cases = [
        Case(version: "3.1.1", qos: 1), Case(version: "3.1.1", qos: 2), Case(version: "5", qos: 1),
        Case(version: "5", qos: 2),
    ]

    /// The client dies between the callback and the commit: whatever it has not committed comes again, and is stored once.
    @Test(arguments: cases) func nothingIsAcknowledgedBeforeTheCommit(_ test: Case) async throws {
        try await broker.start()
        let definition = try definition(qos: test.qos, version: test.version)
        let stuck = LinkBench(definition, sink: MemorySink(mode: .hold))
        #expect(await stuck.isConnected())
        let publisher = try FieldPublisher(id: "sensor", port: broker.port)
        for value in 1...30 { try publisher.publish("plant/speed", bytes("\(value)"), qos: test.qos) }
        try await publisher.flush()
        #expect(await eventually { await stuck.sink.offers > 0 })
        await stuck.stop()
        #expect(await stuck.sink.samples.isEmpty)

        let sink = MemorySink()
        let second = LinkBench(definition, sink: sink)
        #expect(await eventually { await second.numbers("speed").count >= 30 })
        #expect(await second.numbers("speed") == (1...30).map(Double.init))
        // What is stored is acknowledged at once, but QoS 2 takes two more turns at the broker, which nobody here can see.
        if test.qos == 2 { try await Task.sleep(for: .seconds(1)) }
        await second.stop()

        // Away in good order: the session is kept, and nothing comes twice.
        for value in 31...40 { try publisher.publish("plant/speed", bytes("\(value)"), qos: test.qos) }
        try await publisher.flush()
        let third = LinkBench(definition, sink: sink, tags: second.tags)
        #expect(await eventually { await third.numbers("speed").count >= 40 })
        #expect(await third.numbers("speed") == (1...40).map(Double.init))
        #expect(third.counters.duplicates == 0)
        await third.stop()
        await broker.stop()
    }

    /// Committed, but the client dies before the acknowledgement leaves.
    @Test(arguments: cases) func aRedeliveredMessageIsStoredOnce(_ test: Case) async throws {
        try await broker.start()
        let definition = try definition(qos: test.qos, version: test.version)
        let tags = TagRegister()
        let first = LinkBench(definition, tags: tags)
        #expect(await first.isConnected())
        await first.stop()
        let publisher = try FieldPublisher(id: "sensor", port: broker.port)
        for value in 1...20 { try publisher.publish("plant/speed", bytes("\(value)"), qos: test.qos) }
        try await publisher.flush()
        let sink = ForgetfulSink()
        let driver = DriverTask(definition, sink: sink, tags: tags)
        #expect(await eventually { driver.counters.duplicates == 20 })
        try publisher.publish("plant/speed", bytes("99"), qos: test.qos)
        #expect(await eventually { await sink.numbers.last == 99 })
        #expect(await sink.numbers == (1...20).map(Double.init) + [99])
        await driver.stop()
        await broker.stop()
    }

    /// Why QoS 2 is asked for as QoS 1: libmosquitto answers PUBLISH with PUBREC and shows the message at PUBREL. A client
    /// that dies then has taken the message over and not kept it, and the broker sends only PUBREL again.
    @Test func theLibraryLosesAQoS2MessageThatItHasShown() async throws {
        try await broker.start()
        let settings = MQTTConnectionSettings(
            host: "127.0.0.1", port: broker.port, clientID: "qos2", keepAlive: .seconds(30))
        let inbox = Recorder()
        let turn = { (client: MosquittoClient, isDone: () -> Bool) throws in
            let end = ContinuousClock.now.advanced(by: .seconds(10))
            while !isDone(), ContinuousClock.now < end {
                let descriptor = try #require(client.descriptor)
                _ = Polling.wait([(descriptor, Int16(POLLIN))], timeout: .milliseconds(20))
                try client.write()
                while !isDone(), try client.read() == .more {}
            }
        }
        var client: MosquittoClient? = try MosquittoClient(settings, isSessionClean: false, handler: inbox)
        try client?.connect()
        if let client {
            try turn(client) { inbox.code == 0 }
            _ = try client.subscribe(MQTTSubscription(filter: "plant/speed", qos: 2))
            try turn(client) { inbox.subscriptions == 1 }
            let publisher = try FieldPublisher(id: "sensor", port: broker.port)
            try publisher.publish("plant/speed", bytes("1"), qos: 2)
            try await publisher.flush()
            try turn(client) { inbox.payloads == ["1"] }
        }
        // PUBCOMP was never written: the connection ends as a killed process leaves it.
        client = nil
        inbox.code = nil
        let next = try MosquittoClient(settings, isSessionClean: false, handler: inbox)
        try next.connect()
        try turn(next) { inbox.code == 0 }
        let publisher = try FieldPublisher(id: "sensor2", port: broker.port)
        try publisher.publish("plant/speed", bytes("2"), qos: 2)
        try turn(next) { inbox.payloads.contains("2") }
        #expect(inbox.payloads == ["1", "2"])
        await broker.stop()
    }

    /// The broker keeps the session for as long as we asked for, and no longer; when it has gone, what came meanwhile is a gap.
    @Test func aSessionLastsForItsExpiry() async throws {
        var settings = Broker.Settings()
        settings.extra = ["sys_interval 1"]
        let broker = try Broker(directory: directory.path, settings: settings)
        try await broker.start()
        let observer = LinkBench(
            try link(
                """
                - name: observer
                  driver: mqtt
                  host: 127.0.0.1
                  port: \(broker.port)
                  topics: [ { topic: $SYS/broker/clients/expired, payload: number, tag: expired } ]
                """))
        #expect(await observer.isConnected())
        let (sink, tags) = (MemorySink(), TagRegister())
        func bench(expiry: Duration) throws -> LinkBench {
            var definition = try definition(version: "5")
            var settings = try #require(definition.settings as? MQTTSettings)
            settings.connection.port = broker.port
            settings.connection.sessionExpiry = expiry
            definition.settings = settings
            return LinkBench(definition, sink: sink, tags: tags)
        }
        let publisher = try FieldPublisher(id: "sensor", port: broker.port)
        func publish(_ values: ClosedRange<Int>) async throws {
            for value in values { try publisher.publish("plant/speed", bytes("\(value)")) }
            try await publisher.flush()
        }
        let first = try bench(expiry: .seconds(3_600))
        #expect(await first.isConnected())
        await first.stop()
        try await publish(1...10)
        let second = try bench(expiry: .seconds(1))
        #expect(await eventually { await second.numbers("speed") == (1...10).map(Double.init) })
        #expect(second.counters.sessionsLost == 0)
        await second.stop()
        #expect(await sink.losses.isEmpty)

        #expect(await eventually { await observer.numbers("expired").last == 1 })
        try await publish(11...20)
        let third = try bench(expiry: .seconds(3_600))
        #expect(await third.isConnected())
        try await publish(21...30)
        #expect(await eventually { await third.numbers("speed").last == 30 })
        #expect(await third.numbers("speed") == (Array(1...10) + Array(21...30)).map(Double.init))
        #expect(third.counters.sessionsLost == 1)
        #expect(third.status.lastError?.contains("the broker has forgotten our session") == true)
        #expect(await sink.losses.map(\.link) == ["line"])
        await third.stop()
        await observer.stop()
        await broker.stop()
    }

    @Test(arguments: ["3.1.1", "5"]) func aBrokerThatForgetsSessionsIsReported(_ version: String) async throws {
        try await broker.start()
        let bench = LinkBench(try definition(version: version))
        #expect(await bench.isConnected())
        #expect(bench.counters.sessionsLost == 0)
        let before = MachineClock().wall()
        await broker.kill()
        #expect(await eventually { bench.status.state != .connected })
        let after = MachineClock().wall()
        try await broker.start()
        #expect(await eventually { bench.counters.sessionsLost == 1 })
        let since = try #require(await bench.sink.losses.first?.since)
        #expect(before < since && since < after)
        #expect(await bench.isConnected())
        #expect(bench.status.lastError?.contains("does not keep sessions") == true)
        await bench.stop()
        await broker.stop()
    }

    /// Two clients with one id throw each other out, again and again: said at once under MQTT 5, else after the third time.
    @Test(arguments: ["3.1.1", "5"]) func aClientIDUsedTwiceIsReported(_ version: String) async throws {
        try await broker.start()
        let benches = try ["a", "b"].map { name in
            LinkBench(try definition(name: name, version: version, extra: "  client_id: box"))
        }
        for bench in benches {
            #expect(
                await eventually { bench.status.lastError?.contains("client_id \"box\"") == true },
                "\(bench.status.lastError ?? "")")
        }
        for bench in benches { await bench.stop() }
        await broker.stop()
    }

    @Test func aLinkMayAskForQoS0() async throws {
        try await broker.start()
        let bench = LinkBench(try definition(qos: 0))
        #expect(await bench.isConnected())
        let publisher = try FieldPublisher(id: "sensor", port: broker.port)
        try publisher.publish("plant/speed", bytes("1"))
        #expect(await eventually { await bench.numbers("speed") == [1] })
        #expect(await bench.sink.receipts.isEmpty)
        await bench.stop()
        await broker.stop()
    }

    /// Two boxes share one topic: each message is one box's, and the tag is of the topic behind the group.
    @Test(arguments: ["3.1.1", "5"]) func linksShareATopic(_ version: String) async throws {
        try await broker.start()
        let benches = try ["a", "b"].map { name in
            LinkBench(
                try link(
                    """
                    - name: \(name)
                      driver: mqtt
                      host: 127.0.0.1
                      port: \(broker.port)
                      version: \(version)
                      topics: [ { topic: $share/boxes/plant/+/speed, payload: number, tag: "{1}.speed" } ]
                    """))
        }
        for bench in benches { #expect(await bench.isConnected()) }
        let publisher = try FieldPublisher(id: "sensor", port: broker.port)
        for value in 1...200 { try publisher.publish("plant/fan/speed", bytes("\(value)")) }
        #expect(await eventually { benches.map { $0.counters.stored }.reduce(0, +) >= 200 })
        var (all, parts): ([Double], [Int]) = ([], [])
        for bench in benches {
            let numbers = await bench.numbers("fan.speed")
            all += numbers
            parts.append(numbers.count)
            await bench.stop()
        }
        #expect(all.sorted() == (1...200).map(Double.init))
        #expect(parts.allSatisfy { $0 > 0 }, "\(parts)")
        await broker.stop()
    }

    @Test(arguments: ["3.1.1", "5"]) func aLinkSaysWhetherItIsThere(_ version: String) async throws {
        try await broker.start()
        let observer = LinkBench(
            try link(
                """
                - name: observer
                  driver: mqtt
                  host: 127.0.0.1
                  port: \(broker.port)
                  topics: [ { topic: boxes/line, payload: number, tag: state } ]
                """))
        #expect(await observer.isConnected())
        let will = "  will: { topic: boxes/line, payload: \"0\", online: \"1\" }"
        let bench = LinkBench(try definition(version: version, extra: will), sink: MemorySink(mode: .refuse))
        #expect(await eventually { await observer.numbers("state") == [1] })
        // A message that cannot be stored ends the connection without a goodbye.
        let publisher = try FieldPublisher(id: "sensor", port: broker.port)
        try publisher.publish("plant/speed", bytes("5"))
        #expect(await eventually { await observer.numbers("state").contains(0) })
        await bench.sink.set(.accept)
        #expect(await eventually { await bench.numbers("speed") == [5] && bench.status.state == .connected })
        #expect(await eventually { await observer.numbers("state").last == 1 })
        await bench.stop()
        #expect(await eventually { await observer.numbers("state").last == 0 })
        await observer.stop()
        await broker.stop()
    }
}

/// Notes what comes out of a client.
private final class Recorder: MosquittoHandler {
    var code: Int32?
    var subscriptions = 0
    var payloads: [String] = []

    func connected(code: Int32, isSessionPresent: Bool) { self.code = code }
    func disconnected(code: Int32) {}
    func received(_ message: UnsafePointer<mosquitto_message>) {
        // SAFETY: the payload is the library's for the length of this call.
        let bytes = UnsafeRawBufferPointer(start: message.pointee.payload, count: Int(message.pointee.payloadlen))
        payloads.append(String(decoding: bytes, as: UTF8.self))
    }
    func subscribed(id: Int32, refusal: String?) { subscriptions += 1 }
    func published(id: Int32, refusal: String?) {}
    func logged(_ text: UnsafePointer<CChar>) {}
}
