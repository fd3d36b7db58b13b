import Plant
import Sparkplug
import Testing

/// Payloads of an independent implementation, and what they say. `Vectors/make` tells how they were made.
@Suite struct PayloadTests {
    private static let time: UInt64 = 1_700_000_000_000

    private func read(_ name: String) throws -> SparkplugPayload {
        var payload = SparkplugPayload()
        try payload.read(try Vectors.payload(name))
        return payload
    }

    private func readings(_ payload: SparkplugPayload) throws -> [String: SparkplugReading] {
        var result: [String: SparkplugReading] = [:]
        for metric in payload.metrics {
            let name = try #require(metric.name.flatMap { payload.text($0) })
            result[name] = payload.reading(of: metric, as: metric.dataType)
        }
        return result
    }

    /// One metric of each type, by name.
    static let scalars: [(name: String, value: Sample.Value)] = [
        ("int8", .number(-5)), ("int16", .number(-30_000)), ("int32", .number(-2_000_000_000)),
        ("int64", .number(-9_007_199_254_740_991)), ("uint8", .number(250)), ("uint16", .number(65_000)),
        ("uint32", .number(4_000_000_000)), ("uint64", .number(9_007_199_254_740_992)), ("float", .number(0.5)),
        ("double", .number(1480.5)), ("boolean", .number(1)), ("string", .text("press 3")),
        ("datetime", .number(1_600_000_000_250)), ("text", .text("压力机")),
        ("uuid", .text("0e1c9f5e-6f3a-4f6e-8a5b-2f8f8ad3c111")),
    ]

    @Test func readsEveryScalarType() throws {
        let payload = try read("nbirth.scalars")
        #expect(payload.timestamp == Self.time)
        #expect(payload.sequence == 0)
        #expect(payload.metric(named: "bdSeq")?.value == .integer(7))
        #expect(payload.metrics.count == Self.scalars.count + 3)
        #expect(payload.metrics.allSatisfy { $0.timestamp == Self.time || $0.name.flatMap(payload.text) == "bdSeq" })
        let readings = try readings(payload)
        for (name, value) in Self.scalars {
            #expect(readings[name] == SparkplugReading(value: value, quality: .good, fault: nil), "\(name)")
        }
        #expect(readings["bytes"]?.fault == .unsupported)
        #expect(readings["null"] == SparkplugReading(value: .none, quality: .bad(.source), fault: nil))
    }

