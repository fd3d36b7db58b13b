import Alerts
import Drivers
import Plant
import TestBench
import Testing
import Watch

@testable import millwright

@Suite struct ConfigurationTests {
    static let goodKey = String(repeating: "ab", count: 32)

    static let good = """
        plant: { name: Works, device: box-1 }
        store: { directory: store }
        links:
          - name: sensors
            driver: mqtt
            host: 127.0.0.1
            topics:
              - { topic: v, tag: pump-7.vibration, payload: waveform, format: int16-le, samples: 4096, rate: 12800 }
              - { topic: "hall/+/temperature", tag: "{1}.temperature", payload: number, unit: degC }
          - name: drive
            driver: modbus-tcp
            host: 127.0.0.1
            blocks:
              - registers: holding
                at: 0
                values:
                  - { tag: pump-7.speed, at: 0, type: float32, unit: rpm }
        assets:
          - id: pump-7
            pack: rotating-machine
            inputs:
              vibration: pump-7.vibration
              speed: pump-7.speed
        alerts:
          language: both
          mqtt: { link: sensors, topic: "alerts/{asset}" }
        registry:
          url: https://registry.example:8443
          token_file: device.token
          trusted_keys: ["\(goodKey)"]

        """

    /// One thing changed in the good configuration, and the lines that say so, without the file's name.
    struct Mistake: Sendable, CustomTestStringConvertible {
        var name: String
        var replace: String
        var by: String
        var lines: [String]
        var testDescription: String { name }

        init(_ name: String, _ replace: String, _ by: String, _ lines: String...) {
            (self.name, self.replace, self.by, self.lines) = (name, replace, by, lines)
        }
    }

