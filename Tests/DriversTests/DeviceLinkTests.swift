import FoundationEssentials
import Plant
import TestBench
import Testing
import YAML

@testable import Drivers

/// `device` and `prefix` in a configuration: what a map brings, and where its mistakes are.
@Suite struct DeviceLinkTests {
    static let meter = """
        device: { vendor: Example, model: M1, kind: power meter, source: "a test", verified: false }
        max_registers: 20
        values:
          - { tag: power, registers: input, at: 0, type: float32, unit: W }
          - { tag: energy, registers: input, at: 2, type: float32, unit: kWh }
        capture:
          - { registers: input, at: 0, words: [0x0000], means: { power: 0 }, source: "a test" }
        """

    static let plug = """
        device: { vendor: Example, model: P1, kind: plug, source: "a test", verified: false }
        topics:
          - { topic: plugs/+/power, payload: number, tag: "{1}.power", unit: W }
        """

    /// Reads links beside the two maps and one more.
    private func read(_ yaml: String, map: String = "") throws -> (links: [LinkDefinition], text: String) {
        let directory = try TempDirectory()
        for (name, text) in [("meter.yaml", Self.meter), ("plug.yaml", Self.plug), ("other.yaml", map)] {
            try Data(text.utf8).write(to: URL(filePath: directory.file(name)))
        }
        let diagnostics = Diagnostics(file: "plant.yaml")
        let links = Drivers.links(
            reading: try YAML.parse(Array(yaml.utf8), file: "plant.yaml"), path: "links", directory: directory.path,
            diagnostics: diagnostics)
        return (links, diagnostics.text.replacing(directory.path, with: "DIR"))
    }

    private func modbus(_ keys: String) -> String {
        "- { name: a, driver: modbus-tcp, host: h, \(keys) }"
    }

    @Test func aMapStandsInTheLinkWithItsPrefix() throws {
        let (links, text) = try read(modbus("device: meter.yaml, prefix: press-3."))
        #expect(text == "")
        #expect(links.first?.tags.map(\.name) == ["press-3.power", "press-3.energy"])
    }

    @Test func aMapThatIsNotBesideTheConfigurationComesFromTheInstallation() throws {
        let (plant, installed) = (try TempDirectory(), try TempDirectory())
        for (name, text) in [("meter.yaml", Self.meter), ("plug.yaml", Self.plug)] {
            try Data(text.utf8).write(to: URL(filePath: installed.file(name)))
        }
        // The plant's own map of that name goes before.
        try Data(Self.meter.replacing("energy", with: "work").utf8).write(to: URL(filePath: plant.file("meter.yaml")))
        func read(_ yaml: String) throws -> (tags: [String], text: String) {
            let diagnostics = Diagnostics(file: "plant.yaml")
            let links = Drivers.links(
                reading: try YAML.parse(Array(yaml.utf8), file: "plant.yaml"), path: "links", directory: plant.path,
                shared: installed.path, diagnostics: diagnostics)
            return (links.flatMap { $0.tags.map(\.name) }, diagnostics.text)
        }
        #expect(try read(modbus("device: meter.yaml")).tags == ["power", "work"])
        let plug = try read("- { name: b, driver: mqtt, host: h, topics: [ { device: plug.yaml } ] }")
        #expect(plug.text == "")
        #expect(try read(modbus("device: absent.yaml")).text.contains("\(plant.path)/absent.yaml: No such file"))
    }

    @Test func theLinksOwnKeysCountAndListsAreJoined() throws {
        let own = "max_registers: 2, values: [ { tag: own, registers: input, at: 9, type: uint16 } ]"
        let (links, text) = try read(modbus("device: meter.yaml, prefix: p., \(own)"))
        #expect(text == "")
        let settings = try #require(links.first?.settings as? ModbusSettings)
        #expect(Set(settings.tags.map(\.name)) == ["p.power", "p.energy", "own"])
        #expect(settings.blocks.count == 3)
    }

