import FoundationEssentials
import Glibc
import Plant
import Rig
import Sparkplug
import TestBench
import Testing
import YAML

@testable import Drivers

/// Where `./test --peers` has installed pysparkplug.
private let python = getenv("MILLWRIGHT_PEERS").map { String(cString: $0) + "/sparkplug/bin/python" }

/// Our edge node and our driver against pysparkplug, which is somebody else's work: `Tests/Peers/sparkplug.py`.
@Suite(
    .enabled(if: python.map { access($0, X_OK) == 0 } ?? false, "no pysparkplug: ./test --peers"), .serialized,
    .timeLimit(.minutes(3)))
struct SparkplugPeerTests {
    /// One line of the peer.
    struct Line: Decodable {
        var ready: Bool?
        var kind: String?
        var device: String?
        var seq: Int?
        var qos: Int?
        var retained: Bool?
        var metrics: [Metric]?

        struct Metric: Decodable, Equatable {
            var name: String?
            var alias: Int?
            var type: String
            var value: Value?
            var historical: Bool
        }

        enum Value: Decodable, Equatable {
            case number(Double), text(String), flag(Bool)

            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                if let flag = try? container.decode(Bool.self) {
                    self = .flag(flag)
                } else if let number = try? container.decode(Double.self) {
                    self = .number(number)
                } else {
                    self = .text(try container.decode(String.self))
                }
            }
        }
    }

    final class Peer: Sendable {
        private let process: ChildProcess
        private let path: String

        init(_ role: String, port: Int, directory: TempDirectory) throws {
            let script = #filePath.split(separator: "/").dropLast(2).map { "/\($0)" }.joined() + "/Peers/sparkplug.py"
            path = directory.file("\(role).out")
            process = try ChildProcess(try #require(python), [script, "\(port)", role], outputFile: path)
        }

        var lines: [Line] {
            let bytes = (try? Data(contentsOf: URL(filePath: path))) ?? Data()
            return bytes.split(separator: UInt8(ascii: "\n")).compactMap {
                try? JSONDecoder().decode(Line.self, from: $0)
            }
        }

        var output: String { process.outputTail() }
        func isReady() async -> Bool { await eventually { lines.contains { $0.ready == true } } }
        func stop() async { _ = await process.stop() }
        func kill() async {
            process.kill()
            _ = await process.waitForExit()
        }
    }

    let directory: TempDirectory
    let broker: Broker

    init() throws {
        directory = try TempDirectory()
        broker = try Broker(directory: directory.path)
    }

    private func settings() throws -> EdgeSettings {
        let text =
            "{ host: 127.0.0.1, port: \(broker.port), client_id: edge, group: Works, edge_node: line-3 }"
        let diagnostics = Diagnostics(file: "plant.yaml")
        var reader = try #require(
            MappingReader(try YAML.parse(Array(text.utf8), file: "plant.yaml"), path: "", diagnostics: diagnostics))
        return try #require(EdgeSettings(reading: &reader, directory: ""))
    }

    @Test func anIndependentHostReadsOurEdgeNode() async throws {
        try await broker.start()
        let peer = try Peer("host", port: broker.port, directory: directory)
        try #require(await peer.isReady(), "\(peer.output)")
        let store = EdgeStore()
        await store.publish([
            PublishedTag(id: TagID(rawValue: 7), kind: .number, unit: "degC", device: "press-3", metric: "temperature"),
            PublishedTag(id: TagID(rawValue: 8), kind: .number, unit: "", device: nil, metric: "speed"),
        ])
        await store.add(7, [20.5])
        let edge = try EdgeBench(settings(), source: store)
        #expect(await edge.reaches(.online))
        await store.add(7, [21, 22])
        await store.add(8, [1_480])
        func messages(_ kind: String) -> [Line] { peer.lines.filter { $0.kind == kind } }
        #expect(await eventually { messages("NDATA").count == 1 && !messages("DDATA").isEmpty }, "\(peer.output)")

        let birth = try #require(messages("NBIRTH").first)
        #expect(birth.seq == 0 && birth.qos == 0 && birth.retained == false)
        #expect(birth.metrics?.map(\.name) == ["bdSeq", "Node Control/Rebirth", "speed"])
        #expect(birth.metrics?.map(\.type) == ["INT64", "BOOLEAN", "DOUBLE"])
        #expect(birth.metrics?[0].value == .number(0) && birth.metrics?[1].value == .flag(false))
        let device = try #require(messages("DBIRTH").first)
        #expect(device.seq == 1 && device.device == "press-3")
        #expect(
            device.metrics == [
                Line.Metric(name: "temperature", alias: 7, type: "DOUBLE", value: .number(20.5), historical: false)
            ])
        // By alias, with the type of the birth.
        let data = messages("DDATA").flatMap { $0.metrics ?? [] }
        #expect(data.map(\.name) == ["temperature", "temperature"])
        #expect(data.map(\.value) == [.number(21), .number(22)])

        // Nobody answers at the device; then somebody does.
        await store.add(7, [0], quality: .bad(.timedOut))
        #expect(await eventually { messages("DDEATH").map(\.device) == ["press-3"] }, "\(peer.output)")
        #expect(messages("DDEATH").first?.metrics ?? [] == [])
        await store.add(7, [23])
        #expect(
            await eventually {
                messages("DBIRTH").count == 2 && messages("DDATA").last?.metrics?[0].value == .number(23)
            })
        let sequences = peer.lines.compactMap(\.seq)
        #expect(sequences == Array(0..<sequences.count))

        // The broker goes, and what is stored meanwhile comes as historical.
        await broker.kill()
        #expect(await eventually { edge.status.state != .online })
        await store.add(7, (100..<400).map { Double($0) })
        try await broker.start()
        #expect(await eventually { edge.status.state == .online })
        await store.add(7, [999])
        func late() -> [Line.Metric] { peer.lines.flatMap { $0.metrics ?? [] }.filter(\.historical) }
        _ = await eventually { late().count >= 300 || edge.status.pending == 0 }
        // What went out before the peer was back it could not hear; our part is done when the broker has it all.
        #expect(edge.status.historical == 300)
        #expect(await eventually { edge.status.published == 6 })

        // Somebody else takes its name: the broker says that it is dead.
        let before = messages("NDEATH").count
        let thief = try FieldPublisher(id: "edge", port: broker.port)
        #expect(await eventually { messages("NDEATH").count > before }, "\(peer.output)")
        _ = thief.isConnected
        let death = try #require(messages("NDEATH").last)
        #expect(death.qos == 1 && death.retained == false && death.seq == nil)
        #expect(death.metrics?.map(\.name) == ["bdSeq"])
        await edge.stop()
        await peer.stop()
        await broker.stop()
        peerRow(
            "pysparkplug 0.6.1 as host",
            "births, data by alias, historical values, deaths of our edge node and its device read")
    }

    @Test func ourDriverReadsAnIndependentEdgeNode() async throws {
        try await broker.start()
        let bench = LinkBench(
            try link("- { name: scada, driver: sparkplug, host: 127.0.0.1, port: \(broker.port) }"))
        #expect(await bench.isConnected())
        let peer = try Peer("edge", port: broker.port, directory: directory)
        try #require(await peer.isReady(), "\(peer.output)")
        let control = try FieldPublisher(id: "control", port: broker.port)
        #expect(await eventually { await bench.numbers("Works/line-3/speed") == [-1_480] }, "\(peer.output)")
        #expect(await eventually { await bench.numbers("Works/line-3/press-3/temperature") == [20.5] })
        #expect(await bench.numbers("Works/line-3/press-3/on") == [1])
        #expect(await bench.last("Works/line-3/name")?.value == .text("line 3"))
        try control.publish("peer/command", Array("temperature 21.25".utf8))
        try control.publish("peer/command", Array("speed -7".utf8))
        #expect(await eventually { await bench.numbers("Works/line-3/press-3/temperature") == [20.5, 21.25] })
        #expect(await eventually { await bench.numbers("Works/line-3/speed") == [-1_480, -7] })
        // Its process ends without a goodbye, and the broker publishes its will. (What pysparkplug publishes itself when it is told
        // to leave carries the number of the connection after this one, which is no death of this one.)
        await peer.kill()
        #expect(
            await eventually { await bench.last("Works/line-3/press-3/on")?.quality == .bad(.deviceOffline) },
            "\(peer.output)")
        // It returns, and with it everything that it has.
        let again = try Peer("edge", port: broker.port, directory: directory)
        #expect(await eventually { await bench.last("Works/line-3/press-3/on")?.quality == .good }, "\(again.output)")
        #expect(await eventually { await bench.numbers("Works/line-3/speed").last == -1_480 })
        #expect(bench.counters.malformed.isEmpty, "\(bench.counters.malformed)")
        await again.kill()
        await bench.stop()
        await broker.stop()
        peerRow("pysparkplug 0.6.1 as edge node", "births, data, death and return read by our driver")
    }
}
