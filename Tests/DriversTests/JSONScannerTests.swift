import Glibc
import Testing

@testable import Drivers

@Suite struct JSONScannerTests {
    private func find(_ path: String, in text: String) throws -> JSONValue {
        try #require(try find([path], in: Array(text.utf8)).first)
    }

    private func find(_ paths: [String], in text: [UInt8]) throws -> [JSONValue] {
        let scanner = JSONScanner(JSONQuery(paths.compactMap { JSONPath($0) }))
        try scanner.scan(text.span)
        return paths.indices.map { scanner.found($0).value }
    }

    private func string(_ text: Span<UInt8>, _ range: Range<Int>) throws -> String? {
        var bytes: [UInt8] = []
        try JSONText.unescape(text, range, into: &bytes)
        return String(validating: bytes, as: UTF8.self)
    }

    @Test func findsWhatIsAskedForWhereverItStands() throws {
        let text = Array(
            #"{"x":[1,{"y":2}],"a":{"b":[10,{"c":-1.5e2},[true]],"s":"t\u0041"},"n":null,"a2":3,"e":{},"z":[]} "#.utf8)
        let values = try find(
            [
                "$.a.b[1].c", "$.a.b[0]", "$.a.b[2][0]", "$.n", "$.a2", "$.missing", "$.a.b[9]", "$.x[1].y", "$.a",
                "$.a.s",
            ],
            in: text)
        #expect(values[0] == .number(-150, exact: nil))
        #expect(values[1] == .number(10, exact: 10))
        #expect(values[2] == .boolean(true))
        #expect(values[3] == .null)
        #expect(values[4] == .number(3, exact: 3))
        #expect(values[5] == .missing)
        #expect(values[6] == .missing)
        #expect(values[7] == .number(2, exact: 2))
        #expect(values[8] == .container)
        guard case .string(let range) = values[9] else {
            Issue.record("no string")
            return
        }
        #expect(try string(text.span, range) == "tA")
    }

    @Test func anEscapedKeyIsTheSameKey() throws {
        #expect(try find("$.temp", in: #"{"t\u0065mp":5}"#) == .number(5, exact: 5))
        #expect(try find("$.a/b", in: #"{"a\/b":5}"#) == .number(5, exact: 5))
    }

    /// The scanner expects keys in the order in which they came before; any other order is read as well.
    @Test func theOrderOfKeysDoesNotMatter() throws {
        let names = ["a", "b8bytes_", "name_of_11b", "name_of_16_bytes", "a_name_of_17_byte", "name_of_11c", "é", "ü"]
        let scanner = JSONScanner(JSONQuery(names.compactMap { JSONPath("$.\($0)") }))
        var random = SplitMix64(seed: 3)
        for round in 0..<2_000 {
            var members = names.enumerated().map { "\"\($1)\":\($0 + round)" }
            members += ["\"name_of_11d\":-1", "\"\":-2", "\"a_name_of_17_byt\":-3", "\"a_name_of_18_bytes\":-4"]
            members.shuffle(using: &random)
            members.removeLast(Int.random(in: 0...members.count, using: &random))
            try scanner.scan(Array("{\(members.joined(separator: ","))}".utf8).span)
            for (slot, name) in names.enumerated() {
                let number = slot + round
                let isThere = members.contains("\"\(name)\":\(number)")
                #expect(
                    scanner.found(slot).value == (isThere ? .number(Double(number), exact: Int64(number)) : .missing))
            }
        }
    }

    /// A name that JSON can write only with an escape is found by that, and never makes a text JSON that is none.
    @Test func aNameWithAQuoteIsFoundEscapedOnly() throws {
        #expect(try find("$.a\"b", in: #"{"a\"b":5}"#) == .number(5, exact: 5))
        #expect(throws: JSONError.unexpected(UInt8(ascii: "b"), at: 4)) { try find("$.a\"b", in: #"{"a"b":5}"#) }
    }

