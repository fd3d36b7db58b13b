import Protobuf

/// One metric of a payload. Texts and arrays are places in the payload's bytes: nothing is copied.
package struct SparkplugMetric: Hashable, Sendable {
    package enum Value: Hashable, Sendable {
        /// `is_null`, or no value field at all.
        case null
        /// `int_value` and `long_value`: the bits; what they mean, the type says.
        case integer(UInt64)
        case float(Float)
        case double(Double)
        case boolean(Bool)
        case string(Range<Int>)
        case bytes(Range<Int>)
        /// An instance of a template; its members follow as metrics of their own.
        case template
        /// What instances of a template look like: nothing that has a value.
        case definition
        /// A table, or what an extension adds.
        case other
    }

    /// Of a member of a template, within that.
    package var name: Range<Int>?
    /// The template that it is a member of, among the metrics of the payload.
    package var parent: Int?
    package var alias: UInt64?
    /// Milliseconds since 1970.
    package var timestamp: UInt64?
    /// As it stands there; later types than ours have larger numbers. 0 where none is given.
    package var type: UInt32 = 0
    package var isHistorical = false
    package var isTransient = false
    package var value = Value.null
    /// The property `Quality`.
    package var quality: Int64?
    /// The property `engUnit`.
    package var unit: Range<Int>?

    package var dataType: SparkplugDataType { SparkplugDataType(rawValue: type) ?? .unknown }
}

