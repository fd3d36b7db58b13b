import Testing
import YAML

@Suite("YAML: reading a document")
struct YAMLTests {
    @Test func marksCountFromOneInCharacters() throws {
        let root = try parse("名字: 泵\nlinks:\n  - { port: 502 }\n")
        let port = try #require(root["links"]?.elements?.first?["port"])
        #expect(port.mark == Mark(line: 3, column: 13))
        #expect(port.value == .scalar("502", plain: true))
        #expect(root["名字"]?.mark == Mark(line: 1, column: 5))
    }

    @Test func keysKeepTheOrderOfTheFileAndQuotesAreSeen() throws {
        let root = try parse("b: 1\na: \"2\"\nc: [x, 'y', [z]]\n")
        #expect(root.pairs?.map { $0.key.text } == ["b", "a", "c"])
        #expect(root["a"]?.value == .scalar("2", plain: false))
        #expect(root["c"]?.elements?.map(\.text) == ["x", "y", nil])
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        var text: String
        var message: String
        var testDescription: String { message }
    }

    static let refusals = [
        Refusal(text: "", message: "f.yaml:1:1: expected a document, found nothing"),
        Refusal(text: "# only a comment\n", message: "f.yaml:1:1: expected a document, found nothing"),
        Refusal(
            text: "a: &x 1\n",
            message: "f.yaml:1:4: expected the value itself, found the anchor or alias \"x\": "
                + "write the value out at each place"),
        Refusal(
            text: "a: *x\n",
            message: "f.yaml:1:4: expected the value itself, found the anchor or alias \"x\": "
                + "write the value out at each place"),
        Refusal(
            text: "a: !!binary aGk=\n",
            message: "f.yaml:1:4: expected a value without a tag, found the tag \"tag:yaml.org,2002:binary\""),
        Refusal(text: "a: 1\n---\nb: 2\n", message: "f.yaml:2:1: expected one document, found a second one"),
        Refusal(text: "[1]: 2\n", message: "f.yaml:1:1: expected a word as key, found a list or a mapping"),
        Refusal(text: "a: [1, 2\n", message: "f.yaml:2:1: not YAML: did not find expected ',' or ']'"),
        Refusal(
            text: "a: 1\n\tb: 2\n", message: "f.yaml:2:1: not YAML: found a tab character that violates indentation"),
    ]

    @Test(arguments: refusals) func refusesWithThePlace(_ refusal: Refusal) {
        let error = #expect(throws: YAMLError.self) { try parse(refusal.text) }
        #expect(error?.description == refusal.message)
    }

    // libyaml points at the byte that breaks the sequence.
    @Test func bytesThatAreNotUTF8AreRefusedWithTheirLine() {
        let error = #expect(throws: YAMLError.self) {
            try YAML.parse(Array("a: 1\nb: ".utf8) + [0xC3, 0x28], file: "f.yaml")
        }
        #expect(error?.mark == Mark(line: 2, column: 5))
        guard case .notUTF8 = error?.reason else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func depthNodesAndSizeAreBounded() throws {
        var limits = YAML.Limits()
        (limits.depth, limits.nodes, limits.bytes) = (4, 10, 100)
        func reason(_ text: String) -> YAMLError.Reason? {
            do throws(YAMLError) {
                _ = try YAML.parse(Array(text.utf8), file: "f", limits: limits)
                return nil
            } catch {
                return error.reason
            }
        }
        #expect(reason("[[[1]]]") == nil)
        #expect(reason("[[[[1]]]]") == .tooDeep(limit: 4))
        #expect(reason("[1,2,3,4,5,6,7,8,9]") == nil)
        #expect(reason("[1,2,3,4,5,6,7,8,9,0]") == .tooManyNodes(limit: 10))
        #expect(reason(String(repeating: "a", count: 101)) == .tooLarge(bytes: 101, limit: 100))
    }

    @Test func aMillionOpenBracketsEndQuickly() {
        // libyaml keeps a stack a level; the depth limit stops it long before memory does.
        #expect(throws: YAMLError.self) { try parse(String(repeating: "[", count: 1_000_000)) }
        #expect(throws: YAMLError.self) { try parse(String(repeating: "{a: ", count: 500_000)) }
    }

    @Test(arguments: [
        ("b: 1\na: [x, y]\n", "{a: [x, y], b: 1} # same\n", true), ("a: 5\n", "a: \"5\"\n", false),
        ("a: [x, y]\n", "a: [y, x]\n", false), ("a: [[x], y]\n", "a: [[x, y]]\n", false),
        ("a: 'x'\n", "a: \"x\"\n", true), ("a: \"p1:x\"\n", "a: x\n", false),
    ])
    func canonicalTextIsEqualForTheSameMeaningOnly(_ a: String, _ b: String, _ same: Bool) throws {
        #expect(try (parse(a).canonicalText == parse(b).canonicalText) == same)
    }

    @Test func mutatedTextNeverCrashesAndGivesAPlaceInsideTheText() throws {
        let original = Array(
            """
            # 注释
            links:
              - { id: press, kind: modbus-tcp, host: 192.168.0.7, port: 502, scan: "250ms" }
              - id: broker
                kind: mqtt
                topics:
                  - { topic: plant/+/vibration, format: int16-le, samples: 2048 }
            text: |
              several
              lines
            quoted: "a\\tb \\u4e2d"
            """.utf8)
        let seed: UInt64 = 0x5EED_0001
        var random = SplitMix64(state: seed)
        var read = 0
        for round in 0..<4_000 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let at = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[at] = UInt8.random(in: .min ... .max, using: &random)
                case 1: bytes.remove(at: at)
                case 2: bytes.insert(Array("[]{}&*!|>'\"%@`#:-?,\n\t ".utf8).randomElement(using: &random) ?? 0, at: at)
                default: bytes.removeSubrange(at...)
                }
                if bytes.isEmpty { bytes = [0x20] }
            }
            do throws(YAMLError) {
                let node = try YAML.parse(bytes, file: "f")
                #expect(!node.canonicalText.isEmpty)
                read += 1
            } catch {
                let lines = bytes.count { $0 == 0x0A || $0 == 0x0D || $0 == 0x85 || $0 == 0xA8 || $0 == 0xA9 } + 1
                #expect(
                    (1...lines + 1).contains(error.mark.line) && error.mark.column >= 1,
                    "seed \(seed), round \(round): \(error)")
            }
        }
        // Both ways must be walked, else the mutation is too weak or too strong to show anything.
        #expect((400...3_600).contains(read), "seed \(seed): \(read) of 4000 could be read")
    }

    private func parse(_ text: String) throws(YAMLError) -> Node { try YAML.parse(Array(text.utf8), file: "f.yaml") }
}

/// - Source: Steele, Lea, Flood: Fast splittable pseudorandom number generators (2014).
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