    static let mistakes = [
        Mistake(
            "a key that is nearly one", "driver: mqtt\n    host", "driver: mqtt\n    prot: 1883\n    host",
            "6:5: links[0].prot: expected one of the keys name, driver, host, tls, port, client_id, keep_alive, "
                + "username, password_file, version, session_expiry, will, topics, found the key \"prot\"; did you mean `port`?"
        ),
        Mistake(
            "a key that is none", "plant:", "plnat: 1\nplant:",
            "1:1: plnat: expected one of the keys plant, store, links, watch, assets, stations, alerts, registry, "
                + "sparkplug, accelerator, loss, "
                + "found the key \"plnat\"; did you mean `plant`?"),
        Mistake(
            "a loss of alerts", "store: { directory: store }", "store: { directory: store }\nloss: { alerts: 1 }",
            "3:17: loss.alerts: expected 0, because an alert is never lost, found 1"),
        Mistake(
            "a key twice", "  url: https", "  url: http://a\n  url: https",
            "29:3: registry.url: expected each key once, found it again (first at line 28)"),
        Mistake(
            "a word for a number", "driver: mqtt\n    host", "driver: mqtt\n    port: http\n    host",
            "6:11: links[0].port: expected a whole number 1...65535, found \"http\""),
        Mistake(
            "a number in quotes", "driver: mqtt\n    host", "driver: mqtt\n    port: \"1883\"\n    host",
            "6:11: links[0].port: expected a whole number 1...65535, found the text \"1883\""),
        Mistake(
            "a list for a mapping", "plant: { name: Works, device: box-1 }", "plant: [Works]",
            "1:8: plant: expected a mapping (key: value), found a list of 1"),
        Mistake(
            "a driver that is none", "driver: mqtt", "driver: mqt",
            "5:13: links[0].driver: expected one of mqtt, sparkplug, modbus-tcp, modbus-rtu, modbus-rtu-over-tcp, folder, "
                + "http, camera, found \"mqt\"; did you mean `mqtt`?"),
        Mistake(
            "a tag of two links", "tag: pump-7.speed", "tag: pump-7.vibration",
            "17:20: links[1].blocks[0].values[0].tag: expected each of these once, found the tag "
                + "\"pump-7.vibration\" again (first at line 8)",
            "23:14: assets[0].inputs.speed: expected a tag that one of the links declares, found \"pump-7.speed\""),
        Mistake(
            "two masters of one slave", "assets:\n",
            """
              - name: drive-2
                driver: modbus-tcp
                host: 127.0.0.1
                blocks:
                  - { registers: coils, at: 0, values: [ { tag: b.running, at: 0 } ] }
            assets:

            """,
            "20:11: links[2].unit: expected each of these once, found the device 127.0.0.1:502 unit 1 again "
                + "(first at line 12)"),
        Mistake(
            "two links of one name", "name: drive", "name: sensors",
            "10:11: links[1].name: expected each of these once, found the link name \"sensors\" again (first at line 4)"
        ),
        Mistake(
            "an alert link that is none", "link: sensors", "link: sensor",
            "26:17: alerts.mqtt.link: expected the name of a link with driver mqtt, found \"sensor\"; "
                + "did you mean `sensors`?"),
        Mistake(
            "an alert link without a broker", "link: sensors", "link: drive",
            "26:17: alerts.mqtt.link: expected the name of a link with driver mqtt, found \"drive\""),
        Mistake(
            "an input that no link declares", "speed: pump-7.speed\nalerts", "speed: pump-7.sped\nalerts",
            "23:14: assets[0].inputs.speed: expected a tag that one of the links declares, found \"pump-7.sped\"; "
                + "did you mean `pump-7.speed`?"),
        Mistake(
            "an input that the pack does not have", "speed: pump-7.speed\nalerts", "sped: pump-7.speed\nalerts",
            "22:7: assets[0].inputs.speed: expected a tag name (letters, digits, . - _ /), found nothing",
            "23:7: assets[0].inputs.sped: expected one of the keys vibration, speed, load, found the key \"sped\"; "
                + "did you mean `speed`?"),
        Mistake(
            "a waveform as speed", "speed: pump-7.speed\nalerts", "speed: pump-7.vibration\nalerts",
            "23:14: assets[0].inputs.speed: expected a tag with single numbers, found \"pump-7.vibration\", which has "
                + "waveforms"),
        Mistake(
            "a number as vibration", "vibration: pump-7.vibration\n      speed", "vibration: pump-7.speed\n      speed",
            "22:18: assets[0].inputs.vibration: expected a tag with payload waveform, found \"pump-7.speed\", "
                + "which has single numbers"),
        Mistake(
            "an asset twice", "alerts:\n  language",
            "  - { id: pump-7, pack: p, inputs: { vibration: pump-7.vibration, speed: pump-7.speed } }\n"
                + "alerts:\n  language",
            "24:11: assets[1].id: expected each asset id once, found pump-7 again"),
        Mistake(
            "more signatures than keys", "  trusted_keys", "  threshold: 2\n  trusted_keys",
            "30:14: registry.threshold: expected at most as many as there are different trusted_keys (1), found 2"),
        Mistake(
            "no keys", "[\"\(goodKey)\"]", "[]",
            "30:17: registry.trusted_keys: expected a list of 1 to 16, each an Ed25519 public key (64 hexadecimal "
                + "digits), found a list of 0"),
        Mistake(
            "no sections", "plant: { name: Works, device: box-1 }\nstore: { directory: store }\n", "",
            "1:1: plant: expected a mapping (key: value), found nothing",
            "1:1: store: expected a mapping (key: value), found nothing"),
        Mistake(
            "no address", "https://registry", "registry",
            "28:8: registry.url: expected an address that starts with http:// or https://, found "
                + "\"registry.example:8443\""),
        Mistake(
            "a key that is too short", goodKey, "abcd",
            "30:18: registry.trusted_keys[0]: expected an Ed25519 public key (64 hexadecimal digits), found the text "
                + "\"abcd\""),
        Mistake(
            "a certificate without its key", "  url: h", "  tls: { certificate: box.crt }\n  url: h",
            "28:8: registry.tls: expected certificate and key together, found only certificate"),
        Mistake(
            "a duration without a unit", "  url: h", "  send_every: 10\n  url: h",
            "28:15: registry.send_every: expected a duration 100ms...1d such as 250ms, 10s, 5m, 1h or 30d, found "
                + "\"10\"; did you mean `10s`?"),
        Mistake(
            "a rule for a tag that is none", "assets:\n", "watch: [{ tags: pump-7.sped, max_step: 3 }]\nassets:\n",
            "18:17: watch[0].tags: expected a tag that one of the links declares, found \"pump-7.sped\"; did you mean "
                + "`pump-7.speed`?"),
        Mistake(
            "a rule with a word that is none", "assets:\n", "watch: [{ tags: \"*\", stuck_after: aut }]\nassets:\n",
            "18:35: watch[0].stuck_after: expected a duration 10ms...366d such as 250ms, 10s, 5m, 1h or 30d, or a whole "
                + "number 3...1000000000, or auto or never, found \"aut\"; did you mean `auto`?"),
        Mistake(
            "a pattern that no tag can have", "assets:\n", "watch: [{ tags: [\"a?\"] }]\nassets:\n",
            "18:17: watch[0].tags: expected a list of 1 to 1000, each a tag name, * for any characters in it, or a tag "
                + "name, * for any characters in it, found a list of 1"),
        Mistake(
            "a blank in an id", "device: box-1", "device: box 1",
            "1:31: plant.device: expected a name of letters, digits, - and _ (at most 64), found \"box 1\""),
        Mistake(
            "two mistakes, in the order of the file", "language: both", "language: zh\n  webhook: { url: ftp://a }",
            "25:13: alerts.language: expected one of en, zh-CN, both, found \"zh\"",
            "26:19: alerts.webhook.url: expected an address that starts with http:// or https://, found \"ftp://a\""),
        // What a link with a mistake would have declared is not reported as undeclared, too.
        Mistake(
            "a mistake in a link that others need", "registers: holding\n        at: 0",
            "registers: holding\n        at: x",
            "15:13: links[1].blocks[0].at: expected a whole number 0...65535, found \"x\""),
        Mistake("a list that does not end", "store: {", "store: [{", "3:1: not YAML"),
    ]

