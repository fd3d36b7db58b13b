import Plant

/// How a payload writes when it was measured.
struct TimeStamp: Hashable, Sendable {
    enum Format: String, CaseIterable, Sendable {
        case iso8601, unixSeconds = "unix_s", unixMilliseconds = "unix_ms", unixMicroseconds = "unix_us"
        case unixNanoseconds = "unix_ns"
    }

    var format: Format
    /// Seconds ahead of UTC of dates that say no zone; nil where each says one.
    var zone: Int?

    /// A time in JSON: a number, or a text.
    ///
    /// - Returns: nil for anything that is no time of this format.
    func time(_ place: JSONPlace, in text: Span<UInt8>) -> WallTime? {
        switch place.value {
        case .string(let range): return time(text, range)
        case .number(_, let exact?): return unit.flatMap { Self.product(exact, $0) }
        case .number(let number, nil):
            var end = place.at
            while end < text.count, Self.isOfNumber(text[end]) { end += 1 }
            // The digits themselves: a double has no room for nanoseconds since 1970.
            if let time = unix(text, place.at..<end) { return time }
            guard let unit else { return nil }
            return Int64(exactly: (number * Double(unit)).rounded()).map { WallTime(nanoseconds: $0) }
        default: return nil
        }
    }

    /// A time in a text; blanks around it do not count.
    func time(_ text: Span<UInt8>, _ range: Range<Int>) -> WallTime? {
        var range = range
        while let first = range.first, text[first] <= 0x20 { range.removeFirst() }
        while let last = range.last, text[last] <= 0x20 { range.removeLast() }
        // A date has nothing to escape, so its bytes are its text.
        return format == .iso8601 ? ISO8601.parse(text.extracting(range), zone: zone) : unix(text, range)
    }

    /// Nanoseconds of one; nil for dates.
    private var unit: Int64? {
        switch format {
        case .iso8601: nil
        case .unixSeconds: 1_000_000_000
        case .unixMilliseconds: 1_000_000
        case .unixMicroseconds: 1_000
        case .unixNanoseconds: 1
        }
    }

    /// Digits, and a fraction behind a point or a comma; what is below a nanosecond is cut off.
    private func unix(_ text: Span<UInt8>, _ range: Range<Int>) -> WallTime? {
        guard let unit else { return nil }
        var at = range.lowerBound
        let isNegative = at < range.upperBound && text[at] == UInt8(ascii: "-")
        if isNegative { at += 1 }
        var whole: Int64 = 0
        let first = at
        while at < range.upperBound, text[at] &- UInt8(ascii: "0") < 10 {
            let digit = Int64(text[at] &- UInt8(ascii: "0"))
            let (tens, overflow) = whole.multipliedReportingOverflow(by: 10)
            guard !overflow, tens <= .max - digit else { return nil }
            whole = tens + digit
            at += 1
        }
        guard at > first, let time = Self.product(whole, unit) else { return nil }
        var fraction: Int64 = 0
        if at < range.upperBound, text[at] == UInt8(ascii: ".") || text[at] == UInt8(ascii: ",") {
            at += 1
            var worth = unit / 10
            let first = at
            while at < range.upperBound, text[at] &- UInt8(ascii: "0") < 10 {
                fraction += Int64(text[at] &- UInt8(ascii: "0")) * worth
                worth /= 10
                at += 1
            }
            guard at > first else { return nil }
        }
        guard at == range.upperBound, time.nanoseconds <= .max - fraction else { return nil }
        let nanoseconds = time.nanoseconds + fraction
        return WallTime(nanoseconds: isNegative ? -nanoseconds : nanoseconds)
    }

    private static func product(_ count: Int64, _ unit: Int64) -> WallTime? {
        let (product, overflow) = count.multipliedReportingOverflow(by: unit)
        return overflow ? nil : WallTime(nanoseconds: product)
    }

    private static func isOfNumber(_ byte: UInt8) -> Bool {
        byte &- UInt8(ascii: "0") < 10 || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+")
            || byte == UInt8(ascii: ".") || byte | 0x20 == UInt8(ascii: "e")
    }
}
