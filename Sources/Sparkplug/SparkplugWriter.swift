package import Plant
import Protobuf

/// Writes Sparkplug B payloads.
package struct SparkplugWriter {
    /// One metric as it is to be written.
    package struct Metric: Sendable {
        /// Only in births.
        package var name: String?
        package var alias: UInt64?
        package var timestamp: UInt64
        /// Only in births and commands.
        package var type: SparkplugDataType?
        package var isHistorical = false
        package var value: Value
        package var quality: Quality?
        package var unit: String?

        package enum Value: Sendable {
            case null
            case boolean(Bool)
            case int64(Int64)
            case double(Double)
            case text(String)
            case floats([Float])
        }

        package init(
            name: String? = nil, alias: UInt64? = nil, timestamp: UInt64, type: SparkplugDataType? = nil,
            isHistorical: Bool = false, value: Value, quality: Quality? = nil, unit: String? = nil
        ) {
            self.name = name
            self.alias = alias
            self.timestamp = timestamp
            self.type = type
            self.isHistorical = isHistorical
            self.value = value
            self.quality = quality
            self.unit = unit
        }
    }

    private var writer = ProtobufWriter()

    package init() {}

    /// - Parameter sequence: nil for NDEATH and commands, which have none.
    package mutating func payload(timestamp: UInt64, sequence: UInt8?, metrics: [Metric]) -> [UInt8] {
        writer.removeAll()
        writer.varint(1, timestamp)
        for metric in metrics { writer.message(2) { Self.write(metric, &$0) } }
        if let sequence { writer.varint(3, UInt64(sequence)) }
        return writer.bytes
    }

    private static func write(_ metric: Metric, _ writer: inout ProtobufWriter) {
        if let name = metric.name { writer.text(1, name) }
        if let alias = metric.alias { writer.varint(2, alias) }
        writer.varint(3, metric.timestamp)
        if let type = metric.type { writer.varint(4, UInt64(type.rawValue)) }
        if metric.isHistorical { writer.boolean(5, true) }
        if case .null = metric.value { writer.boolean(7, true) }
        if metric.quality != nil || metric.unit != nil {
            writer.message(9) { writeProperties(metric, &$0) }
        }
        switch metric.value {
        case .null: break
        case .boolean(let flag): writer.boolean(14, flag)
        case .int64(let number): writer.varint(11, UInt64(bitPattern: number))
        case .double(let number): writer.double(13, number)
        case .text(let text): writer.text(15, text)
        case .floats(let numbers):
            // Little-endian, as they lie in memory on every machine that this runs on.
            writer.data(16, numbers.withUnsafeBytes { Array($0) })
        }
    }

    private static func writeProperties(_ metric: Metric, _ writer: inout ProtobufWriter) {
        if metric.quality != nil { writer.text(1, "Quality") }
        if metric.unit != nil { writer.text(1, "engUnit") }
        if let quality = metric.quality {
            writer.message(2) { value in
                value.varint(1, UInt64(SparkplugDataType.int32.rawValue))
                value.varint(3, UInt64(SparkplugQuality.code(quality)))
            }
        }
        if let unit = metric.unit {
            writer.message(2) { value in
                value.varint(1, UInt64(SparkplugDataType.string.rawValue))
                value.text(8, unit)
            }
        }
    }
}