/// Reads Sparkplug B payloads; one reader is used for many, so that the list of metrics is allocated once.
///
/// - Source: Sparkplug 3.0, 6.4.1: `org.eclipse.tahu.protobuf.Payload`.
package struct SparkplugPayload {
    /// Far beyond what a birth of a large controller has; with 1 MiB a message could claim half a million empty ones.
    package static let maxMetrics = 50_000
    /// Properties of one metric; the usual ones are five.
    static let maxProperties = 1_000
    /// Templates in templates; the standard's own example has two levels.
    static let maxTemplateDepth = 8
    /// Bytes of a metric's name.
    static let maxNameBytes = 1_024

    package private(set) var bytes: [UInt8] = []
    /// Milliseconds since 1970.
    package private(set) var timestamp: UInt64?
    package private(set) var sequence: UInt64?
    package private(set) var metrics: [SparkplugMetric] = []

    package init() {}

    /// Reads one payload in the place of the last.
    ///
    /// - Throws: with what was expected and where; nothing of the payload is to be used then.
    // SAFETY: the bytes are copied before the call returns, into memory that the last payload has left.
    package mutating func read(_ message: UnsafeRawBufferPointer) throws(SparkplugError) {
        bytes.removeAll(keepingCapacity: true)
        bytes.append(contentsOf: message)
        try read()
    }

    /// Reads one payload in the place of the last.
    ///
    /// - Throws: with what was expected and where; nothing of the payload is to be used then.
    package mutating func read(_ message: [UInt8]) throws(SparkplugError) {
        bytes = message
        try read()
    }

    private mutating func read() throws(SparkplugError) {
        (timestamp, sequence) = (nil, nil)
        metrics.removeAll(keepingCapacity: true)
        var reader = SparkplugReader(bytes)
        while let field = try reader.next() {
            switch field.number {
            case 1: timestamp = try Self.unsigned(field, "timestamp")
            case 2: try add(try reader.message(field), at: field.offset, parent: nil, depth: 0)
            case 3: sequence = try Self.unsigned(field, "seq")
            // 4 and 5 are the schema's id and a body of somebody's own; what is beyond belongs to extensions.
            default: break
            }
        }
    }

    /// The text at a place of the payload; nil when it is not UTF-8.
    package func text(_ range: Range<Int>) -> String? { String(validating: bytes[range], as: UTF8.self) }

    /// The first metric of a name, of those that are no members.
    package func metric(named name: String) -> SparkplugMetric? {
        metrics.first { metric in
            metric.parent == nil && metric.name.map { bytes[$0].elementsEqual(name.utf8) } ?? false
        }
    }

    /// A metric's whole name: of a member of a template, behind that of the template.
    ///
    /// - Parameter known: the whole name of a metric that has an alias and no name.
    /// - Returns: nil when a part of it is missing, empty or not UTF-8.
    package func path(of metric: SparkplugMetric, known: (UInt64) -> String? = { _ in nil }) -> String? {
        guard let name = metric.name.flatMap({ text($0) }), !name.isEmpty else { return metric.alias.flatMap(known) }
        guard let parent = metric.parent else { return name }
        return path(of: metrics[parent], known: known).map { "\($0)/\(name)" }
    }

    /// Adds a metric and, behind it, the members that it has as a template.
    private mutating func add(
        _ reader: SparkplugReader, at byte: Int, parent: Int?, depth: Int
    ) throws(SparkplugError) {
        guard metrics.count < Self.maxMetrics else {
            throw .tooLarge("metrics", expected: "at most \(Self.maxMetrics)", found: "more", byte: byte)
        }
        var template: SparkplugReader?
        var metric = try Self.metric(reader, &template)
        if let parent {
            // What is said of a template is said of its members, where they say nothing else.
            metric.parent = parent
            metric.timestamp = metric.timestamp ?? metrics[parent].timestamp
            metric.quality = metric.quality ?? metrics[parent].quality
            metric.isHistorical = metric.isHistorical || metrics[parent].isHistorical
            metric.isTransient = metric.isTransient || metrics[parent].isTransient
        }
        let place = metrics.count
        guard metric.value == .template, let template else { return metrics.append(metric) }
        if try Self.isDefinition(template) {
            metric.value = .definition
            return metrics.append(metric)
        }
        metrics.append(metric)
        guard depth < Self.maxTemplateDepth else {
            throw .tooLarge(
                "templates", expected: "at most \(Self.maxTemplateDepth) levels", found: "more", byte: byte)
        }
        var members = template
        while let field = try members.next() {
            guard field.number == 2 else { continue }
            try add(try members.message(field), at: field.offset, parent: place, depth: depth + 1)
        }
    }

    private static func isDefinition(_ template: SparkplugReader) throws(SparkplugError) -> Bool {
        var reader = template
        var isDefinition = false
        while let field = try reader.next() {
            if field.number == 5 { isDefinition = try unsigned(field, "is_definition") != 0 }
        }
        return isDefinition
    }

    private static func unsigned(_ field: ProtobufField, _ what: String) throws(SparkplugError) -> UInt64 {
        guard case .varint(let bits) = field.content else {
            throw .malformed(what, expected: "a varint", found: "another wire type", byte: field.offset)
        }
        return bits
    }

    /// - Parameter template: gets what the value is where it is one.
    private static func metric(
        _ reader: SparkplugReader, _ template: inout SparkplugReader?
    ) throws(SparkplugError) -> SparkplugMetric {
        var reader = reader
        var metric = SparkplugMetric()
        var isNull = false
        while let field = try reader.next() {
            switch field.number {
            case 1:
                let range = try reader.range(field)
                guard range.count <= maxNameBytes else {
                    throw .tooLarge(
                        "metric name", expected: "at most \(maxNameBytes) bytes", found: "\(range.count)",
                        byte: field.offset)
                }
                metric.name = range
            case 2: metric.alias = try unsigned(field, "alias")
            case 3: metric.timestamp = try unsigned(field, "metric timestamp")
            case 4: metric.type = UInt32(truncatingIfNeeded: try unsigned(field, "datatype"))
            case 5: metric.isHistorical = try unsigned(field, "is_historical") != 0
            case 6: metric.isTransient = try unsigned(field, "is_transient") != 0
            case 7: isNull = try unsigned(field, "is_null") != 0
            case 9: try readProperties(try reader.message(field), into: &metric)
            case 10, 11: metric.value = .integer(try unsigned(field, "int_value"))
            case 12: metric.value = .float(try reader.float(field))
            case 13:
                guard case .fixed64(let bits) = field.content else {
                    throw .malformed(
                        "double_value", expected: "8 bytes", found: "another wire type", byte: field.offset)
                }
                metric.value = .double(Double(bitPattern: bits))
            case 14: metric.value = .boolean(try unsigned(field, "boolean_value") != 0)
            case 15: metric.value = .string(try reader.range(field))
            case 16: metric.value = .bytes(try reader.range(field))
            case 18:
                metric.value = .template
                template = try reader.message(field)
            case 17, 19: metric.value = .other
            default: break
            }
        }
        if isNull { metric.value = .null }
        return metric
    }

    /// Keys and values are two lists of one order, which may lie mixed: the first pass finds which numbers are wanted.
    private static func readProperties(
        _ reader: SparkplugReader, into metric: inout SparkplugMetric
    ) throws(SparkplugError) {
        var keys = reader
        var count = 0
        var (quality, unit): (Int?, Int?)
        while let field = try keys.next() {
            guard field.number == 1 else { continue }
            guard count < maxProperties else {
                throw .tooLarge("properties", expected: "at most \(maxProperties)", found: "more", byte: field.offset)
            }
            let range = try keys.range(field)
            if keys.equals(range, "Quality") || keys.equals(range, "quality") { quality = count }
            if keys.equals(range, "engUnit") { unit = count }
            count += 1
        }
        guard quality != nil || unit != nil else { return }
        var values = reader
        var index = 0
        while let field = try values.next() {
            guard field.number == 2 else { continue }
            if index == quality { metric.quality = try integerProperty(try values.message(field)) }
            if index == unit { metric.unit = try textProperty(try values.message(field)) }
            index += 1
        }
    }

    private static func integerProperty(_ reader: SparkplugReader) throws(SparkplugError) -> Int64? {
        var reader = reader
        var value: Int64?
        while let field = try reader.next() {
            switch field.number {
            // Int32: the upper half is not part of it.
            case 3: value = Int64(Int32(truncatingIfNeeded: try unsigned(field, "int_value")))
            case 4: value = Int64(bitPattern: try unsigned(field, "long_value"))
            default: break
            }
        }
        return value
    }

    private static func textProperty(_ reader: SparkplugReader) throws(SparkplugError) -> Range<Int>? {
        var reader = reader
        var value: Range<Int>?
        while let field = try reader.next() {
            if field.number == 8 { value = try reader.range(field) }
        }
        return value
    }
}
