import Testing
import Trust

@Suite struct StrictJSONTests {
    static let limits = StrictJSON.Limits(bytes: 10_000)

    struct Vector: Sendable {
        var text: String
        var canonical: String
    }

    /// OLPC canonical JSON: sorted by code point, blanks gone, only `"` and `\` escaped.
    static let canonical: [Vector] = [
        .init(text: " { \"b\" : 1 , \"a\" : [ true , null ] } ", canonical: "{\"a\":[true,null],\"b\":1}"),
        .init(text: "{\"a\":1,\"B\":2,\"\\u00e9\":3,\"z\":4}", canonical: "{\"B\":2,\"a\":1,\"z\":4,\"é\":3}"),
        .init(text: #""\/\n\t""#, canonical: "\"/\n\t\""),
        .init(text: #""\"\\""#, canonical: #""\"\\""#),
        .init(text: #""\ud83d\ude00""#, canonical: "\"😀\""),
        .init(text: "-12", canonical: "-12"),
        .init(text: "9223372036854775807", canonical: "9223372036854775807"),
        .init(text: "{\"\u{FFFD}\":1,\"\u{10000}\":2}", canonical: "{\"\u{FFFD}\":1,\"\u{10000}\":2}"),
    ]

    @Test(arguments: canonical) func canonicalFormFollowsTheRule(_ vector: Vector) throws {
        let value = try StrictJSON(parsing: Array(vector.text.utf8), limits: Self.limits)
        #expect(String(decoding: value.canonicalBytes(), as: UTF8.self) == vector.canonical)
    }

    static let refused = [
        "", " ", "{", "[1", "[1,]", "{\"a\":1,}", "{\"a\"}", "{a:1}", "01", "1.", ".5", "1e", "+1", "--1", "tru",
        "nulll",
        "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\n\"", "\"abc", "1 2", "NaN",
        "Infinity", "'a'", "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}", "\u{FEFF}1", "[1 2]", "{\"a\" 1}",
    ]

    @Test(arguments: refused) func whatIsNoJSONIsRefused(_ text: String) {
        #expect(throws: TrustError.self) { try StrictJSON(parsing: Array(text.utf8), limits: Self.limits) }
    }

    @Test func bytesThatAreNoTextAreRefused() {
        for bytes: [UInt8] in [[0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0]] {
            #expect(throws: TrustError.self) { try StrictJSON(parsing: bytes, limits: Self.limits) }
        }
    }

    @Test func aSecondMemberOfTheSameNameIsNamedWithItsPlace() {
        #expect(
            throws: TrustError.malformedJSON(expected: "each member once", found: "\"a\" a second time", offset: 7)
        ) { try StrictJSON(parsing: Array("{\"a\":1,\"a\":2}".utf8), limits: Self.limits) }
    }

    @Test func composedAndDecomposedLettersAreTwoNames() throws {
        let value = try StrictJSON(parsing: Array("{\"e\u{301}\":1,\"\u{e9}\":2}".utf8), limits: Self.limits)
        #expect(value["e\u{301}"]?.integerValue == 1)
        #expect(value["\u{e9}"]?.integerValue == 2)
    }

    @Test func depthAndSizeAreBounded() throws {
        let deep = [UInt8](repeating: UInt8(ascii: "["), count: 32) + [UInt8](repeating: UInt8(ascii: "]"), count: 32)
        _ = try StrictJSON(parsing: deep, limits: Self.limits)
        let deeper = [UInt8](repeating: UInt8(ascii: "["), count: 9_000)
        #expect(throws: TrustError.self) { try StrictJSON(parsing: deeper, limits: Self.limits) }
        #expect(throws: TrustError.tooLarge(limitBytes: 10_000, foundBytes: 10_001)) {
            try StrictJSON(parsing: [UInt8](repeating: 0x20, count: 10_001), limits: Self.limits)
        }
    }

    @Test func decimalsKeepTheirDigitsAndAreNoPartOfSignedText() throws {
        let text = Array("[0.1,1e-7,-0,18446744073709551616]".utf8)
        #expect(try StrictJSON(parsing: text, limits: Self.limits).bytes() == text)
        for number in ["0.1", "1e5", "-0", "9223372036854775808"] {
            #expect(throws: TrustError.self) {
                try StrictJSON(parsing: Array(number.utf8), limits: .init(bytes: 100, takesDecimals: false))
            }
        }
    }

    /// Seeded mutation: reading never crashes, and what is read comes back through the writer as the same value.
    @Test(arguments: [1, 2, 3] as [UInt64]) func mutatedTextNeverCrashesAndRoundTrips(_ seed: UInt64) throws {
        var random = SplitMix(state: seed)
        let original = Array(
            #"{"a":[1,-2,3.5e-7,"x\n\u0001\ud83d\ude00\"\\"],"b":{"c":null,"d":true},"e":"\u00e9"}"#.utf8)
        for _ in 0..<3_000 {
            var text = original
            for _ in 0...Int(random.next() % 3) {
                text[Int(random.next() % UInt64(text.count))] = UInt8(truncatingIfNeeded: random.next())
            }
            guard let value = try? StrictJSON(parsing: text, limits: Self.limits) else { continue }
            let again = try StrictJSON(parsing: value.bytes(), limits: Self.limits)
            #expect(again == value, "seed \(seed)")
        }
    }
}

/// Random numbers that are the same in each run. Source: Steele, Lea, Flood 2014.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
