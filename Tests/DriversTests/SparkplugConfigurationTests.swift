import Drivers
import Plant
import TestBench
import Testing
import YAML

@Suite struct SparkplugConfigurationTests {
    @Test func readsEveryKey() throws {
        let definition = try link(
            """
            - name: scada
              driver: sparkplug
              host: broker
              nodes: [ { group: Works, edge: line-3 }, { group: Other } ]
              metrics:
                - { group: Works, edge: line-3, device_id: press, metric: "Motor 1/Temp", tag: press.temperature, unit: degC }
                - { group: Works, edge: line-3, metric: wave, tag: press.v, unit: g, type: waveform, samples: 4, rate: 100 }
              others: true
              node_tag: "{edge}.{metric}"
              device_tag: "{edge}.{device}.{metric}"
              host_id: scada
              reorder: 5s
            """)
        #expect(definition.tags.map(\.name) == ["press.temperature", "press.v"])
        #expect(definition.settings.mayMake(tag: "line-3.speed"))
        #expect(!definition.settings.mayMake(tag: "speed"))
    }

    @Test(arguments: [
        ("brokers: []", "a list of 1 to 8 brokers"), ("brokers: [ { port: 1 } ]", "host"),
        ("brokers: [ { host: a }, { host: a } ]", "client_id"), ("host: a, brokers: [ { host: b } ]", "the key"),
    ])
    func saysWhatIsWrongWithBrokers(_ line: String, _ words: String) throws {
        let node = try YAML.parse(Array("{ group: g, edge_node: e, \(line) }".utf8), file: "plant.yaml")
        let diagnostics = Diagnostics(file: "plant.yaml")
        var reader = try #require(MappingReader(node, path: "", diagnostics: diagnostics))
        _ = EdgeSettings(reading: &reader, directory: "")
        reader.finish()
        #expect(diagnostics.text.contains(words), "\(diagnostics.text)")
    }

    @Test(arguments: [
        ("nodes: [ { group: a+b } ]", "a name of 1 to 256 bytes"),
        ("nodes: [ { group: a }, { edge: b } ]", "the broker would send twice"),
        ("nodes: []", "a list of 1 to 100"), ("node_tag: \"{device}\"", "{group}, {edge}, {metric}"),
        ("metrics: [ { group: a, edge: b, metric: c, tag: \"?\" } ]", "a tag name"),
        ("metrics: [ { group: a, edge: b, metric: c, tag: d, type: waveform } ]", "samples"),
        ("reorder: 1ms", "a duration"), ("hostid: x", "the key"),
    ])
    func saysWhatIsWrong(_ line: String, _ words: String) throws {
        let (_, diagnostics) = try links(
            "- { name: a, driver: sparkplug, host: h }\n".replacing("h }", with: "h, \(line) }"))
        #expect(diagnostics.text.contains(words), "\(diagnostics.text)")
    }
}
