import Glibc

/// A number of JSON, checked and taken apart. Source: RFC 8259, section 6.
struct JSONNumber {
    /// The first 19 significant digits as an integer; 19 nines still fit.
    private var mantissa: UInt64 = 0
    private var digits = 0
    /// Power of ten that the mantissa is multiplied by.
    private var exponent = 0
    private var isNegative = false
    private var isWhole = true
    private let range: Range<Int>

    /// A double has at most 767 significant digits; a device that sends more of them sends nonsense.
    static let maxBytes = 800

    /// - Parameter at: on the first byte; afterwards behind the number.
    static func scan(_ text: Span<UInt8>, from at: inout Int) throws(JSONError) -> JSONNumber {
        let start = at
        var parts = Parts()
        if at < text.count, text[at] == UInt8(ascii: "-") {
            parts.isNegative = true
            at += 1
        }
        guard let first = digit(text, at) else { throw unexpected(text, at) }
        if first == 0 {
            at += 1
            guard digit(text, at) == nil else { throw unexpected(text, at) }
        } else {
            while let value = digit(text, at) {
                parts.append(value)
                at += 1
            }
        }
        if at < text.count, text[at] == UInt8(ascii: ".") {
            at += 1
            parts.isWhole = false
            guard digit(text, at) != nil else { throw unexpected(text, at) }
            while let value = digit(text, at) {
                parts.append(value)
                parts.exponent -= 1
                at += 1
            }
        }
        if at < text.count, text[at] | 0x20 == UInt8(ascii: "e") {
            parts.isWhole = false
            parts.exponent += try scanExponent(text, &at)
        }
        guard at - start <= maxBytes else { throw .numberTooLong(at: start) }
        return JSONNumber(parts, start..<at)
    }

    /// The nearest double, ties to even.
    func value(_ text: Span<UInt8>) -> JSONValue {
        // Both factors are exact doubles here, so one multiplication or division rounds once (Clinger 1990).
        if digits <= 19, mantissa <= 1 << 53, abs(exponent) <= 22 {
            let magnitude =
                exponent < 0
                ? Double(mantissa) / Self.powersOfTen[-exponent] : Double(mantissa) * Self.powersOfTen[exponent]
            return .number(isNegative ? -magnitude : magnitude, exact: exact)
        }
        let double = withUnsafeTemporaryAllocation(of: CChar.self, capacity: range.count + 1) { copy in
            // SAFETY: every element is written before strtod reads it, and the last one is the zero that it stops at.
            for (offset, index) in range.enumerated() { copy[offset] = CChar(bitPattern: text[index]) }
            copy[range.count] = 0
            return copy.baseAddress.map { strtod($0, nil) } ?? .nan
        }
        return double.isFinite ? .number(double, exact: exact) : .notFinite
    }

    private var exact: Int64? {
        guard isWhole, digits <= 19 else { return nil }
        return isNegative
            ? (mantissa <= UInt64(Int64.max) ? -Int64(mantissa) : nil) : Int64(exactly: mantissa)
    }

    private init(_ parts: Parts, _ range: Range<Int>) {
        mantissa = parts.mantissa
        digits = parts.digits
        exponent = parts.exponent
        isNegative = parts.isNegative
        isWhole = parts.isWhole
        self.range = range
    }

    private struct Parts {
        var mantissa: UInt64 = 0
        var digits = 0
        var exponent = 0
        var isNegative = false
        var isWhole = true

        mutating func append(_ digit: UInt8) {
            if digits > 0 || digit > 0 { digits += 1 }
            if digits <= 19 { mantissa = mantissa &* 10 &+ UInt64(digit) }
        }
    }

    private static func scanExponent(_ text: Span<UInt8>, _ at: inout Int) throws(JSONError) -> Int {
        at += 1
        var isNegative = false
        if at < text.count, text[at] == UInt8(ascii: "-") || text[at] == UInt8(ascii: "+") {
            isNegative = text[at] == UInt8(ascii: "-")
            at += 1
        }
        guard digit(text, at) != nil else { throw unexpected(text, at) }
        var exponent = 0
        while let value = digit(text, at) {
            // Beyond this, strtod decides: zero or too large.
            exponent = min(exponent * 10 + Int(value), 1_000_000)
            at += 1
        }
        return isNegative ? -exponent : exponent
    }

    private static func digit(_ text: Span<UInt8>, _ at: Int) -> UInt8? {
        guard at < text.count else { return nil }
        let value = text[at] &- UInt8(ascii: "0")
        return value < 10 ? value : nil
    }

    private static func unexpected(_ text: Span<UInt8>, _ at: Int) -> JSONError {
        at < text.count ? .unexpected(text[at], at: at) : .cutShort
    }

    /// 10^22 is the last power of ten that a double holds exactly.
    private static let powersOfTen: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ]
}
