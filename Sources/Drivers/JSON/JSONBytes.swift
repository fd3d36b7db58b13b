/// The tokens of JSON, and what can be passed over as a whole. Source: RFC 8259.
enum JSONBytes {
    // Eight bytes at a time: the usual tests of a word's bytes for a value and for being below one (Mycroft 1987). Above
    // the first hit they may find more than there is, so only the lowest one counts.
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highs: UInt64 = 0x8080_8080_8080_8080

    @inline(__always)
    static func skipSpace(_ text: Span<UInt8>, _ at: inout Int) {
        while at < text.count, text[at] <= 0x20,
            text[at] == 0x20 || text[at] == 0x0A || text[at] == 0x0D || text[at] == 0x09
        {
            at += 1
        }
    }

    @inline(__always)
    static func take(_ text: Span<UInt8>, _ at: inout Int, _ byte: UInt8) -> Bool {
        guard at < text.count, text[at] == byte else { return false }
        at += 1
        return true
    }

    @inline(__always)
    static func expect(_ text: Span<UInt8>, _ at: inout Int, _ byte: UInt8) throws(JSONError) {
        guard at < text.count else { throw .cutShort }
        guard text[at] == byte else { throw .unexpected(text[at], at: at) }
        at += 1
    }

    /// Checks a string and gives the range between its quotes, escapes unresolved.
    ///
    /// - Parameters:
    ///   - at: on the opening quote; afterwards behind the closing one.
    ///   - bits: gets the bits of all bytes in between, so that it shows whether one is beyond ASCII.
    static func string(_ text: Span<UInt8>, _ at: inout Int, bits: inout UInt64) throws(JSONError) -> Range<Int> {
        let start = at + 1
        var here = start
        var seen: UInt64 = 0
        let bytes = text.bytes
        while true {
            while here + 8 <= text.count {
                // SAFETY: the eight bytes lie inside of the text.
                let word = UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: here, as: UInt64.self))
                let quote = word ^ (ones &* UInt64(UInt8(ascii: "\"")))
                let backslash = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
                let hit =
                    ((quote &- ones) & ~quote | (backslash &- ones) & ~backslash | (word &- ones &* 0x20) & ~word)
                    & highs
                seen |= word
                if hit != 0 {
                    here += hit.trailingZeroBitCount >> 3
                    break
                }
                here += 8
            }
            guard here < text.count else { throw .cutShort }
            switch text[here] {
            case UInt8(ascii: "\""):
                bits |= seen
                at = here + 1
                return start..<here
            case UInt8(ascii: "\\"): here += try JSONText.escapeLength(text, here)
            case 0..<0x20: throw .unexpected(text[here], at: here)
            case let byte:
                seen |= UInt64(byte)
                here += 1
            }
        }
    }

    /// The first eight bytes of a key, zero where it is shorter.
    @inline(__always)
    static func prefix(_ text: Span<UInt8>, _ key: Range<Int>) -> UInt64 {
        if key.lowerBound + 8 <= text.count {
            // SAFETY: the eight bytes lie inside of the text.
            let word = UInt64(
                littleEndian: text.bytes.unsafeLoadUnaligned(fromByteOffset: key.lowerBound, as: UInt64.self))
            return key.count >= 8 ? word : word & (1 << UInt64(8 * key.count) - 1)
        }
        var word: UInt64 = 0
        for offset in 0..<min(8, key.count) { word |= UInt64(text[key.lowerBound + offset]) << UInt64(8 * offset) }
        return word
    }

    /// Which word a byte begins, and what that means.
    static func words(_ byte: UInt8) -> (StaticString, JSONValue)? {
        switch byte {
        case UInt8(ascii: "t"): ("true", .boolean(true))
        case UInt8(ascii: "f"): ("false", .boolean(false))
        case UInt8(ascii: "n"): ("null", .null)
        case UInt8(ascii: "N"): ("NaN", .notFinite)
        case UInt8(ascii: "I"): ("Infinity", .notFinite)
        default: nil
        }
    }

    static func word(_ text: Span<UInt8>, _ at: inout Int, _ word: StaticString) throws(JSONError) {
        for index in 0..<word.utf8CodeUnitCount {
            guard at + index < text.count else { throw .cutShort }
            // SAFETY: the index is below the length that the static string gives itself.
            guard text[at + index] == word.utf8Start[index] else { throw .unexpected(text[at + index], at: at + index) }
        }
        at += word.utf8CodeUnitCount
    }

    /// Checks one value of which nothing is wanted.
    ///
    /// - Parameters:
    ///   - at: on its first byte; afterwards behind it.
    ///   - depth: of the value in the text.
    static func skip(_ text: Span<UInt8>, _ at: inout Int, depth start: Int, bits: inout UInt64) throws(JSONError) {
        var depth = start
        /// One bit a level that was entered here, the innermost one lowest: set for an object.
        var objects: UInt64 = 0
        while true {
            guard at < text.count else { throw .cutShort }
            var isOpened = false
            switch text[at] {
            case UInt8(ascii: "\""): _ = try string(text, &at, bits: &bits)
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                guard depth < JSONScanner.maxDepth else { throw .tooDeep(at: at) }
                let isObject = text[at] == UInt8(ascii: "{")
                at += 1
                skipSpace(text, &at)
                if !take(text, &at, isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                    objects = objects << 1 | (isObject ? 1 : 0)
                    depth += 1
                    isOpened = true
                }
            case UInt8(ascii: "-") where at + 1 < text.count && text[at + 1] == UInt8(ascii: "I"):
                try word(text, &at, "-Infinity")
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): _ = try JSONNumber.scan(text, from: &at)
            case let byte:
                guard let (expected, _) = words(byte) else { throw .unexpected(byte, at: at) }
                try word(text, &at, expected)
            }
            // What closes here, until something follows.
            while !isOpened {
                guard depth > start else { return }
                skipSpace(text, &at)
                let isObject = objects & 1 == 1
                if take(text, &at, isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                    objects >>= 1
                    depth -= 1
                } else {
                    try expect(text, &at, UInt8(ascii: ","))
                    skipSpace(text, &at)
                    break
                }
            }
            if objects & 1 == 1, depth > start { try key(text, &at, bits: &bits) }
        }
    }

    /// A key, its colon, and the space around.
    private static func key(_ text: Span<UInt8>, _ at: inout Int, bits: inout UInt64) throws(JSONError) {
        guard at < text.count else { throw .cutShort }
        guard text[at] == UInt8(ascii: "\"") else { throw .unexpected(text[at], at: at) }
        _ = try string(text, &at, bits: &bits)
        skipSpace(text, &at)
        try expect(text, &at, UInt8(ascii: ":"))
        skipSpace(text, &at)
    }
}
