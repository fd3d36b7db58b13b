import Testing
import YAML

@Suite("MappingReader: values, and what is wrong with them")
struct MappingReaderTests {
    enum Format: String, CaseIterable { case json, number, int16LE = "int16-le", int16BE = "int16-be" }

    struct Link: Equatable {
        var id: String?
        var port: Int
        var scan: Duration
        var topics: [Format]?
    }

    private static var link: Kind<Link> {
        .mapping { reader in
            let id = reader.required("id", .string)
            let port = reader.optional("port", .integer(1...65_535), default: 502)
            let scan = reader.optional("scan", .duration(.milliseconds(10)...(.seconds(86_400))), default: .seconds(1))
            let topics = reader.optional(
                "topics", .sequence(of: .mapping { $0.required("format", .choice(Format.self)) }, count: 1...10))
            return Link(id: id, port: port, scan: scan, topics: topics)
        }
    }

    private func read(_ text: String) throws -> (links: [Link]?, messages: [String]) {
        let diagnostics = Diagnostics(file: "plant.yaml")
        let root = try YAML.parse(Array(text.utf8), file: "plant.yaml")
        guard var reader = MappingReader(root, path: "", diagnostics: diagnostics) else {
            return (nil, diagnostics.entries.map(\.description))
        }
        let links = reader.required("links", .sequence(of: Self.link))
        reader.finish()
        return (links, diagnostics.entries.map(\.description))
    }

    @Test func aGoodFileReadsWithoutAWord() throws {
        let (links, messages) = try read("links:\n  - id: press\n    scan: 250ms\n    topics: [{ format: int16-le }]\n")
        #expect(messages == [])
        #expect(links == [Link(id: "press", port: 502, scan: .milliseconds(250), topics: [.int16LE])])
    }

