import Drivers
import Plant
import Rig
import Sparkplug
import TestBench
import Testing
import YAML

/// Our edge node and our host at a real broker, against each other.
@Suite(.timeLimit(.minutes(3)))
struct SparkplugLinkTests {
    let directory: TempDirectory
    let broker: Broker

    init() throws {
        directory = try TempDirectory()
        broker = try Broker(directory: directory.path)
    }

    private static let tags = [
        PublishedTag(id: TagID(rawValue: 1), kind: .number, unit: "degC", device: "press-3", metric: "temperature"),
        PublishedTag(id: TagID(rawValue: 2), kind: .number, unit: "rpm", device: nil, metric: "speed"),
    ]
    private static let temperature = "Works/line-3/press-3/temperature"
    private static let speed = "Works/line-3/speed"

    private func edgeSettings(primaryHost: String? = nil, version: String = "3.1.1") throws -> EdgeSettings {
        try edgeSettings(
            "host: 127.0.0.1\nport: \(broker.port)\nclient_id: edge\nversion: \(version)", primaryHost: primaryHost)
    }

    private func edgeSettings(_ connection: String, primaryHost: String?) throws -> EdgeSettings {
        let text = """
            \(connection)
            group: Works
            edge_node: line-3
            \(primaryHost.map { "primary_host: \($0)" } ?? "")
            """
        let node = try YAML.parse(Array(text.utf8), file: "plant.yaml")
        let diagnostics = Diagnostics(file: "plant.yaml")
        var reader = try #require(MappingReader(node, path: "", diagnostics: diagnostics))
        let settings = EdgeSettings(reading: &reader, directory: "")
        reader.finish()
        #expect(diagnostics.isEmpty, "\(diagnostics.text)")
        return try #require(settings)
    }

    private func hostLink(at other: Broker? = nil, extra: String = "") throws -> LinkDefinition {
        try link(
            """
            - name: scada
              driver: sparkplug
              host: 127.0.0.1
              port: \((other ?? broker).port)
            \(extra)
            """)
    }

    private func store() async -> EdgeStore {
        let store = EdgeStore()
        await store.publish(Self.tags)
        return store
    }