    @Test func readsEveryArrayOfNumbers() throws {
        let payload = try read("dbirth.arrays")
        #expect(payload.sequence == 1)
        let expected: [String: [Float]] = [
            "int8": [-1, 2], "int16": [-30_000, 30_000], "int32": [-1, 70_000], "int64": [-1, 2], "uint8": [1, 250],
            "uint16": [1, 65_000], "uint32": [1, 65_536], "uint64": [1, 65_536], "float": [0.5, -2],
            "double": [0.25, -4], "boolean": [1, 0, 0, 0, 0, 0, 0, 1, 1], "datetime": [1_599_999_967_232],
        ]
        let readings = try readings(payload)
        for (name, values) in expected { #expect(readings[name]?.value == .waveform(values), "\(name)") }
        #expect(readings["string"]?.fault == .unsupported)
        #expect(readings.count == expected.count + 1)
    }

    @Test func readsAliasesAndFlags() throws {
        let payload = try read("ddata.alias")
        #expect(payload.sequence == 255)
        #expect(payload.metrics.map(\.alias) == [9, 9, 10])
        #expect(payload.metrics.map(\.name) == [nil, nil, nil])
        #expect(payload.metrics.map(\.isHistorical) == [false, true, false])
        #expect(payload.metrics.map(\.isTransient) == [false, false, true])
        #expect(payload.metrics[1].timestamp == Self.time - 5_000)
        #expect(payload.reading(of: payload.metrics[0], as: .double).value == .number(2.5))
        // The type comes from the birth, and must fit.
        #expect(payload.reading(of: payload.metrics[0], as: .int32).fault == .type)
    }

    @Test func readsDeathsAndCommands() throws {
        let death = try read("ndeath")
        #expect(death.sequence == nil)
        #expect(death.metric(named: "bdSeq")?.value == .integer(7))
        #expect(try read("ddeath").sequence == 3)
        #expect(SparkplugCommand.asksForRebirth(try read("ncmd.rebirth")))
        #expect(!SparkplugCommand.asksForRebirth(death))
    }

    @Test func readsPropertiesAndSkipsWhatNobodyHereReads() throws {
        let payload = try read("ndata.properties")
        #expect(payload.metrics.count == 7)
        let readings = try readings(payload)
        #expect(readings["good"]?.quality == .good)
        #expect(readings["bad"]?.quality == .bad(.source))
        #expect(readings["stale"]?.quality == .uncertain(.stale))
        #expect(payload.metrics[0].unit.flatMap { payload.text($0) } == "mm/s")
        #expect(readings["table"]?.fault == .unsupported)
        // A template itself is no value; its member is one.
        #expect(readings["template"]?.fault == .unsupported)
        #expect(readings["inner"]?.value == .number(1))
        #expect(payload.metrics.compactMap { payload.path(of: $0) }.contains("template/inner"))
        #expect(readings["wide"]?.value == .number(-7))
    }

    static let numbers: [(bits: UInt64, type: SparkplugDataType, value: Double?)] = [
        (0xFB, .int8, -5), (0xFFFF_FFFB, .int8, -5), (0xFFFF_FFFF_FFFF_FFFB, .int8, -5), (0x1FB, .int8, nil),
        (0xFFFB, .int8, nil), (0xFFFF_7FFB, .int16, nil), (0x7F, .int8, 127), (0x8000, .int16, -32_768),
        (0xFFFF_FFFF, .int32, -1), (0xFFFF_FFFF_FFFF_FFFF, .int32, -1), (0x1_0000_0000, .int32, nil),
        (0x100, .uint8, nil), (0x1_0000, .uint16, nil), (0x1_0000_0000, .uint32, nil),
        (0xFFFF_FFFF_FFFF_FFFF, .int64, -1), (0xFFFF_FFFF_FFFF_FFFF, .uint64, 18_446_744_073_709_551_616),
        (1, .boolean, nil), (1, .double, nil), (1, .string, nil),
    ]

    /// Negative numbers in unsigned fields, in the forms that are in use, and nothing beyond a type's range.
    @Test(arguments: numbers.indices)
    func takesANumberOnlyInTheRangeOfItsType(_ index: Int) throws {
        let (bits, type, value) = Self.numbers[index]
        // One metric with long_value.
        var varint: [UInt8] = []
        var rest = bits
        while rest > 0x7F {
            varint.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        varint.append(UInt8(rest))
        var payload = SparkplugPayload()
        try payload.read([0x12, UInt8(varint.count + 1), 0x58] + varint)
        let reading = payload.reading(of: payload.metrics[0], as: type)
        #expect(reading.value == (value.map { .number($0) } ?? .none))
        #expect((reading.fault == nil) == (value != nil))
    }

    static let broken: [(bytes: [UInt8], words: String)] = [
        ([0x12, 0x7F, 0x0A], "expected at most the 1 bytes that are left, found 127"),
        ([0x12, 0x03, 0x0A, 0x7F, 0x61], "expected at most the 1 bytes that are left, found 127"),
        ([0x12, 0x02, 0x65, 0x00], "expected 4 bytes, found 1"), ([0x08], "expected another byte"),
        ([0x0A, 0x01, 0x61], "timestamp at byte 0: expected a varint"), ([0x0B], "groups are long gone"),
        ([0x12, 0x03, 0x0D, 0, 0], "expected 4 bytes"),
    ]

    @Test(arguments: broken.indices)
    func saysWhatIsWrongAndWhere(_ index: Int) throws {
        let (bytes, words) = Self.broken[index]
        var payload = SparkplugPayload()
        let error = try #require(throws: SparkplugError.self) { try payload.read(bytes) }
        #expect(error.description.contains(words), "\(error)")
    }

    @Test func aMessageOfEmptyMetricsIsBounded() throws {
        var payload = SparkplugPayload()
        let metric: [UInt8] = [0x12, 0x00]
        try payload.read(Array(repeatElement(metric, count: SparkplugPayload.maxMetrics).joined()))
        #expect(payload.metrics.count == SparkplugPayload.maxMetrics)
        let error = try #require(throws: SparkplugError.self) {
            try payload.read(Array(repeatElement(metric, count: SparkplugPayload.maxMetrics + 1).joined()))
        }
        #expect(error.code == "too_large")
    }

    @Test(arguments: [
        ("spBv1.0/g/NBIRTH/e", SparkplugTopic.Kind.nodeBirth, nil as String?),
        ("spBv1.0/g/DDATA/e/d", .deviceData, "d"),
    ])
    func readsATopic(_ text: String, _ kind: SparkplugTopic.Kind, _ device: String?) throws {
        let topic = try #require(SparkplugTopic(text))
        #expect(topic.kind == kind)
        #expect(topic.device == device)
        #expect(topic.node == SparkplugNode(group: "g", edge: "e"))
        #expect(topic.text == text)
    }

    @Test(arguments: [
        "spBv1.0/g/DDATA/e", "spBv1.0/g/NDATA/e/d", "spAv1.0/g/NDATA/e", "spBv1.0/g/XDATA/e", "spBv1.0//NDATA/e",
        "spBv1.0/g/NDATA/", "spBv1.0/STATE/host", "spBv1.0/g/DDATA/e/d/x", "",
    ])
    func refusesATopicOfAnotherForm(_ text: String) { #expect(SparkplugTopic(text) == nil) }
}