    @Test func everyMistakeIsReportedInOnePassInTheOrderOfTheFile() throws {
        let (links, messages) = try read(
            """
            links:
              - id: press
                port: abc
                prot: 7
                topics:
                  - format: json
                  - format: int8
                  - format: int16-el
              - port: "502"
                port: 502
                scan: 10
              - just text
            lniks: []
            """)
        #expect(
            messages == [
                #"plant.yaml:3:11: links[0].port: expected a whole number 1...65535, found "abc""#,
                #"plant.yaml:4:5: links[0].prot: expected one of the keys id, port, scan, topics, found the key "prot""#
                    + "; did you mean `port`?",
                #"plant.yaml:7:17: links[0].topics[1].format: expected one of json, number, int16-le, int16-be, found "int8""#,
                "plant.yaml:8:17: links[0].topics[2].format: expected one of json, number, int16-le, int16-be, "
                    + #"found "int16-el"; did you mean `int16-le`?"#,
                "plant.yaml:9:5: links[1].id: expected a text, found nothing",
                #"plant.yaml:9:11: links[1].port: expected a whole number 1...65535, found the text "502""#,
                "plant.yaml:10:5: links[1].port: expected each key once, found it again (first at line 9)",
                "plant.yaml:11:11: links[1].scan: expected a duration 10ms...1d such as 250ms, 10s, 5m, 1h or 30d, "
                    + #"found "10"; did you mean `10s`?"#,
                #"plant.yaml:12:5: links[2]: expected a mapping (key: value), found "just text""#,
                #"plant.yaml:13:1: lniks: expected one of the keys links, found the key "lniks"; did you mean `links`?"#,
            ])
        #expect(links == nil)
    }

    @Test func aMissingListAndAnEmptyOneAreReported() throws {
        #expect(
            try read("other: 1\n").messages.first
                == "plant.yaml:1:1: links: expected a list, each a mapping (key: value), found nothing")
        #expect(
            try read("links:\n").messages
                == ["plant.yaml:1:7: links: expected a list, each a mapping (key: value), found nothing"])
        #expect(
            try read("links:\n  - id: a\n    topics: []\n").messages
                == [
                    "plant.yaml:3:13: links[0].topics: expected a list of 1 to 10, each a mapping (key: value), found a list of 0"
                ])
        #expect(try read("- 1\n").messages == ["plant.yaml:1:1: expected a mapping (key: value), found a list of 1"])
    }

    @Test func aThousandMistakesStayReadable() throws {
        let text = "links:\n" + String(repeating: "  - 1\n", count: 1_000)
        let diagnostics = Diagnostics(file: "f")
        let root = try YAML.parse(Array(text.utf8), file: "f")
        var reader = try #require(MappingReader(root, path: "", diagnostics: diagnostics))
        _ = reader.required("links", .sequence(of: Self.link))
        #expect(diagnostics.entries.count == Diagnostics.limit)
        #expect(diagnostics.text.hasSuffix("\nf: 900 more"))
    }

    // MARK: each kind

    private func value<T>(_ text: String, _ kind: Kind<T>) throws -> T? {
        let diagnostics = Diagnostics(file: "f")
        var reader = try #require(
            MappingReader(try YAML.parse(Array("v: \(text)\n".utf8), file: "f"), path: "", diagnostics: diagnostics))
        let value = reader.required("v", kind)
        #expect((value == nil) == (diagnostics.entries.count == 1), "\(text): \(diagnostics.text)")
        return value
    }

    @Test(
        arguments: [
            ("0", 0), ("65535", 65_535), ("0x4011", 0x4011), ("-1", nil), ("65536", nil), ("1.0", nil), ("1e3", nil),
            ("\"7\"", nil), ("0x", nil), ("0x-1", nil), ("", nil), ("99999999999999999999", nil), ("[1]", nil),
            ("true", nil),
            ("+5", 5), ("１", nil),
        ] as [(String, Int?)])
    func integers(_ text: String, _ expected: Int?) throws {
        #expect(try value(text, .integer(0...65_535)) == expected)
    }

    @Test(
        arguments: [
            ("0.5", 0.5), ("-1e1", -10), ("3", 3), (".nan", nil), ("nan", nil), (".inf", nil), ("1e999", nil),
            ("0x1p3", nil),
            ("'3'", nil), ("101", nil), ("", nil), ("1_000", nil),
        ] as [(String, Double?)])
    func numbers(_ text: String, _ expected: Double?) throws {
        #expect(try value(text, .number(-100...100)) == expected)
    }

    @Test(
        arguments: [
            ("250ms", .milliseconds(250)), ("10s", .seconds(10)), ("5m", .seconds(300)), ("1h", .seconds(3_600)),
            ("30d", .seconds(2_592_000)), ("\"10 s\"", .seconds(10)), ("10", nil), ("s", nil), ("-5s", nil),
            ("1.5s", nil),
            ("31d", nil), ("5min", nil), ("999999999999999999d", nil), ("", nil), ("{}", nil),
        ] as [(String, Duration?)])
    func durations(_ text: String, _ expected: Duration?) throws {
        #expect(try value(text, .duration(.zero...(.seconds(2_592_000)))) == expected)
    }

    @Test(
        arguments: [
            ("512KiB", 524_288), ("2GB", 2_000_000_000), ("64B", 64), ("1 MiB", 1_048_576), ("1kB", 1_000),
            ("512", nil),
            ("KiB", nil), ("-1KiB", nil), ("9999999999TiB", nil), ("1kib", nil),
        ] as [(String, Int?)])
    func amountsOfMemory(_ text: String, _ expected: Int?) throws {
        #expect(try value(text, .bytes) == expected)
        #expect(try value("3GiB", .bytes(0...(1 << 30))) == nil)
    }

    @Test(
        arguments: [("true", true), ("false", false), ("yes", nil), ("\"true\"", nil), ("on", nil), ("1", nil)]
            as [(String, Bool?)])
    func booleans(_ text: String, _ expected: Bool?) throws {
        #expect(try value(text, .boolean) == expected)
    }

    @Test func textsRefuseControlCharactersAndLength() throws {
        #expect(try value("pump-7", .string) == "pump-7")
        #expect(try value("no", .string) == "no")
        #expect(try value("7", .string) == "7")
        #expect(try value("\"\"", .string) == nil)
        #expect(try value("~", .string) == nil)
        #expect(try value("\"a\\0b\"", .string) == nil)
        #expect(try value("\"a\\nb\"", .string) == nil)
        #expect(try value("\"a\\nb\"", .text(3)) == "a\nb")
        #expect(try value("\"\"", .text(3)) == "")
        #expect(try value("轴承外圈", .text(4)) == "轴承外圈")
        #expect(try value("abcd", .text(3)) == nil)
        #expect(try value("abc", .choice(["abc", "abd"])) == "abc")
        #expect(try value("[a]", .node)?.elements?.count == 1)
        #expect(try value("[a, b]", .nodes)?.count == 2)
        #expect(try value("[1, 2]", .sequence(of: .integer(0...2), count: 2...2)) == [1, 2])
        #expect(
            try value("12", .integer(0...99).map(expected: "an even number") { $0.isMultiple(of: 2) ? $0 / 2 : nil })
                == 6)
        #expect(
            try value("13", .integer(0...99).map(expected: "an even number") { $0.isMultiple(of: 2) ? $0 / 2 : nil })
                == nil)
    }

    @Test func nestedMappingsAndKeysOfTheUsersChoice() throws {
        let diagnostics = Diagnostics(file: "f")
        let root = try YAML.parse(Array("a: { pump-7: 1, pump-8: x }\nb: 3\n".utf8), file: "f")
        var reader = try #require(MappingReader(root, path: "", diagnostics: diagnostics))
        let nested = reader.requiredMapping("a")
        var inner = try #require(nested)
        let values = inner.keyTexts.map { inner.required($0, .integer(0...9)) }
        inner.finish()
        let (absent, present) = (reader.optionalMapping("c"), reader.has("b"))
        #expect(absent == nil && present)
        reader.finish()
        #expect(values == [1, nil])
        #expect(diagnostics.entries.map(\.path) == ["a.pump-8"])
    }

    @Test func aCallersOwnReportIsRenderedAlike() throws {
        let root = try YAML.parse(Array("tag: pump.speeed\n".utf8), file: "f")
        let node = try #require(root["tag"])
        let diagnostics = Diagnostics(file: "f")
        diagnostics.report(
            at: node, path: "tag", expected: "a tag that is declared",
            suggestion: Nearest.match("pump.speeed", among: ["pump.flow", "pump.speed"]))
        #expect(
            diagnostics.text
                == #"f:1:6: tag: expected a tag that is declared, found "pump.speeed"; did you mean `pump.speed`?"#)
    }

    @Test(
        arguments: [
            ("int16-el", "int16-le"), ("INT16-LE", "int16-le"), ("jsn", "json"), ("json", "json"), ("xyz", nil),
            ("", nil),
            ("float32", nil), (String(repeating: "a", count: 10_000), nil),
        ] as [(String, String?)])
    func onlyASlipOfTheHandIsSuggested(_ word: String, _ expected: String?) {
        #expect(Nearest.match(word, among: ["json", "int16-le", "number"]) == expected)
    }
}
