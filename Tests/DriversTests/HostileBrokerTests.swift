import Drivers
import Plant
import Rig
import TestBench
import Testing

/// A broker that is broken or hostile: the reason is named, what is good is stored, and the next connection works.
@Suite(.timeLimit(.minutes(3)))
struct HostileBrokerTests {
    typealias Packet = ScriptedBroker.Packet

    static let hello: [ScriptedBroker.Step] = [.expect(1), .send(Packet.connack())]
    static let subscribed: [ScriptedBroker.Step] = hello + [.expect(8), .send(Packet.suback())]
    /// What the second connection gets: everything is well again.
    static let good: [ScriptedBroker.Step] =
        subscribed + [.send(Packet.publish("plant/speed", Array("7".utf8), qos: 1, id: 77))]

    struct Misdeed: Sendable, CustomTestStringConvertible {
        var name: String
        var script: [ScriptedBroker.Step]
        /// Values that must be stored before the good one.
        var values: [Double] = []
        /// What `lastError` says.
        var says: String
        var testDescription: String { name }
    }

    static func number(_ value: Int, qos: UInt8 = 0, id: UInt16 = 1, isDuplicate: Bool = false) -> [UInt8] {
        Packet.publish("plant/speed", Array("\(value)".utf8), qos: qos, id: id, isDuplicate: isDuplicate)
    }

    static let misdeeds: [Misdeed] = [
        Misdeed(name: "closes at once", script: [.close], says: "closed"),
        Misdeed(name: "closes after CONNECT", script: [.expect(1), .close], says: "closed"),
        Misdeed(
            name: "refuses the credentials", script: [.expect(1), .send(Packet.connack(code: 5)), .close],
            says: "refused by the broker: Connection Refused: not authorised"),
        Misdeed(
            name: "refuses with a code that is none", script: [.expect(1), .send(Packet.connack(code: 99)), .close],
            says: "refused by the broker"),
        Misdeed(
            name: "publishes before SUBACK",
            script: hello + [.expect(8), .send(number(1, qos: 1)), .send(Packet.suback()), .expect(4), .close],
            values: [1], says: "closed"),
        Misdeed(
            name: "answers CONNECT twice",
            script: subscribed + [
                .send(Packet.connack()), .send(number(1)), .send(number(2, qos: 1)), .expect(4), .close,
            ],
            values: [1, 2], says: "closed"),
        Misdeed(
            name: "uses a packet id twice",
            script: subscribed
                + [.send(number(1, qos: 1, id: 9)), .send(number(2, qos: 1, id: 9)), .expect(4), .expect(4), .close],
            values: [1, 2], says: "closed"),
        Misdeed(
            name: "says a length of five bytes",
            script: subscribed + [.send([0x30, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]), .close],
            says: "protocol"),
        Misdeed(
            name: "says a topic that is longer than the packet",
            script: subscribed + [.send([0x30, 4, 0xFF, 0xFF, 0x61, 0x62]), .close], says: "protocol"),
        Misdeed(
            name: "sends what only clients send",
            script: subscribed + [.send([0x82, 6, 0, 1, 0, 1, 0x61, 1]), .close],
            says: "protocol"),
        Misdeed(
            name: "publishes to a wild card",
            script: subscribed + [.send(Packet.publish("plant/#", [0x31])), .close], says: "closed"),
        Misdeed(
            name: "publishes with QoS 3", script: subscribed + [.send([0x36] + number(1, qos: 1).dropFirst()), .close],
            says: "protocol"),
    ]

    private func bench(_ port: Int, version: String = "3.1.1") throws -> LinkBench {
        LinkBench(
            try link(
                """
                - name: line
                  driver: mqtt
                  host: 127.0.0.1
                  port: \(port)
                  version: \(version)
                  topics: [ { topic: plant/speed, payload: number, tag: speed } ]
                """))
    }