    @Test func whatAnEdgeNodePublishesAHostStores() async throws {
        try await broker.start()
        let store = await store()
        await store.add(1, [20])
        let host = LinkBench(try hostLink())
        #expect(await host.isConnected())
        let edge = try EdgeBench(edgeSettings(), source: store)
        #expect(await eventually { await host.numbers(Self.temperature) == [20] })
        await store.add(1, [21, 22])
        await store.add(2, [1_480])
        #expect(await eventually { await host.numbers(Self.temperature) == [20, 21, 22] })
        #expect(await eventually { await host.numbers(Self.speed) == [1_480] })
        #expect(
            await host.tags.definitions.sorted { $0.name < $1.name } == [
                TagDefinition(name: Self.temperature, unit: "degC", kind: .number),
                TagDefinition(name: Self.speed, unit: "rpm", kind: .number),
            ])
        #expect(await host.last(Self.temperature)?.sourceTime == WallTime(nanoseconds: 1_700_000_000_002_000_000))
        #expect(edge.status.published == 3 && edge.status.births == 1)
        await edge.stop()
        // It said goodbye.
        #expect(await eventually { await host.last(Self.temperature)?.quality == .bad(.deviceOffline) })
        #expect(host.counters.malformed.isEmpty)
        await host.stop()
        await broker.stop()
    }

    /// The host comes later, and asks for the births that it has not heard.
    @Test func aHostThatComesLaterAsksForBirths() async throws {
        try await broker.start()
        let store = await store()
        await store.add(1, [20])
        let edge = try EdgeBench(edgeSettings(), source: store)
        #expect(await edge.reaches(.online))
        let host = LinkBench(try hostLink())
        #expect(await host.isConnected())
        await store.add(1, [21])
        #expect(await eventually { await host.numbers(Self.temperature).contains(21) })
        #expect(edge.status.rebirths >= 1)
        #expect(host.counters.malformed == ["no_birth": 1])
        await edge.stop()
        await host.stop()
        await broker.stop()
    }

    @Test func whatIsStoredWhileTheBrokerIsAwayIsSentLaterInOrder() async throws {
        try await broker.start()
        let store = await store()
        let host = LinkBench(try hostLink(extra: "  host_id: scada"))
        let edge = try EdgeBench(edgeSettings(primaryHost: "scada"), source: store)
        #expect(await host.isConnected())
        #expect(await edge.reaches(.online))
        await store.add(1, [1])
        #expect(await eventually { await host.numbers(Self.temperature).contains(1) })
        await broker.kill()
        #expect(await eventually { edge.status.state != .online })
        await store.add(1, (2...1_200).map { Double($0) })
        try await broker.start()
        #expect(await eventually { edge.status.state == .online && edge.status.pending == 0 })
        await store.add(1, [5_000])
        #expect(await eventually { await host.numbers(Self.temperature).contains(5_000) })
        // Those that are flagged as historical, once each and in order; the birth had the newest of them.
        let late = await host.samples(Self.temperature).filter { $0.quality == .uncertain(.outOfOrder) }
        let values = late.map(\.value)
        #expect(values == (2...1_200).map { .number(Double($0)) }, "\(values.count)")
        #expect(edge.status.historical == 1_199 && edge.status.reconnects >= 1)
        await edge.stop()
        await host.stop()
        await broker.stop()
    }

    /// No host, no birth; and what is stored until it comes is sent as historical.
    @Test func waitsForItsPrimaryHost() async throws {
        try await broker.start()
        let store = await store()
        let edge = try EdgeBench(edgeSettings(primaryHost: "scada"), source: store)
        #expect(await edge.reaches(.waitingForHost))
        let listener = LinkBench(try hostLink(extra: "  client_id: listener"))
        #expect(await listener.isConnected())
        await store.add(1, [1, 2, 3])

        let host = LinkBench(try hostLink(extra: "  host_id: scada"))
        #expect(await edge.reaches(.online))
        #expect(edge.status.isHostOnline == true)
        #expect(await eventually { await host.last(Self.temperature) != nil && edge.status.pending == 0 })
        await store.add(1, [4])
        #expect(await eventually { await host.numbers(Self.temperature).contains(4) })

        // The host goes; its edge node says that it is dead, and waits.
        await host.stop()
        #expect(await edge.reaches(.waitingForHost))
        #expect(await eventually { await listener.last(Self.temperature)?.quality == .bad(.deviceOffline) })
        await store.add(1, (10...20).map { Double($0) })
        let second = LinkBench(try hostLink(extra: "  host_id: scada"))
        #expect(await edge.reaches(.online))
        #expect(await eventually { edge.status.pending == 0 })
        await store.add(1, [99])
        #expect(await eventually { await second.numbers(Self.temperature).contains(99) })
        let late = await second.samples(Self.temperature).filter { $0.quality == .uncertain(.outOfOrder) }
        #expect(late.map(\.value) == (10...20).map { .number(Double($0)) })
        #expect(late.map(\.time) == late.map(\.time).sorted())
        await edge.stop()
        await second.stop()
        await listener.stop()
        await broker.stop()
    }

    /// A crash of the host: the broker says in its name that it is away.
    @Test func theWillOfAHostStopsItsEdgeNode() async throws {
        try await broker.start()
        let store = await store()
        let publisher = try FieldPublisher(id: "other-host", port: broker.port)
        try publisher.publish(
            "spBv1.0/STATE/scada", Array("{\"online\":true,\"timestamp\":100}".utf8), retain: true)
        try await publisher.flush()
        let edge = try EdgeBench(edgeSettings(primaryHost: "scada"), source: store)
        #expect(await edge.reaches(.online))
        // The will of an earlier connection says nothing about this one.
        try publisher.publish("spBv1.0/STATE/scada", Array("{\"online\":false,\"timestamp\":99}".utf8))
        try await publisher.flush()
        await store.add(1, [1])
        #expect(await eventually { edge.status.published == 1 })
        #expect(edge.status.state == .online)
        try publisher.publish(
            "spBv1.0/STATE/scada", Array("{\"online\":false,\"timestamp\":100}".utf8), retain: true)
        #expect(await edge.reaches(.waitingForHost))
        #expect(edge.status.isHostOnline == false)
        await edge.stop()
        await broker.stop()
    }

    @Test func aHostOfTheOlderVersionIsHeard() async throws {
        try await broker.start()
        let store = await store()
        let edge = try EdgeBench(edgeSettings(primaryHost: "old"), source: store)
        #expect(await edge.reaches(.waitingForHost))
        let publisher = try FieldPublisher(id: "other-host", port: broker.port)
        try publisher.publish("STATE/old", Array("ONLINE".utf8), retain: true)
        #expect(await edge.reaches(.online))
        try publisher.publish("STATE/old", Array("OFFLINE".utf8), retain: true)
        #expect(await edge.reaches(.waitingForHost))
        await edge.stop()
        await broker.stop()
    }

    /// Somebody says in the name of a host that it is away: it says at once that it is not.
    @Test func aHostThatIsSaidToBeAwaySaysThatItIsThere() async throws {
        try await broker.start()
        let store = await store()
        let host = LinkBench(try hostLink(extra: "  host_id: scada"))
        #expect(await host.isConnected())
        let edge = try EdgeBench(edgeSettings(primaryHost: "scada"), source: store)
        #expect(await edge.reaches(.online))
        let publisher = try FieldPublisher(id: "liar", port: broker.port)
        try publisher.publish("spBv1.0/STATE/scada", Array("{\"online\":false,\"timestamp\":9999999999999}".utf8))
        // The edge node has left, and comes back: what the liar said the broker has not kept, the host's own word it has.
        #expect(await eventually { edge.status.births >= 2 && edge.status.state == .online })
        await edge.stop()
        await host.stop()
        await broker.stop()
    }

    @Test(arguments: ["3.1.1", "5"]) func aClientIDUsedTwiceIsReported(_ version: String) async throws {
        try await broker.start()
        let edges = [
            try EdgeBench(edgeSettings(version: version), source: await store()),
            try EdgeBench(edgeSettings(version: version), source: await store()),
        ]
        for edge in edges {
            #expect(
                await eventually { edge.status.lastError?.contains("client_id \"edge\"") == true },
                "\(edge.status.lastError ?? "")")
        }
        // Whoever is left has the name for itself.
        await edges[0].stop()
        #expect(await edges[1].reaches(.online))
        await edges[1].stop()
        await broker.stop()
    }

    @Test func eachConnectionHasItsNumberAlsoAfterARestart() async throws {
        try await broker.start()
        let store = await store()
        var numbers: [UInt8?] = []
        for _ in 0..<3 {
            let edge = try EdgeBench(edgeSettings(), source: store)
            #expect(await edge.reaches(.online))
            numbers.append(edge.status.bdSeq)
            await edge.stop()
        }
        #expect(numbers == [0, 1, 2])
        #expect(await store.kept.bdSeq == 2)
        await broker.stop()
    }

    /// Sent, and the place could not be kept: it is sent again, and nothing is left out.
    @Test func aStoreThatRefusesLosesNothing() async throws {
        try await broker.start()
        let store = await store()
        let host = LinkBench(try hostLink())
        #expect(await host.isConnected())
        let edge = try EdgeBench(edgeSettings(), source: store)
        #expect(await edge.reaches(.online))
        await store.refuseSaves(after: 0)
        await store.add(1, [1, 2, 3])
        #expect(await eventually { edge.status.lastError != nil })
        await store.refuseSaves(after: .max / 2)
        #expect(
            await eventually { edge.status.state == .online && edge.status.pending == 0 && edge.status.births >= 2 })
        #expect(await eventually { Set(await host.numbers(Self.temperature)) == [1, 2, 3] })
        await edge.stop()
        await host.stop()
        await broker.stop()
    }

    @Test func aNewTagIsBornBeforeItsFirstValue() async throws {
        try await broker.start()
        let store = await store()
        let host = LinkBench(try hostLink())
        #expect(await host.isConnected())
        let edge = try EdgeBench(edgeSettings(), source: store)
        #expect(await edge.reaches(.online))
        await store.publish(
            Self.tags + [PublishedTag(id: TagID(rawValue: 9), kind: .number, unit: "", device: "saw", metric: "load")])
        await store.add(9, [7])
        #expect(await eventually { await host.numbers("Works/line-3/saw/load").contains(7) })
        #expect(host.counters.malformed.isEmpty)
        await edge.stop()
        await host.stop()
        await broker.stop()
    }

    @Test func aDeviceThatIsLostDiesAndComesBack() async throws {
        try await broker.start()
        let store = await store()
        let host = LinkBench(try hostLink())
        #expect(await host.isConnected())
        await store.add(1, [20])
        let edge = try EdgeBench(edgeSettings(), source: store)
        #expect(await eventually { await host.numbers(Self.temperature) == [20] })
        await store.add(1, [0], quality: .bad(.timedOut))
        #expect(await eventually { await host.last(Self.temperature)?.quality == .bad(.deviceOffline) })
        #expect(edge.status.deviceDeaths == 1)
        await store.add(2, [1_480])
        #expect(await eventually { await host.numbers(Self.speed).contains(1_480) })
        await store.add(1, [21])
        #expect(await eventually { await host.numbers(Self.temperature).contains(21) })
        #expect(host.counters.malformed.isEmpty && edge.status.births == 1)
        await edge.stop()
        await host.stop()
        await broker.stop()
    }

    /// The first broker goes, and the edge node turns to the next one: with another number, and nothing is lost.
    @Test func anEdgeNodeTurnsToTheNextBroker() async throws {
        let elsewhere = try TempDirectory()
        let second = try Broker(directory: elsewhere.path)
        try await broker.start()
        try await second.start()
        let store = await store()
        let settings = try edgeSettings(
            "brokers: [ { host: 127.0.0.1, port: \(broker.port) }, { host: 127.0.0.1, port: \(second.port) } ]",
            primaryHost: nil)
        let host = LinkBench(try hostLink(at: second))
        #expect(await host.isConnected())
        await store.add(1, [1])
        let edge = try EdgeBench(settings, source: store)
        #expect(await edge.reaches(.online))
        #expect(edge.status.broker == "127.0.0.1:\(broker.port)" && edge.status.bdSeq == 0)
        await broker.kill()
        #expect(await eventually { edge.status.broker == "127.0.0.1:\(second.port)" && edge.status.births == 2 })
        #expect(edge.status.bdSeq == 1)
        await store.add(1, [2])
        #expect(await eventually { await host.numbers(Self.temperature).contains(2) })
        // Back at the first one when the second one goes.
        try await broker.start()
        await second.kill()
        #expect(await eventually { edge.status.broker == "127.0.0.1:\(broker.port)" && edge.status.births == 3 })
        await edge.stop()
        await host.stop()
        await broker.stop()
    }

    /// A host that is at one of the brokers only is looked for at each of them.
    @Test func theBrokerOfThePrimaryHostIsFound() async throws {
        let elsewhere = try TempDirectory()
        let second = try Broker(directory: elsewhere.path)
        try await broker.start()
        try await second.start()
        // What a host said that has left the first broker.
        let publisher = try FieldPublisher(id: "old-host", port: broker.port)
        try publisher.publish("spBv1.0/STATE/scada", Array("{\"online\":false,\"timestamp\":100}".utf8), retain: true)
        try await publisher.flush()
        let listener = LinkBench(try hostLink(extra: "  client_id: listener"))
        #expect(await listener.isConnected())
        let store = await store()
        let host = LinkBench(try hostLink(at: second, extra: "  host_id: scada"))
        #expect(await host.isConnected())
        await store.add(1, [1])
        let edge = try EdgeBench(
            edgeSettings(
                "brokers: [ { host: 127.0.0.1, port: \(broker.port) }, { host: 127.0.0.1, port: \(second.port) } ]",
                primaryHost: "scada"), source: store)
        #expect(await eventually(within: .seconds(30)) { edge.status.state == .online })
        #expect(edge.status.broker == "127.0.0.1:\(second.port)")
        #expect(await eventually { await host.numbers(Self.temperature) == [1] })
        // Nothing was born where the host is not.
        #expect(await listener.last(Self.temperature) == nil)
        await edge.stop()
        await host.stop()
        await listener.stop()
        await second.stop()
        await broker.stop()
    }

    /// Rubbish in every topic of the namespace is counted, and a sound message after it is read.
    @Test func rubbishIsCountedAndTheNextMessageRead() async throws {
        try await broker.start()
        let host = LinkBench(try hostLink())
        #expect(await host.isConnected())
        let publisher = try FieldPublisher(id: "rubbish", port: broker.port)
        for kind in SparkplugTopic.Kind.allCases {
            let topic = "spBv1.0/Works/\(kind.rawValue)/line-3" + (kind.isOfDevice ? "/press-3" : "")
            for payload in [[0x12, 0xFF], Array(repeating: 0xFF, count: 70_000), [0x12, 0x01]] as [[UInt8]] {
                try publisher.publish(topic, payload)
            }
        }
        try await publisher.flush()
        #expect(await eventually { host.counters.malformed["sparkplug"] == 24 })
        let store = await store()
        await store.add(1, [3])
        let edge = try EdgeBench(edgeSettings(), source: store)
        #expect(await eventually { await host.numbers(Self.temperature) == [3] })
        await edge.stop()
        await host.stop()
        await broker.stop()
    }
}