    @Test func whatTheMistakesAreMadeFromIsGood() throws {
        let folder = try TempDirectory()
        let path = folder.file("plant.yaml")
        try Files.write(Self.good, to: path)
        let plant = try PlantConfiguration.load(path: path)
        #expect(plant.links.map(\.name) == ["sensors", "drive"])
        let asset = try #require(plant.assets.first)
        #expect(asset.inputs == ["vibration": "pump-7.vibration", "speed": "pump-7.speed"])
        #expect(asset.packDirectory == "\(folder.path)/rotating-machine" && asset.model == "rotating-machine")
        #expect(asset.title.english == "pump-7" && asset.processMaximumAge == .seconds(30))
        #expect(plant.store.directory == folder.file("store") && plant.store.maximumBytes == 2_000_000_000)
        #expect(plant.alerts.mqtt?.link == "sensors" && plant.alerts.webhook == nil)
        let registry = try #require(plant.registry)
        #expect(registry.url == "https://registry.example:8443" && registry.tokenFile == folder.file("device.token"))
        #expect(registry.threshold == 1 && registry.sendEvery == .seconds(10) && registry.pollEvery == .seconds(300))
    }

    @Test(arguments: mistakes) func eachMistakeIsNamedWithItsPlace(mistake: Mistake) throws {
        let folder = try TempDirectory()
        let path = folder.file("plant.yaml")
        try #require(Self.good.ranges(of: mistake.replace).count == 1, "the mistake is made in one place")
        try Files.write(Self.good.replacing(mistake.replace, with: mistake.by), to: path)
        let error = #expect(throws: ConfigurationError.self) { try PlantConfiguration.load(path: path) }
        let text = try #require(error?.description)
        if case .malformed = error {
            #expect(text.hasPrefix("\(path):\(mistake.lines[0])"))
        } else {
            #expect(text.split(separator: "\n").map(String.init) == mistake.lines.map { "\(path):\($0)" })
        }
    }

