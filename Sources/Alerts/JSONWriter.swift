/// Writes JSON with the fields in the order of the calls, so that the same alert gives the same bytes.
struct JSONWriter {
    private(set) var text = ""
    private var needsComma = false

    var bytes: [UInt8] { Array(text.utf8) }

    mutating func object(_ key: String? = nil, _ body: (inout JSONWriter) -> Void) { nest(key, "{", "}", body) }
    mutating func array(_ key: String? = nil, _ body: (inout JSONWriter) -> Void) { nest(key, "[", "]", body) }

    mutating func field(_ key: String, _ value: String) {
        begin(key)
        append(string: value)
    }

    mutating func field(_ key: String, _ value: Int) {
        begin(key)
        text += String(value)
    }

    /// The shortest text that reads back as the same number; `null` for what JSON cannot write.
    mutating func field(_ key: String, _ value: Double) {
        begin(key)
        text += value.isFinite ? value.description : "null"
    }

    /// Nothing at all for nil: an absent field needs no rule for what `null` means.
    mutating func field(_ key: String, _ value: String?) {
        if let value { field(key, value) }
    }

    private mutating func nest(
        _ key: String?, _ opening: String, _ closing: String, _ body: (inout JSONWriter) -> Void
    ) {
        begin(key)
        text += opening
        needsComma = false
        body(&self)
        text += closing
        needsComma = true
    }

    private mutating func begin(_ key: String?) {
        if needsComma { text += "," }
        needsComma = true
        guard let key else { return }
        append(string: key)
        text += ":"
    }

    /// - Source: RFC 8259, section 7.
    private mutating func append(string: String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\t": text += "\\t"
            case "\r": text += "\\r"
            // U+2028 and U+2029 end a line in JavaScript.
            case _ where scalar.value < 0x20 || scalar == "\u{2028}" || scalar == "\u{2029}":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
