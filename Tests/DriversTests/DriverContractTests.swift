import Drivers
import Plant
import Rig
import Sparkplug
import TestBench
import Testing

/// What a driver talks to, in the words that every driver shares.
protocol FieldPartner: Sendable {
    /// One link with one tag, `value`.
    var configuration: String { get }
    func appear() async throws
    func vanish() async throws
    /// Makes the field say this value from now on, or once.
    func say(_ value: Int) async throws
    /// Makes the field say something that nobody can understand.
    func sayGarbage() async throws
    /// Makes the field slow until it says the next value.
    func beSlow() async throws
}

struct MQTTPartner: FieldPartner {
    private let directory: TempDirectory
    private let broker: Broker

    init() throws {
        directory = try TempDirectory()
        broker = try Broker(directory: directory.path)
    }

    var configuration: String {
        """
        - name: partner
          driver: mqtt
          host: 127.0.0.1
          port: \(broker.port)
          topics: [ { topic: value, payload: number, tag: value } ]
        """
    }

    func appear() async throws { try await broker.start() }
    func vanish() async throws { await broker.kill() }
    func say(_ value: Int) async throws { try await publish(Array("\(value)".utf8)) }
    func sayGarbage() async throws { try await publish((0..<200).map { UInt8($0) }) }
    /// A large payload on its way holds the connection up.
    func beSlow() async throws { try await publish([UInt8](repeating: 0x20, count: 3_000_000)) }

    private func publish(_ payload: [UInt8]) async throws {
        let publisher = try FieldPublisher(id: "partner", port: broker.port)
        try publisher.publish("value", payload)
        try await publisher.flush()
    }
}

/// An edge node that is born anew for each value.
struct SparkplugPartner: FieldPartner {
    private struct NoNode: Error {}
    private let directory: TempDirectory
    private let broker: Broker

    init() throws {
        directory = try TempDirectory()
        broker = try Broker(directory: directory.path)
    }

    var configuration: String {
        """
        - name: partner
          driver: sparkplug
          host: 127.0.0.1
          port: \(broker.port)
          node_tag: "{metric}"
        """
    }

    func appear() async throws { try await broker.start() }
    func vanish() async throws { await broker.kill() }
    func say(_ value: Int) async throws {
        guard let node = SparkplugNode(group: "Works", edge: "line-3") else { throw NoNode() }
        var edge = EdgeNode(node)
        let tag = PublishedTag(id: TagID(rawValue: 1), kind: .number, unit: "", device: nil, metric: "value")
        edge.replace(tags: [tag])
        let now = MachineClock().wall()
        let sample = Sample(
            tag: tag.id, value: .number(Double(value)), quality: .good, arrival: now,
            monotonic: MonotonicTime(nanoseconds: 0))
        let messages =
            edge.births(bdSeq: 0, latest: [:], at: now) + edge.data([sample], isHistorical: false, at: now)
        for message in messages { try await publish(message.topic, message.payload) }
    }
    func sayGarbage() async throws { try await publish("spBv1.0/Works/NDATA/line-3", (0..<200).map { UInt8($0) }) }
    /// A large payload on its way holds the connection up.
    func beSlow() async throws {
        try await publish("spBv1.0/Works/NDATA/line-3", [UInt8](repeating: 0x20, count: 3_000_000))
    }

    private func publish(_ topic: String, _ payload: [UInt8]) async throws {
        let publisher = try FieldPublisher(id: "partner", port: broker.port)
        try publisher.publish(topic, payload)
        try await publisher.flush()
    }
}

struct ModbusPartner: FieldPartner {
    private let slave: ModbusSlave
    private let place: String
    private let directory: TempDirectory

    init(_ scheme: String) throws {
        directory = try TempDirectory()
        if scheme == "modbus-rtu" {
            let line = SerialLine(path: directory.file("tty"))
            slave = try ModbusSlave(line: line)
            place = "port: \(line.path)"
        } else {
            slave = try ModbusSlave(framing: scheme == "modbus-tcp" ? .tcp : .rtu)
            place = "host: 127.0.0.1\n  port: \(slave.port)"
        }
        self.scheme = scheme
    }

