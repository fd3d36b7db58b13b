import Drivers
import Plant
import Testing
import YAML

@Suite struct LinkConfigurationTests {
    static let good = """
        - name: broker
          driver: mqtt
          host: broker.local
          port: 8883
          client_id: millwright-7
          keep_alive: 20s
          username: box
          password_file: /etc/millwright/password
          tls: { ca: ca.pem, certificate: box.pem, key: box.key }
          topics:
            - { topic: plant/+/vibration, payload: waveform, tag: "{1}.vibration", unit: g, format: float32-le, samples: 2048,
                rate: 25600, scale: 0.001, header_bytes: 8 }
            - topic: plant/state
              payload: json
              time: { path: $.ts, format: iso8601 }
              values:
                - { tag: press.temperature, path: "$.v[0]", unit: degC }
                - { tag: press.load, path: $.load, unit: "%" }
        - name: drive
          driver: modbus-tcp
          host: 10.0.0.7
          unit: 3
          timeout: 500ms
          blocks:
            - { registers: holding, at: 100, scan: 250ms, values: [
                { tag: drive.speed, at: 100, type: float32, words: cdab, unit: rpm, min: 0, max: 3000 },
                { tag: drive.state, at: 102, type: uint16 } ] }
            - { registers: coils, at: 0, count: 16, values: [ { tag: drive.running, at: 4 } ] }
        """

