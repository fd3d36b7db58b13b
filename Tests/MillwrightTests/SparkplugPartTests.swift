import Drivers
import Plant
import Rig
import Sparkplug
import TestBench
import Testing

@testable import millwright

@Suite struct SparkplugSectionTests {
    private func load(_ section: String, extra: String = "") throws -> PlantConfiguration {
        let folder = try TempDirectory()
        let path = folder.file("plant.yaml")
        try Files.write(ConfigurationTests.good + "sparkplug:\n\(section)\n", to: path)
        return try PlantConfiguration.load(path: path)
    }

    private static let known: [String: (id: TagID, definition: TagDefinition)] = {
        let names: [(String, TagDefinition.Kind)] = [
            ("pump-7.vibration", .waveform(samples: 4_096, rateHertz: 12_800)), ("pump-7.speed", .number),
            ("pump-7.score", .number), ("press-3.temperature", .number), ("press-3.temp.raw", .number),
            ("press-3.recipe", .text), ("other", .number), ("speed", .number),
        ]
        return Dictionary(
            names.enumerated().map { index, pair in
                let definition = TagDefinition(name: pair.0, unit: index == 3 ? "degC" : "", kind: pair.1)
                return (pair.0, (TagID(rawValue: Int32(index)), definition))
            }
        ) { first, _ in first }
    }()

    @Test func theFirstRuleThatFitsATagNamesItsMetric() throws {
        let configuration = try load(
            """
              link: sensors
              group: Works
              edge_node: box-1
              primary_host: scada
              tags:
                - { asset: pump-7 }
                - { match: "press-3.t*", device: press-3, remove: "press-3.", deadband: 0.5 }
                - { match: "*.recipe" }
            """)
        let section = try #require(configuration.sparkplug)
        #expect(section.edge.node == SparkplugNode(group: "Works", edge: "box-1"))
        #expect(section.edge.primaryHost == "scada")
        let tags = section.tags(Self.known, assets: configuration.assets)
        #expect(
            tags.published.map { "\($0.device ?? "-") \($0.metric)" } == [
                "pump-7 speed", "pump-7 score", "press-3 temp.raw", "press-3 temperature", "- press-3.recipe",
            ])
        #expect(tags.published.map(\.unit) == ["", "", "", "degC", ""])
        #expect(tags.known.count == Self.known.count)
        #expect(Set(tags.thinning.keys) == [TagID(rawValue: 3), TagID(rawValue: 4)])
    }

    @Test func waveformsGoOutOnlyWhenSomebodySaysSo() throws {
        func published(_ more: String) throws -> [String] {
            let configuration = try load(
                "  { host: h, group: a, edge_node: b, tags: [ { match: \"*\" } ]\(more) }")
            return try #require(configuration.sparkplug).tags(Self.known, assets: []).published.map(\.metric)
        }
        #expect(try !published("").contains("pump-7.vibration"))
        #expect(try published(", waveforms: true").contains("pump-7.vibration"))
        #expect(try published("").count == 7)
    }

    @Test func twoTagsOfOneNameAreToldApart() throws {
        let configuration = try load(
            """
              host: h
              group: a
              edge_node: b
              tags:
                - { match: "other", remove: "other" }
                - { match: "press-3.temp.raw", remove: "press-3.temp.ra" }
                - { match: "pump-7.speed", remove: "pump-7.", device: d }
                - { match: "speed", device: d }
            """)
        let metrics = try #require(configuration.sparkplug).tags(Self.known, assets: []).published.map(\.metric)
        #expect(metrics == ["other", "w", "speed", "speed#7"])
    }

    @Test(arguments: [
        ("link: nobody", "match: a", "sparkplug.link: expected the name of a link with driver mqtt or sparkplug"),
        ("link: drive", "match: a", "sparkplug.link: expected the name of a link with driver mqtt or sparkplug"),
        ("link: sensors", "asset: pump-8", "sparkplug.tags[0].asset: expected the id of one of the assets"),
        ("link: sensors", "asset: pump-7, device: x", "only beside match"),
        ("link: sensors", "device: x", "either match or asset"), ("hots: h", "match: a", "sparkplug.hots"),
    ])
    func saysWhatIsWrong(_ broker: String, _ rule: String, _ words: String) throws {
        let error = try #require(throws: ConfigurationError.self) {
            try load("  { \(broker), group: a, edge_node: b, tags: [ { \(rule) } ] }")
        }
        #expect(error.description.contains(words), "\(error)")
    }
}

/// The daemon as an edge node: what it takes from a broker, it publishes at the same one.
@Suite(.serialized, .timeLimit(.minutes(3))) struct SparkplugDaemonTests {
    @Test func theDaemonPublishesWhatItStoresAndGoesOnAfterAKill() async throws {
        let folder = try TempDirectory()
        let broker = try Broker(directory: folder.path)
        try await broker.start()
        let daemon = try DaemonTests.RunningDaemon()
        let links = """
            \(DaemonTests.mqtt(port: broker.port))
              - { name: scada, driver: sparkplug, host: 127.0.0.1, port: \(broker.port), node_tag: "echo.{metric}" }
            """
        let section = """
            sparkplug:
              link: sensors
              group: Works
              edge_node: box-1
              tags: [ { match: "t.*" } ]
            """
        try daemon.configure(links: links, extra: section)
        try daemon.start()
        try await daemon.waits("the edge node") { report in
            report.sparkplug?.state == "online" && report.links.allSatisfy { $0.state == "connected" }
        }
        let publisher = try FieldPublisher(id: "test", port: broker.port)
        for value in 1...5 { try publisher.publish("t/a", Array("\(value)".utf8)) }
        try await publisher.flush()
        try await daemon.waits("five values out") { ($0.sparkplug?.published ?? 0) + 1 >= 5 }
        // Each comes in twice: from the sensor, and as a metric of the edge node.
        try await daemon.waits("and in again") { report in
            report.links.first { $0.name == "scada" }?.counters["stored", default: 0] ?? 0 >= 5
        }
        let status = try #require(daemon.report())
        #expect(
            StatusCommand.text(status, isRunning: true, now: WallTime(nanoseconds: 0)).contains(
                "sparkplug Works/box-1: online, "))
        #expect(status.sparkplug?.bdSeq == 0)

        daemon.child?.kill()
        _ = await daemon.child?.waitForExit()
        for value in 6...9 { try publisher.publish("t/a", Array("\(value)".utf8)) }
        try await publisher.flush()
        try daemon.start()
        try await daemon.waits("the next connection") { report in
            report.sparkplug?.state == "online" && report.sparkplug?.bdSeq == 1 && report.sparkplug?.pending == 0
        }
        try await daemon.waits("the values of the absence") { report in
            report.sparkplug.map { $0.published + $0.historical >= 3 } ?? false
        }
        _ = await daemon.stop()
        await broker.stop()
    }
}
