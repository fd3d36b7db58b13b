/// Numbers, durations and amounts of memory as they are written in a configuration.
package enum Quantity {
    /// Decimal with an optional sign, or `0x` hexadecimal.
    static func integer(_ text: String) -> Int? {
        if text.hasPrefix("0x") || text.hasPrefix("0X") {
            let digits = text.dropFirst(2)
            // Int(_:radix:) would take a sign here.
            return digits.first?.isHexDigit == true ? Int(digits, radix: 16) : nil
        }
        return Int(text)
    }

    /// Decimal and finite; what else `Double` reads (`nan`, `inf`, hexadecimal) is no number of a plant.
    static func number(_ text: String) -> Double? {
        guard text.utf8.allSatisfy({ "0123456789+-.eE".utf8.contains($0) }), let number = Double(text), number.isFinite
        else { return nil }
        return number
    }

    private static let durationUnits: [(symbol: String, nanoseconds: Int)] = [
        ("d", 86_400_000_000_000), ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000),
        ("ms", 1_000_000), ("us", 1_000), ("ns", 1),
    ]

    /// `250ms`, `10s`, `5m`, `1h`, `30d`; nil for anything else.
    package static func duration(_ text: String) -> Duration? {
        guard let nanoseconds = scaled(text, by: durationUnits.map { ($0.symbol, $0.nanoseconds) }) else { return nil }
        return .nanoseconds(nanoseconds)
    }

    /// The shortest exact form: `90s`, not `90000ms`.
    static func text(_ span: Duration) -> String {
        let (seconds, attoseconds) = span.components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow, product < .max - 1_000_000_000 else { return "\(seconds)s" }
        let nanoseconds = Int(product + attoseconds / 1_000_000_000)
        guard nanoseconds != 0 else { return "0s" }
        let unit = durationUnits.first { nanoseconds.isMultiple(of: $0.nanoseconds) } ?? ("ns", 1)
        return "\(nanoseconds / unit.nanoseconds)\(unit.symbol)"
    }

    private static let byteUnits: [(symbol: String, bytes: Int)] = [
        ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("TB", 1_000_000_000_000),
        ("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1_000), ("kB", 1_000), ("B", 1),
    ]

    static func bytes(_ text: String) -> Int? { scaled(text, by: byteUnits.map { ($0.symbol, $0.bytes) }) }

    static func text(bytes: Int) -> String {
        guard bytes != 0 else { return "0B" }
        let unit = byteUnits.first { bytes.isMultiple(of: $0.bytes) } ?? ("B", 1)
        return "\(bytes / unit.bytes)\(unit.symbol)"
    }

    /// Digits, then one of the symbols, perhaps a space between; nil when it is anything else or does not fit 64 bits.
    private static func scaled(_ text: String, by units: [(symbol: String, factor: Int)]) -> Int? {
        let digits = text.prefix { $0.isASCII && $0.isWholeNumber }
        guard let number = Int(digits) else { return nil }
        var symbol = text.dropFirst(digits.count)
        if symbol.first == " " { symbol = symbol.dropFirst() }
        guard let unit = units.first(where: { $0.symbol == symbol }) else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: unit.factor)
        return overflow ? nil : product
    }
}
