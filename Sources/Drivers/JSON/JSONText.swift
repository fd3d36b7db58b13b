import CJSON

/// Strings of JSON. Source: RFC 8259, section 7.
enum JSONText {
    /// Appends the bytes that a checked range between quotes means.
    ///
    /// - Throws: `.unexpected` for half of a surrogate pair: there is no such character.
    static func unescape(_ text: Span<UInt8>, _ range: Range<Int>, into output: inout [UInt8]) throws(JSONError) {
        var bad = 0
        // SAFETY: the range lies in the text, and the output is never longer than it.
        let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
            let written = text.withUnsafeBufferPointer {
                mw_json_unescape($0.baseAddress, range.lowerBound, range.upperBound, buffer.baseAddress, &bad)
            }
            count = max(written, 0)
            if written >= 0 { bad = -1 }
        }
        guard bad < 0 else { throw .unexpected(UInt8(ascii: "\\"), at: bad) }
        output += bytes
    }
}
