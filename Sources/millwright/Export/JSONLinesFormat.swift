import Plant
import Store

/// One JSON object a line. What JSON cannot write (a mean that is not finite) is `null`.
struct JSONLinesFormat: ExportFormat {
    private var time = TimeWriter()

    mutating func begin(to buffer: inout [UInt8]) {}

    mutating func append(_ row: ExportedSample, to buffer: inout [UInt8]) {
        buffer.append(text: "{\"time\":\"")
        time.append(row.sample.time, to: &buffer)
        buffer.append(text: "\",\"tag\":")
        Self.append(string: row.tag.name, to: &buffer)
        buffer.append(text: ",\"value\":")
        switch row.sample.value {
        case .number(let number): Self.append(number, to: &buffer)
        case .text(let text): Self.append(string: text, to: &buffer)
        case .waveform(let values):
            buffer.append(UInt8(ascii: "["))
            for (index, value) in values.enumerated() {
                if index > 0 { buffer.append(UInt8(ascii: ",")) }
                buffer.append(text: value.isFinite ? value.description : "null")
            }
            buffer.append(UInt8(ascii: "]"))
        case .none: buffer.append(text: "null")
        }
        buffer.append(text: ",\"unit\":")
        Self.append(string: row.tag.unit, to: &buffer)
        let (quality, cause) = row.sample.quality.words
        buffer.append(text: ",\"quality\":\"")
        buffer.append(text: quality)
        buffer.append(text: "\",\"cause\":")
        if let cause { Self.append(string: cause, to: &buffer) } else { buffer.append(text: "null") }
        buffer.append(text: "}\n")
    }

    mutating func append(_ row: ExportedRollup, to buffer: inout [UInt8]) {
        let rollup = row.bucket.rollup
        buffer.append(text: "{\"time\":\"")
        time.append(row.bucket.start, to: &buffer)
        buffer.append(text: "\",\"tag\":")
        Self.append(string: row.tag.name, to: &buffer)
        buffer.append(text: ",\"min\":")
        Self.append(rollup.good > 0 ? rollup.minimum : nil, to: &buffer)
        buffer.append(text: ",\"max\":")
        Self.append(rollup.good > 0 ? rollup.maximum : nil, to: &buffer)
        buffer.append(text: ",\"mean\":")
        Self.append(rollup.mean, to: &buffer)
        buffer.append(text: ",\"count\":\(rollup.good + rollup.notGood),\"good\":\(rollup.good),\"unit\":")
        Self.append(string: row.tag.unit, to: &buffer)
        buffer.append(text: "}\n")
    }

    mutating func append(_ gap: Gap, to buffer: inout [UInt8]) {
        buffer.append(text: "{\"gap\":")
        Self.append(string: gap.subject, to: &buffer)
        buffer.append(text: ",\"from\":\"")
        time.append(gap.from, to: &buffer)
        buffer.append(text: "\",\"to\":\"")
        time.append(gap.to, to: &buffer)
        buffer.append(text: "\",\"count\":\(gap.count),\"reason\":\"\(gap.reason.rawValue)\"}\n")
    }

    // MARK: Values

    private static func append(_ number: Double?, to buffer: inout [UInt8]) {
        guard let number, number.isFinite else { return buffer.append(text: "null") }
        buffer.append(text: number.description)
    }

    /// - Source: RFC 8259, section 7.
    static func append(string: String, to buffer: inout [UInt8]) {
        buffer.append(UInt8(ascii: "\""))
        for byte in string.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                buffer.append(UInt8(ascii: "\\"))
                buffer.append(byte)
            case 0..<0x20, 0x7F:
                buffer.append(text: "\\u00")
                buffer.append(text: byte < 16 ? "0" + String(byte, radix: 16) : String(byte, radix: 16))
            default: buffer.append(byte)
            }
        }
        buffer.append(UInt8(ascii: "\""))
    }
}
