import Plant
import Store

/// CSV after RFC 4180: a header, CRLF, quotes where a cell has a comma, a quote or a line end.
///
/// Texts come from the field, and a spreadsheet takes a cell that begins with one of `= + - @`, a tab or a line end for a
/// formula. Such a text gets `'` before it, and so does one that begins with `'`: take one `'` from the beginning of a
/// text and it is what was stored. Numbers are written as they are.
struct CSVFormat: ExportFormat {
    var isRollup: Bool
    private var time = TimeWriter()

    init(isRollup: Bool) { self.isRollup = isRollup }

    mutating func begin(to buffer: inout [UInt8]) {
        buffer.append(
            text: isRollup ? "time,tag,min,max,mean,count,good,unit,gap" : "time,tag,value,unit,quality,cause")
        Self.endLine(&buffer)
    }

    mutating func append(_ row: ExportedSample, to buffer: inout [UInt8]) {
        time.append(row.sample.time, to: &buffer)
        Self.comma(&buffer)
        Self.append(cell: row.tag.name, to: &buffer)
        Self.comma(&buffer)
        switch row.sample.value {
        case .number(let number): buffer.append(text: number.description)
        case .text(let text): Self.append(guarded: text, to: &buffer)
        case .waveform(let values):
            for (index, value) in values.enumerated() {
                if index > 0 { buffer.append(UInt8(ascii: " ")) }
                buffer.append(text: value.description)
            }
        case .none: break
        }
        Self.comma(&buffer)
        Self.append(cell: row.tag.unit, to: &buffer)
        Self.comma(&buffer)
        let (quality, cause) = row.sample.quality.words
        buffer.append(text: quality)
        Self.comma(&buffer)
        if let cause { Self.append(cell: cause, to: &buffer) }
        Self.endLine(&buffer)
    }

    mutating func append(_ row: ExportedRollup, to buffer: inout [UInt8]) {
        let rollup = row.bucket.rollup
        time.append(row.bucket.start, to: &buffer)
        Self.comma(&buffer)
        Self.append(cell: row.tag.name, to: &buffer)
        for value in [rollup.good > 0 ? rollup.minimum : nil, rollup.good > 0 ? rollup.maximum : nil, rollup.mean] {
            Self.comma(&buffer)
            if let value, value.isFinite { buffer.append(text: value.description) }
        }
        for count in [rollup.good + rollup.notGood, rollup.good] {
            Self.comma(&buffer)
            buffer.append(text: String(count))
        }
        Self.comma(&buffer)
        Self.append(cell: row.tag.unit, to: &buffer)
        Self.comma(&buffer)
        Self.endLine(&buffer)
    }

    mutating func append(_ gap: Gap, to buffer: inout [UInt8]) {
        time.append(gap.from, to: &buffer)
        Self.comma(&buffer)
        Self.append(cell: gap.subject, to: &buffer)
        buffer.append(text: isRollup ? ",,,,,,," : ",,,gap,")
        buffer.append(text: gap.reason.rawValue)
        buffer.append(text: "; \(gap.count) until ")
        time.append(gap.to, to: &buffer)
        Self.endLine(&buffer)
    }

    // MARK: Cells

    private static func comma(_ buffer: inout [UInt8]) { buffer.append(UInt8(ascii: ",")) }

    private static func endLine(_ buffer: inout [UInt8]) { buffer.append(text: "\r\n") }

    /// A text from the field.
    static func append(guarded text: String, to buffer: inout [UInt8]) {
        let isDangerous = text.utf8.first.map { "=+-@'\t\r\n".utf8.contains($0) } ?? false
        append(cell: isDangerous ? "'" + text : text, isQuoted: text.isEmpty, to: &buffer)
    }

    /// - Parameter isQuoted: an empty text is quoted, so that it is not taken for no value.
    private static func append(cell text: String, isQuoted: Bool = false, to buffer: inout [UInt8]) {
        let utf8 = text.utf8
        guard isQuoted || utf8.contains(where: { ",\"\r\n".utf8.contains($0) }) else {
            return buffer.append(contentsOf: utf8)
        }
        buffer.append(UInt8(ascii: "\""))
        for byte in utf8 {
            if byte == UInt8(ascii: "\"") { buffer.append(byte) }
            buffer.append(byte)
        }
        buffer.append(UInt8(ascii: "\""))
    }
}
