import CJSON
import Glibc

/// A decimal number of a plain text, checked and taken apart.
struct DecimalNumber {
    /// The first 19 significant digits as an integer; 19 nines still fit.
    private var mantissa: UInt64 = 0
    /// Significant digits, also those beyond the mantissa.
    private var digits = 0
    /// Power of ten that the mantissa is multiplied by.
    private var exponent = 0
    private var isNegative = false
    private var isWhole = true
    private var range = 0..<0
    private var point = UInt8(ascii: ".")

    static let maxBytes = Int(MW_JSON_MAX_NUMBER_BYTES)

    /// Reads a number as people and devices write it: `+`, zeros in front, and nothing on one side of the point are allowed,
    /// and so are `nan` and `inf`.
    ///
    /// - Parameters:
    ///   - point: what stands before the fraction.
    ///   - at: on the first byte; afterwards behind the number.
    /// - Returns: nil when no number begins there.
    static func loose(_ text: Span<UInt8>, from at: inout Int, to end: Int, point: UInt8) -> JSONValue? {
        let start = at
        var number = DecimalNumber()
        let text = text.extracting(0..<end)
        number.point = point
        if at < end, text[at] == UInt8(ascii: "-") || text[at] == UInt8(ascii: "+") {
            number.isNegative = text[at] == UInt8(ascii: "-")
            at += 1
        }
        // strtod takes no sign that this has taken already.
        let digits = at
        for word in ["infinity", "inf", "nan"] where begins(text, at, word) {
            at += word.utf8.count
            return .notFinite
        }
        var count = number.takeDigits(text, &at)
        if at < end, text[at] == point {
            at += 1
            count += number.takeFraction(text, &at)
        }
        guard count > 0, at - start <= maxBytes else { return nil }
        let mantissaEnd = at
        if at < end, text[at] | 0x20 == UInt8(ascii: "e"), !number.takeExponent(text, &at) {
            // What follows the digits is no exponent but a word, such as a unit.
            at = mantissaEnd
        }
        number.range = digits..<at
        return number.value(text)
    }

    /// The nearest double, ties to even.
    private func value(_ text: Span<UInt8>) -> JSONValue {
        var value = 0.0
        if digits <= 19, mw_decimal(mantissa, Int64(exponent), &value) {
            return .number(isNegative ? -value : value, exact: exact)
        }
        let magnitude = withUnsafeTemporaryAllocation(of: CChar.self, capacity: range.count + 1) { copy in
            // SAFETY: every element is written before strtod reads it, and the last one is the zero that it stops at.
            for (offset, index) in range.enumerated() {
                copy[offset] = CChar(bitPattern: text[index] == point ? UInt8(ascii: ".") : text[index])
            }
            copy[range.count] = 0
            return copy.baseAddress.map { abs(strtod($0, nil)) } ?? .nan
        }
        return magnitude.isFinite ? .number(isNegative ? -magnitude : magnitude, exact: exact) : .notFinite
    }

    private var exact: Int64? {
        guard isWhole, digits <= 19 else { return nil }
        return isNegative
            ? (mantissa <= UInt64(Int64.max) ? -Int64(mantissa) : nil) : Int64(exactly: mantissa)
    }

    /// Takes the digits that stand here.
    ///
    /// - Returns: how many.
    @inline(__always)
    private mutating func takeDigits(_ text: Span<UInt8>, _ at: inout Int) -> Int {
        let start = at
        var here = at
        // Zeros in front are no digits of the number.
        if mantissa == 0 {
            while here < text.count, text[here] == UInt8(ascii: "0") { here += 1 }
        }
        // Up to 19 digits, without asking each time.
        let first = here
        let end = min(text.count, here + 19 - min(digits, 19))
        var value = mantissa
        while here < end {
            let digit = text[here] &- UInt8(ascii: "0")
            guard digit < 10 else { break }
            value = value &* 10 &+ UInt64(digit)
            here += 1
        }
        mantissa = value
        digits += here - first
        while here < text.count, text[here] &- UInt8(ascii: "0") < 10 {
            // What the mantissa has no room for.
            digits += 1
            exponent += 1
            here += 1
        }
        at = here
        return here - start
    }

    @inline(__always)
    private mutating func takeFraction(_ text: Span<UInt8>, _ at: inout Int) -> Int {
        isWhole = false
        let count = takeDigits(text, &at)
        exponent -= count
        return count
    }

    /// - Returns: false when no digit follows.
    private mutating func takeExponent(_ text: Span<UInt8>, _ at: inout Int) -> Bool {
        isWhole = false
        at += 1
        var isSmall = false
        if at < text.count, text[at] == UInt8(ascii: "-") || text[at] == UInt8(ascii: "+") {
            isSmall = text[at] == UInt8(ascii: "-")
            at += 1
        }
        let start = at
        var power = 0
        while at < text.count, text[at] &- UInt8(ascii: "0") < 10 {
            // Beyond this, strtod decides: zero or too large.
            power = min(power * 10 + Int(text[at] &- UInt8(ascii: "0")), 1_000_000)
            at += 1
        }
        exponent += isSmall ? -power : power
        return at > start
    }

    private static func begins(_ text: Span<UInt8>, _ at: Int, _ word: String) -> Bool {
        guard at + word.utf8.count <= text.count else { return false }
        for (offset, byte) in word.utf8.enumerated() where text[at + offset] | 0x20 != byte { return false }
        return true
    }
}