    @Test(arguments: misdeeds) func theNextConnectionWorks(_ misdeed: Misdeed) async throws {
        let broker = try ScriptedBroker([misdeed.script, Self.good])
        let bench = try bench(broker.port)
        #expect(await eventually { await bench.numbers("speed").last == 7 })
        #expect(await bench.numbers("speed") == misdeed.values + [7])
        #expect(bench.status.lastError?.lowercased().contains(misdeed.says.lowercased()) == true, "\(bench.status)")
        // Acknowledged is what is stored, in its order.
        #expect(await eventually { broker.packets(ofType: 4).last == [0x40, 2, 0, 77] })
        await bench.stop()
    }

    @Test func aRefusedSubscriptionIsNamed() async throws {
        let broker = try ScriptedBroker([Self.hello + [.expect(8), .send(Packet.suback(code: 0x80))]])
        let bench = try bench(broker.port)
        #expect(await eventually { bench.status.lastError?.contains("\"plant/speed\": Unspecified error") == true })
        await bench.stop()
        // MQTT 5 says why. Source: MQTT 5, 3.9.3; each packet with an empty list of properties.
        let strict = try ScriptedBroker([
            [.expect(1), .send([0x20, 3, 0, 0, 0]), .expect(8), .send([0x90, 4, 0, 1, 0, 0x87])]
        ])
        let second = try self.bench(strict.port, version: "5")
        #expect(await eventually { second.status.lastError?.contains("Not authorized") == true })
        await second.stop()
    }

    @Test func aGoodbyeOfTheBrokerIsNamed() async throws {
        // DISCONNECT with "Server shutting down". Source: MQTT 5, 3.14.2.1.
        let broker = try ScriptedBroker([
            [
                .expect(1), .send([0x20, 3, 0, 0, 0]), .expect(8), .send([0x90, 4, 0, 1, 0, 1]),
                .send([0xE0, 2, 0x8B, 0]),
            ]
        ])
        let bench = try bench(broker.port, version: "5")
        #expect(await eventually { bench.status.lastError?.contains("Server shutting down") == true })
        await bench.stop()
    }

    @Test func aFloodIsStoredWholeInBoundedBatches() async throws {
        let script =
            Self.subscribed + [.flood(Self.number(5), times: 50_000), .send(Self.number(6, qos: 1)), .expect(4)]
        let broker = try ScriptedBroker([script])
        let bench = try bench(broker.port)
        #expect(await eventually(within: .seconds(60)) { bench.counters.stored == 50_001 })
        #expect(await bench.sink.batches.allSatisfy { $0.samples.count <= 2_000 })
        #expect(await bench.last("speed")?.value == .number(6))
        await bench.stop()
    }

    @Test func aSilentBrokerIsGivenUpAndTheStopIsNotHeldUp() async throws {
        let broker = try ScriptedBroker([[.expect(1)]])
        let bench = try bench(broker.port)
        #expect(await eventually { broker.packets(ofType: 1).count == 1 })
        #expect(bench.status.state == .connecting)
        await bench.stop()
        #expect(bench.status.state == .stopped)
    }

    /// The longest topic that there is, and the largest packet that is announced and never comes.
    @Test func limitsOfTheProtocolAreHeld() async throws {
        let long = String(repeating: "x", count: 65_535)
        let announced: [UInt8] = [0x30, 0xFF, 0xFF, 0xFF, 0x7F, 0, 11] + Array("plant/speed".utf8) + [0x31]
        let broker = try ScriptedBroker([
            Self.subscribed + [
                .send(Packet.publish(long, [0x31])), .send(Self.number(1, qos: 1)), .expect(4), .send(announced),
                .close,
            ], Self.good,
        ])
        let bench = try bench(broker.port)
        #expect(await eventually { await bench.numbers("speed") == [1, 7] })
        #expect(bench.counters.malformed["unknown_topic"] == 1)
        await bench.stop()
    }
}