    /// Strings are looked at 64 bytes at once: each may begin and end at any of them, and hold anything there.
    @Test func stringsLieAnywhereInALongText() throws {
        for blanks in 0..<70 {
            for count in [0, 1, 15, 16, 17, 62, 63, 64, 65, 130] {
                let front = String(repeating: " ", count: blanks) + "{\"s\":[\"" + String(repeating: "x", count: count)
                let back = "\",\"\"],\"v\":1.5}" + String(repeating: " ", count: 130)
                #expect(try find(["$.v"], in: Array((front + back).utf8)) == [.number(1.5, exact: nil)])
                #expect(
                    try find(["$.v"], in: Array((front + #"\"\\\u0041"# + back).utf8)) == [.number(1.5, exact: nil)])
                #expect(throws: JSONError.unexpected(0x1F, at: front.utf8.count)) {
                    try find(["$.v"], in: Array((front + "\u{1F}" + back).utf8))
                }
                #expect(throws: JSONError.cutShort) { try find(["$.v"], in: Array(front.utf8)) }
                var wrong = Array((front + back).utf8)
                wrong.insert(0xFF, at: front.utf8.count)
                #expect(throws: JSONError.notUTF8(at: front.utf8.count)) { try find(["$.v"], in: wrong) }
            }
        }
    }

    /// Numbers are read in words: each form at each distance from the end of a text, which may be short or long.
    @Test func numbersStandAnywhereInAText() throws {
        for number in Self.numbers + ["12345678", "-123456789", "0.12345678", "-1.2345678901234567", "12.5e1"] {
            let value = strtod(number, nil)
            for front in [0, 1, 7, 100, 140] {
                for back in 0..<48 {
                    let text =
                        "[" + String(repeating: "0,", count: front) + number + "]"
                        + String(repeating: " ", count: back)
                    let scanner = JSONScanner(JSONQuery(["$[*]"].compactMap { JSONPath($0) }))
                    try scanner.scan(Array(text.utf8).span)
                    guard case .number(let found, _) = scanner.list(0)[front].value else {
                        Issue.record("no number: \(number)")
                        return
                    }
                    #expect(found.bitPattern == value.bitPattern, "\(number)")
                }
            }
        }
    }

    @Test func oneValueMayAnswerTwoQuestions() throws {
        #expect(try find(["$.a", "$.a"], in: Array(#"{"a":1}"#.utf8)) == [.number(1, exact: 1), .number(1, exact: 1)])
    }

    /// A list has as many elements as its array, whatever stands in them.
    @Test func aListHasAPlaceForEachElement() throws {
        let scanner = JSONScanner(JSONQuery(["$.a[*].t", "$.a[*].v", "$.b[*]"].compactMap { JSONPath($0) }))
        try scanner.scan(
            Array(#"{"a":[{"v":1,"t":10},{"t":20},5,{"v":4,"v":5},[]],"b":[true,"x",{"y":[1,[2]]}]}"#.utf8).span)
        func list(_ slot: Int) -> [JSONValue] { scanner.list(slot).map(\.value) }
        func found() -> [JSONValue] { (0..<3).map { scanner.found($0).value } }
        #expect(found() == [.list, .list, .list])
        #expect(list(0) == [.number(10, exact: 10), .number(20, exact: 20), .missing, .missing, .missing])
        #expect(list(1) == [.number(1, exact: 1), .missing, .missing, .number(5, exact: 5), .missing])
        #expect(list(2) == [.boolean(true), .string(61..<62), .container])
        #expect(scanner.list(1)[0].at == 11)

        try scanner.scan(Array(#"{"a":[{"v":1}],"a":[{"v":2},{"v":3}],"b":7}"#.utf8).span)
        #expect(list(1) == [.number(2, exact: 2), .number(3, exact: 3)])
        #expect(scanner.found(2).value == .number(7, exact: 7))
        try scanner.scan(Array(#"{"a":{"v":1},"b":[]}"#.utf8).span)
        #expect(found() == [.container, .container, .list])
        #expect((0..<3).allSatisfy { list($0).isEmpty })
    }

    @Test func aListBeyondAllBoundsIsRefused() throws {
        let most = Array(("[" + String(repeating: "0,", count: JSONScanner.maxElements - 1) + "0]").utf8)
        let scanner = JSONScanner(JSONQuery([JSONPath("$[*]")].compactMap(\.self)))
        try scanner.scan(most.span)
        #expect(scanner.list(0).count == JSONScanner.maxElements)
        let more = most.dropLast() + Array(",0]".utf8)
        #expect(throws: JSONError.tooMany(at: most.count)) { try scanner.scan(more.span) }
        // Where nothing of it is wanted, it is skipped.
        #expect(try find(["$.a"], in: most + []) == [.missing])
    }

    /// What is skipped is checked as strictly as what is wanted.
    @Test func textsAreTheSameJSONWhateverIsWanted() throws {
        for (text, isGood) in Self.refused.map({ ($0, false) })
            + ["[]", "{}", "[1,[2,{\"a\":[3]}],{}]", "{\"b\":{\"c\":[{}],\"d\":null}}", " [ 1 , { \"a\" : [ ] } ] "]
            .map({ ($0, true) })
        {
            for path in ["$", "$.a", "$[0]", "$[*]", "$[*].a", "$.b.c[*].d"] {
                let isRead = (try? find(path, in: text)) != nil
                #expect(isRead == isGood, "\(path) in \(text)")
            }
        }
    }

    @Test func anAnswerOfTheTextBeforeIsForgotten() throws {
        let scanner = JSONScanner(JSONQuery([JSONPath("$.a")].compactMap(\.self)))
        try scanner.scan(Array(#"{"a":1}"#.utf8).span)
        try scanner.scan(Array(#"{"b":1}"#.utf8).span)
        #expect(scanner.found(0) == .missing)
    }

    /// Hard cases of decimal conversion. Source: strtod(3) of the C library, which rounds correctly.
    static let numbers = [
        "0", "-0", "1", "0.1", "0.3", "1e22", "1e23", "9007199254740993", "9007199254740992", "123456789012345678",
        "2.2250738585072011e-308", "2.2250738585072014e-308", "4.9e-324", "2.4703282292062327e-324",
        "1.7976931348623157e308", "8.41e21", "9.5e-7", "0.000001", "1.00000000000000011102230246251565",
        "179769313486231580793728971405301e276", "3.14159265358979323846264338327950288", "1e-400", "5e-1",
        "0e999999999999",
        "6929495644600919.5", "100000000000000016777215", "100000000000000016777216", "-12.5E+3", "7.0e-10",
    ]

    @Test(arguments: numbers) func numbersAreReadExactly(_ text: String) throws {
        guard case .number(let value, _) = try find("$", in: text) else {
            Issue.record("no number")
            return
        }
        #expect(value.bitPattern == strtod(text, nil).bitPattern)
    }

    @Test func randomNumbersAreReadExactly() throws {
        var random = SplitMix64(seed: 7)
        for _ in 0..<20_000 {
            let digits = Int.random(in: 1...21, using: &random)
            var text = String(Int.random(in: 1...9, using: &random))
            for _ in 1..<max(2, digits) { text += String(Int.random(in: 0...9, using: &random)) }
            if Bool.random(using: &random) { text += ".\(Int.random(in: 0...999_999, using: &random))" }
            if Bool.random(using: &random) { text += "e\(Int.random(in: -40...40, using: &random))" }
            guard case .number(let value, _) = try find("$", in: text) else {
                Issue.record("no number: \(text)")
                return
            }
            #expect(value.bitPattern == strtod(text, nil).bitPattern, "\(text)")
        }
    }

    /// A window: as many digits before and behind the point as any path of the reader takes, and more.
    @Test func numbersOfAWindowAreReadExactly() throws {
        var random = SplitMix64(seed: 17)
        var numbers: [String] = []
        for whole in 0...9 {
            for fraction in 0...24 {
                for zeros in [0, fraction / 2, fraction] {
                    var text = Bool.random(using: &random) ? "-" : ""
                    text += whole == 0 ? "0" : String(Int.random(in: 1...9, using: &random))
                    for _ in 1..<max(whole, 1) { text += String(Int.random(in: 0...9, using: &random)) }
                    if fraction > 0 { text += "." }
                    for place in 0..<fraction {
                        text += place < zeros ? "0" : String(Int.random(in: 0...9, using: &random))
                    }
                    numbers += [text, text + "e-7"]
                }
            }
        }
        for separator in [",", " , "] {
            let text = "[" + numbers.joined(separator: separator) + "]"
            let scanner = JSONScanner(JSONQuery(["$[*]"].compactMap { JSONPath($0) }))
            try scanner.scan(Array(text.utf8).span)
            #expect(scanner.list(0).count == numbers.count)
            for (index, number) in numbers.enumerated() {
                guard case .number(let found, _) = scanner.list(0)[index].value else {
                    Issue.record("no number: \(number)")
                    continue
                }
                #expect(found.bitPattern == strtod(number, nil).bitPattern, "\(number)")
            }
        }
    }

    @Test func wholeNumbersOf64BitsStayExact() throws {
        for number: Int64 in [0, 1_700_000_000_123_456_789, .max, -.max] {
            guard case .number(_, let exact) = try find("$", in: "\(number)") else {
                Issue.record("no number")
                return
            }
            #expect(exact == number)
        }
        #expect(try find("$", in: "9223372036854775808") == .number(9_223_372_036_854_775_808, exact: nil))
    }

    @Test func whatIsNoNumberIsSaid() throws {
        for text in ["NaN", "Infinity", "-Infinity", "1e999", "-1e400", String(repeating: "9", count: 400)] {
            #expect(try find("$", in: text) == .notFinite, "\(text)")
        }
    }

    static let refused = [
        "", " ", "{", "}", "[", "]", "{]", "[}", "[1,]", "[,1]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}",
        "{'a':1}",
        "{\"a\":1 \"b\":2}", "01", "-", "-a", "1.", ".5", "+1", "1e", "1e+", "0x10", "1_000", "tru", "True", "nul",
        "nan",
        "inf", "\"a", "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\u12G4\"", "\"a\nb\"", "1 2", "{} {}", "[1] ,", "//",
        "/**/1",
        "\u{FEFF}1", "[1,,2]", "{\"a\":1}}", "--1", "1.e5", "1e5.5", "[\"a\":1]", "Infinit", "-Inf", "\"\t\"",
    ]

    @Test(arguments: refused) func refuses(_ text: String) {
        #expect(throws: JSONError.self) { try find("$.a", in: text) }
    }

    @Test func refusesWhatIsTooDeepOrTooLong() {
        #expect(throws: JSONError.self) {
            try find("$", in: String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000))
        }
        #expect(throws: JSONError.self) { try find("$", in: String(repeating: "{\"a\":", count: 100_000)) }
        #expect(throws: JSONError.self) { try find("$", in: "0." + String(repeating: "1", count: 100_000)) }
    }

    @Test func aTextThatIsNoUTF8IsRefusedWhereverItIsNone() throws {
        let text: [UInt8] = [0x22, 0xC3, 0x28, 0x22]
        #expect(throws: JSONError.notUTF8(at: 1)) { try find(["$"], in: text) }
        let far = Array(#"{"skipped":"0123456789"#.utf8) + [0xED, 0xA0, 0x80] + Array(#"","a":1}"#.utf8)
        #expect(throws: JSONError.notUTF8(at: 22)) { try find(["$.a"], in: far) }
        #expect(try find(["$.a"], in: Array(#"{"°C":"23 µm, 日本","a":1}"#.utf8)) == [.number(1, exact: 1)])
        let half = Array(#""\ud800x""#.utf8)
        #expect(throws: JSONError.self) { try string(half.span, 1..<(half.count - 1)) }
        let pair = Array(#""\ud83d\ude00""#.utf8)
        #expect(try string(pair.span, 1..<(pair.count - 1)) == "😀")
    }

    /// Each text either reads or is refused: never past its end, never without end. The seed stands in the failure.
    @Test(arguments: [UInt64](1...8)) func mutatedTextsAreReadOrRefused(_ seed: UInt64) throws {
        let good = Array(
            #"{"t":"2026-11-23T20:15:03.123Z","values":[{"temp":41.5e-1,"ok":true},null,[1,2,[3]]],"s":"\u00e9\n"}"#
                .utf8)
        var random = SplitMix64(seed: seed)
        let scanner = JSONScanner(
            JSONQuery(["$.t", "$.values[0].temp", "$.values[2][2][0]", "$.s"].compactMap { JSONPath($0) }))
        var refused = 0
        for _ in 0..<5_000 {
            var text = good
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let at = Int.random(in: 0..<text.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: text[at] = UInt8.random(in: 0...255, using: &random)
                case 1: text.remove(at: at)
                case 2: text.insert(text[Int.random(in: 0..<text.count, using: &random)], at: at)
                default: text.removeSubrange(at...)
                }
                if text.isEmpty { text = [0x7B] }
            }
            do {
                try scanner.scan(text.span)
                for case .string(let range) in (0..<4).map({ scanner.found($0).value }) {
                    #expect(range.upperBound <= text.count)
                }
            } catch {
                refused += 1
            }
        }
        #expect(refused > 500 && refused < 5_000)
    }

    @Test func pathsAreChecked() {
        #expect(JSONPath("$")?.steps == [])
        #expect(JSONPath("$.a.b[0]")?.steps == [.field("a"), .field("b"), .element(0)])
        #expect(JSONPath("$.a[*].b")?.steps == [.field("a"), .each, .field("b")])
        for text in [
            "", "a", "$a", "$.", "$..a", "$[", "$[]", "$[-1]", "$[a]", "$.a[1", "$.a]", "$[1]x", "$[*", "$[**]",
            "$[*][*]",
        ] {
            #expect(JSONPath(text) == nil, "\(text)")
        }
    }
}
