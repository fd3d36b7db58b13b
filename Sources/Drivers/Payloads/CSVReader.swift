/// Takes lines of separated values apart.
///
/// - Source: RFC 4180; beside it, lines may end with LF alone, be empty, and begin with a byte order mark, and blanks may
///   stand before an opening quote and behind a closing one.
struct CSVReader {
    /// A field of the line that was read last.
    struct Field: Hashable {
        /// Its bytes, without the quotes around it.
        var range: Range<Int>
        /// Whether quotes inside of it are doubled.
        var hasQuotes = false
    }

    /// Why a text is none; `at` counts bytes from 0.
    enum Mistake: Error, Hashable {
        case openQuote(at: Int)
        case behindQuote(at: Int)

        var at: Int {
            switch self {
            case .openQuote(let at), .behindQuote(let at): at
            }
        }
    }

    let separator: UInt8
    /// Fields beyond it are checked, and not kept.
    var maxFields: Int
    private(set) var fields: [Field] = []

    init(separator: UInt8, maxFields: Int) {
        self.separator = separator
        self.maxFields = maxFields
    }

    /// Reads the next line that is not empty.
    ///
    /// - Parameter at: at the beginning of a line; afterwards at that of the next one.
    /// - Returns: false at the end of the text.
    mutating func next(_ text: Span<UInt8>, _ at: inout Int) throws(Mistake) -> Bool {
        if at == 0, text.count >= 3, text[0] == 0xEF, text[1] == 0xBB, text[2] == 0xBF { at = 3 }
        while at < text.count, Self.endsLine(text[at]) { at += 1 }
        guard at < text.count else { return false }
        fields.removeAll(keepingCapacity: true)
        while true {
            let field = try Self.field(text, &at, separator)
            if fields.count < maxFields { fields.append(field) }
            guard at < text.count, text[at] == separator else { return true }
            at += 1
        }
    }

    /// The bytes that a field means.
    func bytes(of field: Field, _ text: Span<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        var at = field.range.lowerBound
        while at < field.range.upperBound {
            bytes.append(text[at])
            at += field.hasQuotes && text[at] == UInt8(ascii: "\"") ? 2 : 1
        }
        return bytes
    }

    /// - Parameter at: afterwards on what ends the field.
    private static func field(_ text: Span<UInt8>, _ at: inout Int, _ separator: UInt8) throws(Mistake) -> Field {
        var start = at
        while start < text.count, isBlank(text[start]), text[start] != separator { start += 1 }
        if start < text.count, text[start] == UInt8(ascii: "\"") { return try quoted(text, start, &at, separator) }
        start = at
        while at < text.count, text[at] != separator, !endsLine(text[at]) { at += 1 }
        return Field(range: start..<at)
    }

    private static func quoted(
        _ text: Span<UInt8>, _ quote: Int, _ at: inout Int, _ separator: UInt8
    ) throws(Mistake) -> Field {
        at = quote + 1
        var hasQuotes = false
        while at < text.count {
            guard text[at] == UInt8(ascii: "\"") else {
                at += 1
                continue
            }
            if at + 1 < text.count, text[at + 1] == UInt8(ascii: "\"") {
                hasQuotes = true
                at += 2
                continue
            }
            let field = Field(range: (quote + 1)..<at, hasQuotes: hasQuotes)
            at += 1
            while at < text.count, isBlank(text[at]), text[at] != separator { at += 1 }
            guard at == text.count || text[at] == separator || endsLine(text[at]) else { throw .behindQuote(at: at) }
            return field
        }
        throw .openQuote(at: quote)
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
    private static func endsLine(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }
}
