/// Reads ``StrictJSON`` from bytes; recursion is bounded by the depth limit.
struct StrictJSONReader {
    private let text: [UInt8]
    private let limits: StrictJSON.Limits
    private var offset = 0

    init(text: [UInt8], limits: StrictJSON.Limits) {
        self.text = text
        self.limits = limits
    }

    mutating func readAll() throws(TrustError) -> StrictJSON {
        let value = try readValue(depth: 0)
        skipBlanks()
        guard offset == text.count else { throw unexpected("the end of the text") }
        return value
    }

    private mutating func readValue(depth: Int) throws(TrustError) -> StrictJSON {
        skipBlanks()
        guard depth <= limits.depth else {
            throw .malformedJSON(
                expected: "at most \(limits.depth) arrays and objects within each other", found: "more", offset: offset)
        }
        guard let first = peek else { throw unexpected("a JSON value") }
        switch first {
        case UInt8(ascii: "{"): return try readObject(depth: depth)
        case UInt8(ascii: "["): return try readArray(depth: depth)
        case UInt8(ascii: "\""): return .string(try readString())
        case UInt8(ascii: "t"): return try readWord("true", .bool(true))
        case UInt8(ascii: "f"): return try readWord("false", .bool(false))
        case UInt8(ascii: "n"): return try readWord("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try readNumber()
        default: throw unexpected("a JSON value")
        }
    }

    private mutating func readObject(depth: Int) throws(TrustError) -> StrictJSON {
        offset += 1
        var members: [StrictJSON.Member] = []
        // Names as bytes: `String` takes composed and decomposed letters for equal.
        var names: Set<[UInt8]> = []
        skipBlanks()
        if take(UInt8(ascii: "}")) { return .object([]) }
        while true {
            skipBlanks()
            guard peek == UInt8(ascii: "\"") else { throw unexpected("the name of a member in quotes") }
            let start = offset
            let name = try readString()
            guard names.insert(Array(name.utf8)).inserted else {
                throw .malformedJSON(
                    expected: "each member once", found: "\"\(name.prefix(80))\" a second time", offset: start)
            }
            skipBlanks()
            guard take(UInt8(ascii: ":")) else { throw unexpected("':'") }
            members.append(.init(name, try readValue(depth: depth + 1)))
            skipBlanks()
            if take(UInt8(ascii: "}")) { return .object(members) }
            guard take(UInt8(ascii: ",")) else { throw unexpected("',' or '}'") }
        }
    }

    private mutating func readArray(depth: Int) throws(TrustError) -> StrictJSON {
        offset += 1
        var items: [StrictJSON] = []
        skipBlanks()
        if take(UInt8(ascii: "]")) { return .array([]) }
        while true {
            items.append(try readValue(depth: depth + 1))
            skipBlanks()
            if take(UInt8(ascii: "]")) { return .array(items) }
            guard take(UInt8(ascii: ",")) else { throw unexpected("',' or ']'") }
        }
    }

    private mutating func readString() throws(TrustError) -> String {
        let start = offset
        offset += 1
        var bytes: [UInt8] = []
        while true {
            guard let byte = peek else { throw unexpected("the closing quote") }
            switch byte {
            case UInt8(ascii: "\""):
                offset += 1
                guard let string = String(validating: bytes, as: UTF8.self) else {
                    throw .malformedJSON(expected: "a string in UTF-8", found: "other bytes", offset: start)
                }
                return string
            case UInt8(ascii: "\\"):
                offset += 1
                try readEscape(into: &bytes)
            case 0..<0x20: throw unexpected("control characters written as \\u00XX")
            default:
                bytes.append(byte)
                offset += 1
            }
        }
    }

    private mutating func readEscape(into bytes: inout [UInt8]) throws(TrustError) {
        let plain: [UInt8: UInt8] = [
            UInt8(ascii: "\""): 0x22, UInt8(ascii: "\\"): 0x5C, UInt8(ascii: "/"): 0x2F, UInt8(ascii: "b"): 0x08,
            UInt8(ascii: "f"): 0x0C, UInt8(ascii: "n"): 0x0A, UInt8(ascii: "r"): 0x0D, UInt8(ascii: "t"): 0x09,
        ]
        guard let byte = peek else { throw unexpected("an escape") }
        if let meant = plain[byte] {
            bytes.append(meant)
            offset += 1
            return
        }
        guard byte == UInt8(ascii: "u") else { throw unexpected("one of \" \\ / b f n r t u after '\\'") }
        offset += 1
        let start = offset
        var scalarValue = UInt32(try readFourDigits())
        if (0xD800...0xDBFF).contains(scalarValue) {
            guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
                throw unexpected("the second half of a pair")
            }
            let low = UInt32(try readFourDigits())
            guard (0xDC00...0xDFFF).contains(low) else {
                throw .malformedJSON(expected: "the second half of a surrogate pair", found: "another", offset: start)
            }
            scalarValue = 0x10000 + (scalarValue - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(scalarValue) else {
            throw .malformedJSON(expected: "a Unicode character", found: "half of a surrogate pair", offset: start)
        }
        bytes += String(Character(scalar)).utf8
    }

    private mutating func readFourDigits() throws(TrustError) -> UInt16 {
        guard offset + 4 <= text.count, let value = UInt16(hexDigits: text[offset..<offset + 4]) else {
            throw unexpected("four hexadecimal digits")
        }
        offset += 4
        return value
    }

    private mutating func readNumber() throws(TrustError) -> StrictJSON {
        let start = offset
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) { try readDigits() }
        var isInteger = true
        if take(UInt8(ascii: ".")) {
            isInteger = false
            try readDigits()
        }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            isInteger = false
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try readDigits()
        }
        let digits = String(decoding: text[start..<offset], as: UTF8.self)
        // "-0" has two texts for one integer, so it is kept as it stands.
        if isInteger, digits != "-0", let number = Int64(digits) { return .integer(number) }
        guard limits.takesDecimals else {
            throw .malformedJSON(expected: "an integer of 64 bits", found: String(digits.prefix(40)), offset: start)
        }
        return .decimal(digits)
    }

    private mutating func readDigits() throws(TrustError) {
        let start = offset
        while let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { offset += 1 }
        guard offset > start else { throw unexpected("a digit") }
    }

    private mutating func readWord(_ word: String, _ value: StrictJSON) throws(TrustError) -> StrictJSON {
        guard text[offset...].starts(with: word.utf8) else { throw unexpected(word) }
        offset += word.utf8.count
        return value
    }

    private var peek: UInt8? { offset < text.count ? text[offset] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        offset += 1
        return true
    }

    private mutating func skipBlanks() {
        while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
    }

    private func unexpected(_ expected: String) -> TrustError {
        let found = peek.map { (0x20..<0x7F).contains($0) ? "'\(Character(Unicode.Scalar($0)))'" : "byte \($0)" }
        return .malformedJSON(expected: expected, found: found ?? "the end of the text", offset: offset)
    }
}

extension UInt16 {
    fileprivate init?(hexDigits: ArraySlice<UInt8>) {
        var value: UInt16 = 0
        for digit in hexDigits {
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt16(digit - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt16(digit - UInt8(ascii: "a") + 10)
            case UInt8(ascii: "A")...UInt8(ascii: "F"): value = value << 4 | UInt16(digit - UInt8(ascii: "A") + 10)
            default: return nil
            }
        }
        self = value
    }
}