    @Test func everyPrefixOfAConfigurationIsReadOrRefusedWithItsPlace() throws {
        let folder = try TempDirectory()
        let path = folder.file("plant.yaml")
        for count in stride(from: 0, to: Self.good.utf8.count - 1, by: 7) {
            try Files.write(String(decoding: Self.good.utf8.prefix(count), as: UTF8.self), to: path)
            do { _ = try PlantConfiguration.load(path: path) } catch {
                #expect(error.description.hasPrefix("\(path):"), "cut at \(count): \(error)")
            }
        }
    }

    @Test func aTagThatAWildcardMakesMayFeedAnAsset() throws {
        let folder = try TempDirectory()
        let path = folder.file("plant.yaml")
        try Files.write(
            Self.good.replacing("topic: v, tag: pump-7.vibration", with: "topic: v/+, tag: \"{1}.vibration\""), to: path
        )
        #expect(try PlantConfiguration.load(path: path).assets.count == 1)
    }

    @Test func rulesOfTheWatchAreTakenInTheirOrder() throws {
        let folder = try TempDirectory()
        let path = folder.file("plant.yaml")
        let watch = """
            watch:
              - { tags: pump-7.speed, stale_after: 30s, stuck_after: 600, resolution: 0.5, future: never, late: 1h }
              - tags: ["*.temperature", "pump-*"]
                stale_after: auto
                stuck_after: 10m
                noise: 0.25
                max_step: 5
                max_rate: 2
                duplicates: keep
              - { tags: "*", stale_after: never, stuck_after: auto, noise: auto }

            """
        try Files.write(Self.good.replacing("assets:\n", with: watch + "assets:\n"), to: path)
        let rules = try PlantConfiguration.load(path: path).watch
        var speed = WatchRule()
        (speed.silence, speed.stillness, speed.resolution) = (.after(.seconds(30)), .values(600), 0.5)
        (speed.future, speed.late) = (nil, .seconds(3_600))
        var temperature = WatchRule()
        (temperature.silence, temperature.stillness) = (.learned, .after(.seconds(600)))
        (temperature.noise, temperature.largestStep, temperature.largestRate) = (.limit(0.25), 5, 2)
        temperature.duplicates = .keep
        var rest = WatchRule()
        (rest.silence, rest.stillness, rest.noise) = (.never, .learned, .learned)
        #expect(rules.rule(for: "pump-7.speed") == speed)
        #expect(rules.rule(for: "hall.temperature") == temperature && rules.rule(for: "pump-8.speed") == temperature)
        #expect(rules.rule(for: "a") == rest)
        try Files.write(Self.good, to: path)
        #expect(try PlantConfiguration.load(path: path).watch.rule(for: "a") == WatchRule())
    }

    @Test func theExampleIsGood() throws {
        let folder = try TempDirectory()
        let path = folder.file("millwright.yaml")
        let example = try Files.text("\(Files.root)/systemd/millwright.yaml")
        let installed = "/usr/share/millwright/solutions/rotating-machine"
        try #require(example.ranges(of: installed).count == 1)
        try Files.write(example.replacing(installed, with: Files.pack), to: path)
        let plant = try PlantConfiguration.load(path: path)
        #expect(plant.links.count == 2 && plant.assets.count == 1 && plant.registry != nil)
        _ = try PackFiles(directory: plant.assets[0].packDirectory).rules()
    }

    @Test func aFileThatIsNotThereOrTooLargeIsRefused() throws {
        let folder = try TempDirectory()
        let missing = #expect(throws: ConfigurationError.self) {
            try PlantConfiguration.load(path: folder.file("none.yaml"))
        }
        #expect(missing?.description == "\(folder.file("none.yaml")): cannot be read: No such file or directory")
        let directory = #expect(throws: ConfigurationError.self) { try PlantConfiguration.load(path: folder.path) }
        #expect(directory?.description == "\(folder.path): cannot be read: Is a directory")
        let path = folder.file("large.yaml")
        try Files.write(String(repeating: "#", count: TextFile.limit + 1), to: path)
        let large = #expect(throws: ConfigurationError.self) { try PlantConfiguration.load(path: path) }
        #expect(large?.description == "\(path): expected at most 4194304 bytes, found more")
    }
}