    @Test func oneMapServesSeveralLinksWithPrefixesOfTheirOwn() throws {
        let (links, text) = try read(
            """
            - { name: a, driver: modbus-tcp, host: h, unit: 1, device: meter.yaml, prefix: a. }
            - { name: b, driver: modbus-tcp, host: h, unit: 2, device: meter.yaml, prefix: b. }
            """)
        #expect(text == "")
        #expect(links.flatMap(\.tags).map(\.name) == ["a.power", "a.energy", "b.power", "b.energy"])
        #expect(links.count == 2 && links[0].fingerprint != links[1].fingerprint)
    }

    @Test func anEntryOfTopicsStandsForTheTopicsOfAMap() throws {
        let (links, text) = try read(
            """
            - name: workshop
              driver: mqtt
              host: h
              topics:
                - { device: plug.yaml, prefix: hall2. }
                - { topic: a/b, payload: number, tag: own }
            """)
        #expect(text == "")
        let settings = try #require(links.first?.settings as? MQTTSettings)
        #expect(settings.topics.map(\.filter.text) == ["plugs/+/power", "a/b"])
        #expect(settings.mayMake(tag: "hall2.kettle.power"))
    }

    @Test func aMistakeInAMapIsSaidWithItsFileAndLine() throws {
        let map = """
            device: { vendor: Example }
            values:
              - { tag: power, registers: input, at: 0, type: float31 }
            """
        let (links, text) = try read(modbus("device: other.yaml"), map: map)
        #expect(links.isEmpty)
        #expect(text.hasPrefix("DIR/other.yaml:3:50: links[0].values[0].type: expected one of"), "\(text)")
    }

    @Test func aTagThatAMapTakesASecondTimeIsSaidWithBothPlaces() throws {
        let (_, text) = try read(
            """
            - { name: a, driver: modbus-tcp, host: h, unit: 1, device: meter.yaml }
            - name: b
              driver: modbus-tcp
              host: h
              unit: 2
              values: [ { tag: power, registers: input, at: 0, type: uint16 } ]
            """)
        #expect(text.hasPrefix("plant.yaml:6:20: links[1].values[0].tag:"), "\(text)")
        #expect(text.hasSuffix("(first at line 4 of DIR/meter.yaml)"), "\(text)")
    }

    @Test(arguments: [
        ("device: nowhere.yaml", "plant.yaml:1:51: links[0].device: expected the file of a device map, found"),
        ("device: [a]", "plant.yaml:1:51: links[0].device: expected a text, found a list of 1"),
        ("device: other.yaml", "plant.yaml:1:51: links[0].device: expected a device map, which says `device:`"),
        ("device: meter.yaml, prefix: '3 '", "plant.yaml:1:71: links[0].prefix: expected the beginning of a tag name"),
        ("device: plug.yaml", "DIR/plug.yaml:2:1: links[0].topics: expected one of the keys"),
        ("prefix: p.", "plant.yaml:1:43: links[0].prefix: expected one of the keys"),
    ])
    func whatIsNoMapIsSaid(_ keys: String, _ message: String) throws {
        let (links, text) = try read(modbus(keys), map: "values: []\n")
        #expect(links.isEmpty)
        #expect(text.split(separator: "\n").contains { $0.hasPrefix(message) }, "\(text)")
    }

    @Test func aMapThatIsNoYAMLSaysWhere() throws {
        let (_, text) = try read(modbus("device: other.yaml"), map: "device: {\n")
        #expect(text.contains("DIR/other.yaml:2:1: not YAML"), "\(text)")
    }

    @Test func aMapWithoutEndIsNotRead() throws {
        let (_, text) = try read(
            modbus("device: other.yaml"), map: String(repeating: "# nothing here\n", count: 20_000))
        #expect(text.contains("more than \(DeviceMaps.maxBytes) bytes"), "\(text)")
    }
}