    @Test func aGoodListIsRead() throws {
        let (links, diagnostics) = try links(Self.good)
        #expect(diagnostics.text == "")
        #expect(links.map(\.name) == ["broker", "drive"])
        #expect(links.map(\.scheme) == ["mqtt", "modbus-tcp"])
        #expect(
            links.flatMap(\.tags).map(\.name) == [
                "press.temperature", "press.load", "drive.speed", "drive.state", "drive.running",
            ])
    }

    @Test func aLinkKeepsItsFingerprintOnlyWhileItMeansTheSame() throws {
        let (first, _) = try links(Self.good)
        let moved = "# a comment\n" + Self.good.replacing("keep_alive: 20s", with: "keep_alive:   20s  # seconds")
        #expect(try links(moved).links == first)
        let changed = try links(Self.good.replacing("samples: 2048", with: "samples: 1024")).links
        #expect(changed[0] != first[0])
        #expect(changed[1] == first[1])
    }

    struct Mistake: Sendable, CustomTestStringConvertible {
        var replace: String
        var by: String
        var line: Int
        var says: [String]
        var testDescription: String { by }
    }

    static let mistakes = [
        Mistake(
            replace: "driver: mqtt", by: "driver: mqqt", line: 2,
            says: [
                "expected one of mqtt, sparkplug, modbus-tcp, modbus-rtu, modbus-rtu-over-tcp, folder, http, camera",
                "did you mean `mqtt`",
            ]),
        Mistake(replace: "port: 8883", by: "port: 88830", line: 4, says: ["links[0].port", "1...65535"]),
        Mistake(replace: "keep_alive: 20s", by: "keep_alife: 20s", line: 6, says: ["did you mean `keep_alive`"]),
        Mistake(replace: "username: box", by: "# none", line: 1, says: ["user name"]),
        Mistake(replace: ", key: box.key", by: "", line: 9, says: ["certificate and key together"]),
        Mistake(replace: "plant/+/vibration", by: "plant/a+/vibration", line: 11, says: ["MQTT topic"]),
        Mistake(replace: "{1}.vibration", by: "{2}.vibration", line: 11, says: ["{1}", "not {2}"]),
        Mistake(replace: "{1}.vibration", by: "all.vibration", line: 11, says: ["placeholder"]),
        Mistake(replace: "float32-le", by: "float32_le", line: 11, says: ["did you mean `float32-le`"]),
        Mistake(replace: "unit: g,", by: "unit: G,", line: 11, says: ["did you mean `g`"]),
        Mistake(replace: "samples: 2048", by: "samples: 262144", line: 11, says: ["1048576 bytes"]),
        Mistake(replace: "topic: plant/state", by: "topic: plant/x/vibration", line: 13, says: ["twice", "line 11"]),
        Mistake(replace: "\"$.v[0]\"", by: "\"v[0]\"", line: 17, says: ["a path such as"]),
        Mistake(
            replace: "tag: press.load", by: "tag: press.temperature", line: 18, says: ["press.temperature", "line 17"]),
        Mistake(replace: "tag: drive.state", by: "tag: press.load", line: 27, says: ["press.load", "line 18"]),
        Mistake(replace: "name: drive", by: "name: broker", line: 19, says: ["link name", "line 1"]),
        Mistake(replace: "unit: 3", by: "unit: 250", line: 22, says: ["0...247 or 255"]),
        Mistake(
            replace: "at: 102, type", by: "at: 99, type", line: 27,
            says: ["inside of the block", "100...224", "found 99"]),
        Mistake(replace: "at: 4 }", by: "at: 16 }", line: 28, says: ["coils 0...15", "found 16"]),
        Mistake(replace: "words: cdab", by: "words: acbd", line: 26, says: ["abcd, badc, cdab, dcba"]),
        Mistake(replace: "count: 16", by: "count: 2001", line: 28, says: ["1...2000"]),
        Mistake(replace: "min: 0, max: 3000", by: "min: 5, max: 3", line: 26, says: ["a min of at most max"]),
        Mistake(replace: "scan: 250ms", by: "scan: 250", line: 25, says: ["duration"]),
    ]

    @Test(arguments: mistakes) func aMistakeIsReportedWithItsPlace(_ mistake: Mistake) throws {
        try #require(Self.good.contains(mistake.replace))
        let (_, diagnostics) = try links(Self.good.replacing(mistake.replace, with: mistake.by, maxReplacements: 1))
        let lines = diagnostics.text.split(separator: "\n")
        let hit = lines.first { $0.hasPrefix("plant.yaml:\(mistake.line):") }
        let text = try #require(hit, "\(diagnostics.text)")
        for part in mistake.says { #expect(text.contains(part), "\(text)") }
    }

    /// What one value may say, and what it is told when it is wrong.
    static let values: [(entry: String, says: String?)] = [
        ("at: 0, type: uint64, invalid: [0xFFFFFFFFFFFFFFFF, 0x8000000000000000]", nil),
        ("at: 0, type: int16, invalid: [-32768, 0x7FFF]", nil),
        ("at: 0, type: int16, invalid: [0x18000]", "a raw number of 16 bits"),
        ("at: 0, type: int16, invalid: [-32769]", "a raw number of 16 bits"),
        ("at: 0, type: bcd32, scale: 0.01, unit: kWh", nil),
        ("at: 0, type: string, length: 8, words: badc", nil),
        ("at: 0, type: string", "1...125"),
        ("at: 0, type: string, length: 8, scale: 2", "the key \"scale\""),
        ("at: 0, type: string, length: 8, words: cdab", "abcd, badc"),
        ("at: 0, bit: 3", nil),
        ("at: 0, bits: 4-7", nil),
        ("at: 0, type: uint32, bits: 4-20", nil),
        ("at: 0, bits: 4-20", "bits 0...15 of uint16"),
        ("at: 0, bit: 16", "bits 0...15"),
        ("at: 0, bits: 7-4", "two bit numbers"),
        ("at: 0, type: int16, bits: 0-3", "one of uint16, uint32, uint64"),
        ("at: 0, type: int16, clamp: [0, 100]", nil),
        ("at: 0, type: int16, clamp: [100, 0]", "the lower limit first"),
        ("at: 0, type: int16, clamp: [0]", "a list of 2"),
        ("at: 0, type: int16, exponent_at: 4", nil),
        ("at: 0, type: int16, exponent_at: 200", "in one request with the value"),
        ("at: 0, type: int16, writable: true, min: 0, max: 5", nil),
        ("at: 0, type: int16, writable: true, allowed: [0, 1]", nil),
        ("at: 0, type: int16, writable: true, min: 0", "`min` and `max`, or `allowed`"),
        ("at: 0, type: int16, allowed: [0, 1]", "`writable: true` beside it"),
        ("at: 65535, type: int32", "inside of the table"),
    ]

    @Test(arguments: values) func aValueIsTakenOrItsMistakeNamed(_ value: (entry: String, says: String?)) throws {
        let (_, diagnostics) = try links(
            """
            - name: meter
              driver: modbus-tcp
              host: 10.0.0.7
              writes: allowed
              values: [ { tag: v, registers: holding, \(value.entry) } ]
            """)
        if let says = value.says {
            #expect(diagnostics.text.contains(says), "\(diagnostics.text)")
        } else {
            #expect(diagnostics.text == "")
        }
    }

    @Test func nothingIsWrittenWhereTheLinkDoesNotAllowIt() throws {
        let (_, diagnostics) = try links(
            """
            - name: meter
              driver: modbus-tcp
              host: 10.0.0.7
              values: [ { tag: v, registers: holding, at: 0, type: int16, writable: true, min: 0, max: 5 } ]
            """)
        #expect(diagnostics.text.contains("`writes: allowed` at the link"))
    }

    @Test func twoLinksMustNotPollOneDevice() throws {
        let second = """

            - name: again
              driver: modbus-tcp
              host: 10.0.0.7
              unit: 3
              blocks: [ { registers: input, at: 0, values: [ { tag: other, at: 0, type: int16 } ] } ]
            """
        let (_, diagnostics) = try links(Self.good + second)
        #expect(diagnostics.text.contains("10.0.0.7:502 unit 3 again (first at line 22)"))
        #expect(try links(Self.good + second.replacing("unit: 3", with: "unit: 4")).diagnostics.isEmpty)
    }

    @Test func whatIsNoListOfLinksIsRefused() throws {
        for text in [
            "5", "a: 1", "- 5", "- {}", "- { name: a }", "- { name: a, driver: mqtt }",
            "- { name: a, driver: modbus-tcp, host: h, blocks: [] }",
        ] {
            #expect(try !links(text).diagnostics.isEmpty, "\(text)")
        }
    }

    private func meter(_ unit: Int, baud: Int = 9_600, scan: String = "1s", count: Int = 20) -> String {
        """
        - name: meter-\(unit)
          driver: modbus-rtu
          port: /dev/ttyS1
          baud: \(baud)
          unit: \(unit)
          scan: \(scan)
          blocks: [ { registers: input, at: 0, count: \(count), values: [ { tag: m\(unit), at: 0, type: float32 } ] } ]
        """
    }

    @Test func linksOfOneLineMustAgreeOnIt() throws {
        let (_, diagnostics) = try links(meter(1) + "\n" + meter(2, baud: 19_200))
        #expect(diagnostics.text.contains("the links of one line to agree"))
        #expect(diagnostics.text.contains("line 1"))
        #expect(try links(meter(1) + "\n" + meter(2)).diagnostics.text == "")
        #expect(try links(meter(1) + "\n" + meter(1)).diagnostics.text.contains("/dev/ttyS1 unit 1 again"))
    }

    /// A request of 8 bytes and a reply of 45 are 53 characters of 11 bits: 60.7 ms at 9600 baud, with two silences of 4 ms
    /// and 10 ms for the slave a hair below 78.75 ms. Ten of them fit into a second, twenty do not.
    @Test func aLineThatIsAskedForTooMuchIsSaid() throws {
        let few = try links((1...10).map { meter($0) }.joined(separator: "\n")).links
        #expect(Drivers.notices(few) == [])
        let many = try links((1...20).map { meter($0) }.joined(separator: "\n")).links
        #expect(
            Drivers.notices(many) == [
                "line /dev/ttyS1 at 9600: 20 requests, 1.57 s a round when a slave answers within 10 ms; asked for 1 s, "
                    + "157 % of its time"
            ])
        let slow = try links(meter(1, scan: "100ms") + "\n  budget: 5").links
        #expect(Drivers.notices(slow) == ["link meter-1: asked for 10 requests/s, and its budget is 5"])
    }
}
