import Plant
import Testing

@testable import Drivers

/// What payloads of each format give, and what a value that is wrong does to its tag and to no other.
@Suite struct PayloadTests {
    typealias Answer = PayloadBench.Answer

    struct Vector: Sendable, CustomTestStringConvertible {
        var entry: String
        var payload: String
        var value: Sample.Value = .none
        var quality = Quality.good
        var fault: PayloadFault?
        var at: Int?
        var testDescription: String { "\(entry) <- \(payload)" }

        static func good(_ entry: String, _ payload: String, _ value: Double) -> Self {
            Vector(entry: entry, payload: payload, value: .number(value))
        }

        static func good(_ entry: String, _ payload: String, text: String) -> Self {
            Vector(entry: entry, payload: payload, value: .text(text))
        }

        static func bad(_ entry: String, _ payload: String, _ fault: PayloadFault) -> Self {
            Vector(entry: entry, payload: payload, quality: .bad(fault.cause), fault: fault)
        }
    }

    static let json = "payload: json, path: $.v, tag: v"
    static let text = "payload: text, tag: v"
    static let csv = "payload: csv, column: 2, tag: v"

    static let vectors: [Vector] = [
        .good(json, #"{"v":1.5}"#, 1.5), .good(json, #"{"v":true}"#, 1), .good(json, #"{"v":false}"#, 0),
        .bad(json, #"{"v":"1.5"}"#, .notANumber), .bad(json, #"{"v":null}"#, .missing), .bad(json, "{}", .missing),
        .bad(json, #"{"v":[1]}"#, .notANumber), .bad(json, #"{"v":1e999}"#, .notFinite), .bad(json, "{", .json),
        .good("\(json), quoted: true", #"{"v":"-1.5e1"}"#, -15), .good("\(json), quoted: true", #"{"v":2}"#, 2),
        .good("\(json), quoted: true, suffix: °C", #"{"v":"21.5 °C"}"#, 21.5),
        .good("\(json), quoted: true, suffix: °C", #"{"v":"21.5 \u00b0C"}"#, 21.5),
        .bad("\(json), quoted: true, suffix: °C", #"{"v":"21.5 °F"}"#, .wrongUnit),
        .bad("\(json), quoted: true", #"{"v":""}"#, .missing),
        .bad("\(json), quoted: true", #"{"v":"x"}"#, .notANumber),
        .bad("\(json), quoted: true", #"{"v":"\ud800"}"#, .notANumber),
        .good("\(json), words: { ON: 1, OFF: 0 }", #"{"v":"ON"}"#, 1),
        .good("\(json), words: { ON: 1, OFF: 0 }", #"{"v":3}"#, 3),
        .bad("\(json), words: { ON: 1, OFF: 0 }", #"{"v":"on"}"#, .unknownWord),
        .bad("\(json), words: { ON: 1, OFF: 0 }", #"{"v":"1"}"#, .unknownWord),
        .good("\(json), words: { ON: 1 }, quoted: true", #"{"v":"0.5"}"#, 0.5),
        .good("\(json), type: text", #"{"v":"Rezept \"7\" ü"}"#, text: "Rezept \"7\" ü"),
        .good("\(json), type: text", #"{"v":""}"#, text: ""),
        .bad("\(json), type: text", #"{"v":7}"#, .notAText), .bad("\(json), type: text", #"{"v":null}"#, .missing),
        .bad("\(json), type: text", #"{"v":"\ud83d"}"#, .notAText),
        .bad("\(json), type: text", #"{"v":"a\u0000"}"#, .notAText),
        .bad("\(json), type: text", "{\"v\":\"\(String(repeating: "x", count: 4_097))\"}", .wrongLength),
        .good("\(json), scale: 0.5, offset: -40", #"{"v":100}"#, 10),
        .good("\(json), words: { HALF: 50 }, scale: 0.01", #"{"v":"HALF"}"#, 0.5),
        Vector(
            entry: "\(json), max: 100", payload: #"{"v":101}"#, value: .number(101), quality: .bad(.outOfRange)),
        Vector(
            entry: "\(json), clamp: [0, 100]", payload: #"{"v":101}"#, value: .number(100),
            quality: .uncertain(.clamped)),
        .bad("\(json), scale: 1e300", #"{"v":1e300}"#, .notFinite),

        .good("payload: number, tag: v, scale: 10", " 12.25\n", 122.5), .bad("payload: number, tag: v", "+1", .json),
        .bad("payload: number, tag: v", "-inf", .notFinite), .bad("payload: number, tag: v", #""1""#, .notANumber),

        .good(text, " +007.50\r\n", 7.5), .good(text, ".5", 0.5), .good(text, "5.", 5), .good(text, "-1e-2", -0.01),
        .good(text, "123456789012345678901234567890", 123_456_789_012_345_677_877_719_597_056),
        .bad(text, "", .missing), .bad(text, " \t\n", .missing), .bad(text, "12,5", .notANumber),
        .bad(text, "12.5 bar", .notANumber), .bad(text, ".", .notANumber), .bad(text, "1.2.3", .notANumber),
        .bad(text, "--1", .notANumber), .bad(text, "0x10", .notANumber), .bad(text, "NaN", .notFinite),
        .bad(text, "-Infinity", .notFinite), .bad(text, "1e999", .notFinite), .bad(text, "١٢", .notANumber),
        .good("\(text), suffix: [bar, mbar]", "12.5bar", 12.5), .good("\(text), suffix: [bar, mbar]", "3", 3),
        .bad("\(text), suffix: [bar, mbar]", "12.5 psi", .wrongUnit), .good("\(text), suffix: eV", "1eV", 1),
        .good("\(text), decimal_comma: true", "-12,5", -12.5),
        .bad("\(text), decimal_comma: true", "12.5", .notANumber),
        .good("\(text), decimal_comma: true", "0,12345678901234567890", 0.123_456_789_012_345_678_90),
        .good("\(text), words: { open: 1, closed: 0 }", "closed", 0),
        .bad("\(text), words: { open: 1 }", "opened", .unknownWord),
        .good("\(text), type: text", " Charge 4711\n", text: "Charge 4711"),
        .bad("\(text), type: text", "a\u{7}b", .notAText),

        .good(csv, "7;1,2.5,x", 2.5), .good(csv, "a,\"2.5\"", 2.5), .good(csv, "\u{FEFF}a,2.5\r\n\r\n", 2.5),
        .good(csv, "\"a,b\", \"2.5\" ,c", 2.5), .bad(csv, "1", .missing), .bad(csv, "1,,2", .missing),
        .bad(csv, "", .missing), .bad(csv, "\n\r\n", .missing), .bad(csv, "1,x", .notANumber),
        .bad(csv, "1,2\n1,3", .tooMany), .bad(csv, "1,\"2", .csv), .bad(csv, "1,\"2\"3", .csv),
        .good("\(csv), separator: \";\", decimal_comma: true", "1,5;-2,5", -2.5),
        .good("\(csv), separator: tab", "1\t\"2.5\"", 2.5), .good("\(csv), separator: space", "1 2.5", 2.5),
        .good("\(csv), type: text", "1,\"a \"\"b\"\" c\"", text: "a \"b\" c"),
        .good("payload: csv, header: true, column: temp, tag: v", "time, temp ,\"x\"\n1,2.5,3", 2.5),
        .bad("payload: csv, header: true, column: temp, tag: v", "time,load\n1,2.5", .missing),
        .bad("payload: csv, header: true, column: temp, tag: v", "time,temp\n", .missing),
        .good("payload: csv, header: true, column: 3, tag: v", "a,b,c\n1,2,3", 3),
    ]

    @Test(arguments: vectors) func oneValueIsReadOrItsFaultNamed(_ vector: Vector) throws {
        var bench = try PayloadBench(vector.entry)
        let answers = bench.read(vector.payload)
        #expect(answers.map(\.value) == [vector.value])
        #expect(answers.map(\.quality) == [vector.quality])
        #expect(answers.map(\.fault) == [vector.fault])
    }

    @Test func bytesThatAreNoTextAreNone() throws {
        var bench = try PayloadBench("\(Self.text), type: text")
        #expect(bench.read([0xFF, 0xFE]).map(\.fault) == [.notAText])
        var json = try PayloadBench("\(Self.json), type: text")
        #expect(json.read(Array(#"{"v":"a"#.utf8) + [0xC3, 0x28] + Array(#""}"#.utf8)).map(\.fault) == [.json])
    }

    @Test func aWrongValueCostsItsTagOnly() throws {
        var bench = try PayloadBench(
            """
            payload: json, values: [ { path: $.a, tag: a }, { path: $.b, tag: b, type: text }, { path: $.c, tag: c, min: 0 },
            { path: "$.d[*]", tag: d, type: waveform, samples: 2, rate: 10 } ]
            """)
        let answers = bench.read(#"{"a":"x","b":"ok","c":-1,"d":[1,2,3]}"#)
        #expect(answers.map(\.tag) == ["a", "b", "c", "d"])
        #expect(answers.map(\.fault) == [.notANumber, nil, nil, .wrongLength])
        #expect(answers.map(\.value) == [.none, .text("ok"), .number(-1), .none])
        #expect(answers.map(\.quality) == [.bad(.malformed), .good, .bad(.outOfRange), .bad(.wrongLength)])
        #expect(answers.map(\.at) == [5, 13, 22, 29])
        // What is no JSON is believed in no part.
        #expect(bench.read(#"{"a":1,"b":"ok","c":1,"d":[1,2]"#).map(\.fault) == [.json, .json, .json, .json])
    }

    // MARK: Times

    static let second: Int64 = 1_795_464_903
    static let times: [(format: String, written: String, nanoseconds: Int64?)] = [
        ("unix_s", "1795464903", second * 1_000_000_000), ("unix_s", "\"1795464903\"", second * 1_000_000_000),
        ("unix_s", "1795464903.123456789", second * 1_000_000_000 + 123_456_789),
        ("unix_s", "\"1795464903,5\"", second * 1_000_000_000 + 500_000_000),
        ("unix_s", "1.795464903e9", second * 1_000_000_000), ("unix_s", "-1.25", -1_250_000_000),
        ("unix_ms", "1795464903123", second * 1_000_000_000 + 123_000_000),
        ("unix_ms", "\"1795464903123.25\"", second * 1_000_000_000 + 123_250_000),
        ("unix_us", "1795464903123456", second * 1_000_000_000 + 123_456_000),
        ("unix_us", "\" 1795464903123456 \"", second * 1_000_000_000 + 123_456_000),
        ("unix_ns", "1795464903123456789", second * 1_000_000_000 + 123_456_789),
        ("unix_ns", "1795464903123456789.9", second * 1_000_000_000 + 123_456_789),
        ("iso8601", "\"2026-11-23T20:15:03Z\"", second * 1_000_000_000),
        ("iso8601", "\"2026-11-24 04:15:03,5+0800\"", second * 1_000_000_000 + 500_000_000),
        ("iso8601, zone: \"+08:00\"", "\"2026-11-24T04:15:03\"", second * 1_000_000_000),
        ("iso8601, zone: Z", "\"2026-11-23T20:15:03\"", second * 1_000_000_000),
        ("iso8601", "\"2026-11-23T20:15:03\"", nil), ("iso8601", "1795464903", nil), ("unix_s", "\"\"", nil),
        ("unix_s", "\"x\"", nil), ("unix_s", "null", nil), ("unix_s", "99999999999", nil), ("unix_s", "1e999", nil),
        ("unix_s", "\"1795464903x\"", nil), ("unix_s", "\"1795464903.\"", nil), ("unix_ns", "9223372036854775808", nil),
        ("unix_s", "\"9223372036.854775808\"", nil), ("unix_ms", "true", nil), ("unix_ms", "\"+1\"", nil),
    ]

    @Test(arguments: times) func aTimeIsReadExactlyOrNotAtAll(
        _ time: (format: String, written: String, nanoseconds: Int64?)
    ) throws {
        var bench = try PayloadBench("\(Self.json), time: { path: $.t, format: \(time.format) }")
        let answers = bench.read("{\"v\":1,\"t\":\(time.written)}")
        #expect(answers.map(\.time) == [time.nanoseconds])
        #expect(answers.map(\.fault) == [time.nanoseconds == nil ? .wrongTime : nil])
        #expect(answers.map(\.value) == [time.nanoseconds == nil ? .none : .number(1)])
    }

    // MARK: Lists

    private static func seconds(_ times: [Int64?]) -> [Int64?] { times.map { $0.map { $0 * 1_000_000_000 } } }

    @Test func aListGivesManySamplesOfOneTag() throws {
        var bench = try PayloadBench(
            #"payload: json, path: "$.data[*].v", tag: v, time: { path: "$.data[*].t", format: unix_s }"#)
        let answers = bench.read(
            #"{"data":[{"t":1,"v":1.5},{"v":2,"t":"2"},{"t":3},{"t":"x","v":4},{"t":5,"v":"y"},{"t":6,"v":6}]}"#)
        #expect(answers.map(\.time) == Self.seconds([1, 2, 3, nil, 5, 6]))
        #expect(answers.map(\.value) == [.number(1.5), .number(2), .none, .none, .none, .number(6)])
        #expect(answers.map(\.fault) == [nil, nil, .missing, .wrongTime, .notANumber, nil])
        #expect(bench.read(#"{"data":[]}"#) == [])
        #expect(bench.read(#"{"data":{}}"#).map(\.fault) == [.wrongTime])
        #expect(bench.read(#"{}"#).map(\.fault) == [.wrongTime])
    }

    @Test func listsGoTogetherByTheirOrder() throws {
        var bench = try PayloadBench(
            """
            payload: json, time: { path: "$.t[*]", format: unix_s },
            values: [ { path: "$.a[*]", tag: a }, { path: "$.b[*]", tag: b }, { path: $.c, tag: c } ]
            """)
        let answers = bench.read(#"{"t":[1,2],"a":[10,20],"b":[100,null],"c":7}"#)
        #expect(answers.map(\.tag) == ["c", "a", "b", "a", "b"])
        #expect(answers.map(\.value) == [.number(7), .number(10), .number(100), .number(20), .none])
        #expect(answers.map(\.time) == Self.seconds([nil, 1, 1, 2, 2]))
        // Of lists that do not fit, nobody knows which belongs to which.
        #expect(bench.read(#"{"t":[1,2],"a":[10],"b":[100,200],"c":7}"#).allSatisfy { $0.fault == .wrongLength })
        #expect(bench.read(#"{"t":[1],"a":[10,20],"b":[100,200],"c":7}"#).allSatisfy { $0.fault == .wrongLength })
        #expect(
            bench.read(#"{"t":[1],"a":[10],"b":5,"c":7}"#).map(\.fault) == [nil, .notAList, nil])
    }

    @Test func aListMayHaveOneTimeAndAStep() throws {
        var bench = try PayloadBench(
            #"payload: json, path: "$.v[*]", tag: v, time: { path: $.t, format: unix_s, every: 250ms }"#)
        let answers = bench.read(#"{"t":10,"v":[1,2,3]}"#)
        #expect(answers.map(\.time) == [10_000_000_000, 10_250_000_000, 10_500_000_000])
        #expect(answers.map(\.value) == [.number(1), .number(2), .number(3)])
    }

    @Test func pairsInAnArrayAreReadToo() throws {
        var bench = try PayloadBench(
            #"payload: json, path: "$[*][1]", tag: v, time: { path: "$[*][0]", format: unix_ms }"#)
        #expect(bench.read("[[1000,1],[2000,2]]").map(\.time) == [1_000_000_000, 2_000_000_000])
    }

    @Test func moreValuesThanAMessageMayBringAreRefusedAsAWhole() throws {
        var bench = try PayloadBench(
            #"payload: json, path: "$.v[*]", tag: v, time: { path: $.t, format: unix_s, every: 1ms }"#)
        func text(_ count: Int) -> String {
            "{\"t\":0,\"v\":[" + String(repeating: "1,", count: count - 1) + "1]}"
        }
        #expect(bench.read(text(PayloadDecoder.maxReadings)).count == PayloadDecoder.maxReadings)
        #expect(bench.read(text(PayloadDecoder.maxReadings + 1)).map(\.fault) == [.tooMany])
        var csv = try PayloadBench("payload: csv, column: 2, tag: v, time: { column: 1, format: unix_s }")
        func lines(_ count: Int) -> String { (0..<count).map { "\($0),1\n" }.joined() }
        #expect(csv.read(lines(PayloadDecoder.maxReadings)).count == PayloadDecoder.maxReadings)
        #expect(csv.read(lines(PayloadDecoder.maxReadings + 1)).map(\.fault) == [.tooMany])
    }

    @Test func anArrayMayBeAWindow() throws {
        var bench = try PayloadBench(
            """
            payload: json, time: { path: $.t, format: unix_s }, values: [
            { path: "$.x[*]", tag: x, type: waveform, samples: 3, rate: 100, unit: g, scale: 0.5, clamp: [-1, 1] },
            { path: "$.y[*].a", tag: y, type: waveform, samples: 2, rate: 100, max: 5 } ]
            """)
        let answers = bench.read(#"{"t":1,"x":[1,-2.5,3],"y":[{"a":4},{"a":6}]}"#)
        #expect(answers.map(\.value) == [.waveform([0.5, -1, 1]), .waveform([4, 6])])
        #expect(answers.map(\.quality) == [.uncertain(.clamped), .bad(.outOfRange)])
        #expect(answers.map(\.time) == [1_000_000_000, 1_000_000_000])
        for (window, fault) in [
            ("[1,2]", PayloadFault.wrongLength), ("[1,2,null]", .missing), ("[1,\"2\",3]", .notANumber),
            ("[1,NaN,3]", .notFinite), ("[1,1e39,3]", .notFinite), ("5", .notAList), ("null", .missing),
        ] {
            #expect(
                bench.read("{\"t\":1,\"x\":\(window),\"y\":[{\"a\":1},{\"a\":2}]}").map(\.fault) == [fault, nil],
                "\(window)")
        }
    }

    @Test func linesWithTimesAreManySamples() throws {
        var bench = try PayloadBench(
            """
            payload: csv, separator: ";", decimal_comma: true, header: true,
            time: { column: Zeit, format: iso8601, zone: "+01:00" },
            values: [ { column: T, tag: t, unit: degC }, { column: Lage, tag: where, type: text } ]
            """)
        let answers = bench.read(
            "Zeit;Lage;T\r\n2026-11-23 21:15:03,5;\"oben; links\";21,5\r\n2026-11-23 21:15:04;unten;x\r\nnie;unten;3\r\n"
        )
        #expect(answers.map(\.tag) == ["t", "where", "t", "where", "t", "where"])
        #expect(
            answers.map(\.value) == [.number(21.5), .text("oben; links"), .none, .text("unten"), .none, .none])
        #expect(answers.map(\.fault) == [nil, nil, .notANumber, nil, .wrongTime, .wrongTime])
        let start = Self.second * 1_000_000_000
        #expect(
            answers.map(\.time) == [
                start + 500_000_000, start + 500_000_000, start + 1_000_000_000, start + 1_000_000_000, nil, nil,
            ])
    }

    @Test func channelsOfOneMessageAreTagsOfTheirOwn() throws {
        var bench = try PayloadBench(
            """
            payload: waveform, format: int16-le, samples: 2, rate: 100, header_bytes: 1, channels: 3,
            values: [ { tag: x, unit: g, scale: 0.5 }, { tag: z, channel: 3, max: 5 } ]
            """)
        let payload: [UInt8] = [9, 1, 0, 10, 0, 4, 0, 2, 0, 20, 0, 6, 0]
        let answers = bench.read(payload)
        #expect(answers.map(\.tag) == ["x", "z"])
        #expect(answers.map(\.value) == [.waveform([0.5, 1]), .waveform([4, 6])])
        #expect(answers.map(\.quality) == [.good, .bad(.outOfRange)])
        #expect(bench.read(Array(payload.dropLast())).map(\.fault) == [.wrongLength, .wrongLength])
        #expect(bench.read([]).map(\.fault) == [.wrongLength, .wrongLength])
    }
}
