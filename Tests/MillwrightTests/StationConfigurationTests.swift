import Plant
import TestBench
import Testing
import YAML

@testable import millwright

@Suite struct StationConfigurationTests {
    /// What is found wrong with an entry of `stations:`, without the file's name.
    static func mistakes(_ text: String) throws -> [String] {
        let folder = try TempDirectory()
        try Files.write("", to: folder.file("m.mwplan"))
        let diagnostics = Diagnostics(file: "s")
        let node = try YAML.parse(Array(text.utf8), file: "s")
        var reader = try #require(MappingReader(node, path: "stations[0]", diagnostics: diagnostics))
        let definition = StationDefinition(reading: &reader, directory: folder.path)
        reader.finish()
        #expect((definition != nil) || !diagnostics.isEmpty)
        return diagnostics.text.split(separator: "\n").map { String($0.dropFirst(2)) }
    }

    struct Mistake: Sendable, CustomTestStringConvertible {
        var keys: String
        var line: String
        var testDescription: String { keys }
    }

    static let wrong = [
        Mistake(keys: "model: gone.mwplan", line: "stations[0].model: expected a file that is there and can be read"),
        Mistake(keys: "budget: 5m\nmodel: m.mwplan", line: "stations[0].budget: expected a duration"),
        Mistake(keys: "", line: "stations[0]: expected either model or recipes, found neither"),
        Mistake(
            keys: "model: m.mwplan\nrecipes: { tag: r, models: { \"1\": m.mwplan } }",
            line: "stations[0]: expected either model or recipes, found both"),
        Mistake(
            keys: "recipes: { tag: r, models: {} }",
            line: "stations[0].recipes.models: expected 1 to 1000 recipes, found 0"
        ),
        Mistake(
            keys: "model: m.mwplan\ntrigger: { tag: t, on: raise }",
            line: "stations[0].trigger.on: expected one of rise, change, found \"raise\"; did you mean `rise`?"),
        Mistake(
            keys: "model: m.mwplan\ngate: { tag: t, mqtt: { link: l, topic: t } }",
            line: "stations[0].gate: expected either tag or mqtt, found both"),
        Mistake(
            keys: "model: m.mwplan\ngate: { mqtt: { link: l, topic: \"a/#\" } }",
            line: "stations[0].gate.mqtt.topic: expected a topic without wildcards"),
        Mistake(
            keys: "model: m.mwplan\nalerts: { burst: { count: 1, of: 10 } }",
            line: "stations[0].alerts.burst.count: expected a whole number 2...1000, found \"1\""),
        Mistake(
            keys: "model: m.mwplan\nevidence: { good: 2 }",
            line: "stations[0].evidence.good: expected a number 0.0...1.0, found \"2\""),
    ]

    @Test(arguments: wrong) func eachMistakeIsNamed(_ mistake: Mistake) throws {
        let found = try Self.mistakes("id: press-3\npictures: cam\n\(mistake.keys)")
        #expect(found.contains { $0.contains(mistake.line) }, "\(found)")
    }

    @Test func whatIsNotSaidHasItsUsualValue() throws {
        let folder = try TempDirectory()
        try Files.write("", to: folder.file("m.mwplan"))
        let usual = try StationBench.definition("id: press-3\npictures: cam\nmodel: m.mwplan", folder.path)
        #expect(usual.budget == .milliseconds(100) && usual.gate == nil && usual.trigger == nil)
        #expect(usual.alerts == .init() && usual.evidence == .init() && usual.title.chinese == "press-3")
        let off = try StationBench.definition(
            """
            id: press-3
            pictures: cam
            model: m.mwplan
            evidence: never
            alerts: { reject_rate: never, burst: never, drift: never, not_judged: never }
            """, folder.path)
        #expect(off.evidence == nil && off.alerts.longest == 0 && off.alerts.drift == nil)
    }

    /// With the links of the plant: names that nothing declares, and what was probably meant.
    @Test func namesAreHeldAgainstTheLinks() throws {
        let folder = try StationBench.folder()
        try Files.write(
            StationBench.plant + """
                stations:
                  - { id: press-3, pictures: cam, model: board.mwplan, trigger: { tag: press.cuont } }
                  - { id: press-3, pictures: cam, model: board.mwplan, gate: { tag: press.part } }
                  - { id: press-4, pictures: other, model: board.mwplan, gate: { mqtt: { link: lime, topic: t } } }

                """, to: folder.file("plant.yaml"))
        let error = #expect(throws: ConfigurationError.self) {
            try PlantConfiguration.load(path: folder.file("plant.yaml"))
        }
        let text = "\(try #require(error))"
        for line in [
            "stations[0].pictures: expected a stream of pictures, and a link that brings one, found \"cam\"",
            "stations[0].trigger.tag: expected a tag that one of the links declares, found \"press.cuont\"; "
                + "did you mean `press.count`?",
            "stations[1].id: expected an id that no other station and no asset has, found press-3",
            "stations[1].pictures: expected each stream at one station, found \"cam\" again",
            "stations[1].gate.good: expected a value that a link allows to be written to \"press.part\", found 0.0",
            "stations[2].gate.mqtt.link: expected the name of a link with driver mqtt, found \"lime\"; did you mean `line`?",
        ] { #expect(text.contains(line), "\(line)\n\(text)") }
    }

    @Test func picturesThatNoStationJudgesAreNamed() throws {
        let folder = try StationBench.folder()
        let plant = """
            plant: { name: w, device: d }
            store: { directory: store }
            links:
              - { name: door, driver: http, port: 8090, pictures: [press-5.camera, press-6.camera] }
            stations:
              - { id: press-5, pictures: press-5.camera, model: board.mwplan }

            """
        func notices(_ text: String) throws -> [String] {
            try Files.write(text, to: folder.file("plant.yaml"))
            return try PlantConfiguration.load(path: folder.file("plant.yaml")).notices
        }
        #expect(
            try notices(plant) == [
                "link door: no station judges the pictures \"press-6.camera\""
            ])
        #expect(
            try notices(plant + "  - { id: press-6, pictures: press-6.camera, model: board.mwplan }\n").isEmpty)
    }
}