    private let scheme: String

    var configuration: String {
        """
        - name: partner
          driver: \(scheme)
          \(place)
          timeout: 100ms
          blocks: [ { registers: holding, at: 0, scan: 10ms, values: [ { tag: value, at: 0, type: uint16 } ] } ]
        """
    }

    func appear() async throws { try slave.start() }
    func vanish() async throws { slave.stop() }
    func say(_ value: Int) async throws {
        slave.heal()
        slave.withTables { $0.holding[0] = UInt16(value) }
    }
    func sayGarbage() async throws { slave.inject(.garbage(seed: 3), times: 6) }
    func beSlow() async throws { slave.inject(.delay(.milliseconds(300))) }
}

@Suite(.timeLimit(.minutes(3)))
struct DriverContractTests {
    struct NoPartner: Error { var scheme: String }

    /// Those that bring samples; what brings pictures alone is in `PictureContractTests`.
    static let schemes = Drivers.all.map { $0.scheme }.filter { !PictureContractTests.schemes.contains($0) }

    private func partner(_ scheme: String) throws -> any FieldPartner {
        switch scheme {
        case "mqtt": try MQTTPartner()
        case "sparkplug": try SparkplugPartner()
        case "modbus-tcp", "modbus-rtu", "modbus-rtu-over-tcp": try ModbusPartner(scheme)
        default: throw NoPartner(scheme: scheme)
        }
    }

    @Test(arguments: schemes) func connectLoseReconnectSlowGarbageStop(_ scheme: String) async throws {
        let partner = try partner(scheme)
        try await partner.vanish()
        let bench = LinkBench(try link(partner.configuration))
        #expect(await eventually { if case .waiting = bench.status.state { true } else { false } })
        #expect(bench.status.lastError != nil)

        try await partner.appear()
        #expect(await bench.isConnected())
        try await partner.say(1)
        #expect(await eventually { await bench.numbers("value").last == 1 })

        try await partner.sayGarbage()
        #expect(await eventually { !bench.counters.malformed.isEmpty })
        #expect(await eventually { await bench.samples("value").contains { !$0.quality.isGood } })
        try await partner.say(2)
        #expect(await eventually { await bench.numbers("value").last == 2 })

        try await partner.beSlow()
        try await partner.say(3)
        #expect(await eventually { await bench.numbers("value").last == 3 })

        try await partner.vanish()
        #expect(await eventually { bench.status.state != .connected })
        try await partner.appear()
        #expect(await bench.isConnected())
        try await partner.say(4)
        #expect(await eventually { await bench.numbers("value").last == 4 })

        // Nothing but what was said ever came out as a value, and it came in order.
        var seen: [Double] = []
        for value in await bench.numbers("value") where value != seen.last { seen.append(value) }
        #expect(seen.filter { $0 != 0 } == [1, 2, 3, 4])
        #expect(bench.counters.reconnects >= 1)

        await bench.stop()
        #expect(bench.status.state == .stopped)
        let stored = await bench.sink.samples.count
        try await partner.say(5)
        #expect(await bench.sink.samples.count == stored)
        try await partner.vanish()
    }

    @Test(arguments: schemes) func stopsWhileTheStoreIsStuck(_ scheme: String) async throws {
        let partner = try partner(scheme)
        try await partner.vanish()
        try await partner.appear()
        let bench = LinkBench(try link(partner.configuration), sink: MemorySink(mode: .hold))
        #expect(await bench.isConnected())
        try await partner.say(1)
        #expect(await eventually { await bench.sink.offers > 0 })
        await bench.stop()
        #expect(bench.status.state == .stopped)
        #expect(await bench.sink.samples.isEmpty)
        try await partner.vanish()
    }
}
