/// Strings of JSON. Source: RFC 8259, section 7.
enum JSONText {
    /// Checks the escape that starts at a backslash.
    ///
    /// - Returns: how many bytes it takes, 2 or 6.
    static func escapeLength(_ text: Span<UInt8>, _ at: Int) throws(JSONError) -> Int {
        guard at + 1 < text.count else { throw .cutShort }
        switch text[at + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return 2
        case UInt8(ascii: "u"):
            _ = try codeUnit(text, at + 2)
            return 6
        case let byte: throw .unexpected(byte, at: at + 1)
        }
    }

    /// Appends the bytes that a checked range between quotes means.
    ///
    /// - Throws: `.unexpected` for half of a surrogate pair: there is no such character.
    static func unescape(_ text: Span<UInt8>, _ range: Range<Int>, into output: inout [UInt8]) throws(JSONError) {
        var at = range.lowerBound
        while at < range.upperBound {
            guard text[at] == UInt8(ascii: "\\") else {
                output.append(text[at])
                at += 1
                continue
            }
            switch text[at + 1] {
            case UInt8(ascii: "b"): output.append(0x08)
            case UInt8(ascii: "f"): output.append(0x0C)
            case UInt8(ascii: "n"): output.append(0x0A)
            case UInt8(ascii: "r"): output.append(0x0D)
            case UInt8(ascii: "t"): output.append(0x09)
            case UInt8(ascii: "u"):
                try appendScalar(text, &at, end: range.upperBound, to: &output)
                continue
            case let byte: output.append(byte)
            }
            at += 2
        }
    }

    /// The text of a checked range.
    ///
    /// - Throws: `.notUTF8` when its bytes are none.
    static func string(_ text: Span<UInt8>, _ range: Range<Int>) throws(JSONError) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(range.count)
        try unescape(text, range, into: &bytes)
        guard let string = String(validating: bytes, as: UTF8.self) else { throw .notUTF8(at: range.lowerBound) }
        return string
    }

    private static func appendScalar(
        _ text: Span<UInt8>, _ at: inout Int, end: Int, to output: inout [UInt8]
    ) throws(JSONError) {
        let start = at
        var code = UInt32(try codeUnit(text, at + 2))
        at += 6
        if (0xD800..<0xDC00).contains(code), at + 6 <= end, text[at] == UInt8(ascii: "\\"),
            text[at + 1] == UInt8(ascii: "u")
        {
            let low = UInt32(try codeUnit(text, at + 2))
            if (0xDC00..<0xE000).contains(low) {
                code = 0x1_0000 + (code - 0xD800) << 10 + (low - 0xDC00)
                at += 6
            }
        }
        guard let scalar = Unicode.Scalar(code) else { throw .unexpected(UInt8(ascii: "\\"), at: start) }
        output.append(contentsOf: UTF8.encode(scalar).map { Array($0) } ?? [])
    }

    private static func codeUnit(_ text: Span<UInt8>, _ at: Int) throws(JSONError) -> UInt16 {
        var code: UInt16 = 0
        for index in at..<(at + 4) {
            guard index < text.count else { throw .cutShort }
            guard let digit = hexDigit(text[index]) else { throw .unexpected(text[index], at: index) }
            code = code << 4 | UInt16(digit)
        }
        return code
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
