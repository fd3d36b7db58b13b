import Plant
import YAML

extension ModbusValue {
    /// What the link says of all of its values.
    struct Context {
        var plan: RequestPlan
        var scan: Duration
        var priority: ModbusPriority
        /// Whether the link allows writes at all.
        var mayWrite: Bool
        /// Whether the value stands in no block.
        var isAlone = false
    }

    /// More raw numbers that mean "no value" than any manual lists.
    private static let maxInvalid = 16
    /// More single values to write than an integrator lists by hand.
    private static let maxAllowed = 64

    /// Reads one entry of `values`.
    ///
    /// - Parameter addresses: where it may stand.
    /// - Returns: nil when something was wrong; then it has been reported.
    init?(
        reading reader: inout MappingReader, table: ModbusTable, inside addresses: Range<Int>, context: Context,
        claims: inout LinkClaims
    ) {
        let tag = reader.required("tag", .tagName)
        if let tag {
            claims.take(.tag(tag), at: reader.node["tag"]?.mark ?? reader.node.mark, path: reader.path("tag"))
        }
        let address = reader.required("at", .integer(0...65_535))
        let bits = Self.bits(reading: &reader, table: table)
        let encoding = Self.encoding(reading: &reader, table: table, bits: bits)
        guard let tag, let address, let encoding else { return nil }
        self.init(
            tag: TagDefinition(name: tag, unit: "", kind: encoding.isText ? .text : .number), address: address,
            encoding: encoding, bits: bits)
        if !table.isBits { order = reader.optional("words", encoding.isText ? .textOrder : .byteOrder, default: .abcd) }
        if encoding.isText {
            guard let length = reader.required("length", .integer(1...context.plan.maxRegisters)) else { return nil }
            self.length = length
        } else {
            guard readNumber(&reader, table: table, context: context) else { return nil }
        }
        guard bitsFit(reader), placeFits(reader, table: table, addresses: addresses, context: context) else {
            return nil
        }
    }

    /// Keys that only numbers have.
    ///
    /// - Returns: false when something was wrong; then it has been reported.
    private mutating func readNumber(_ reader: inout MappingReader, table: ModbusTable, context: Context) -> Bool {
        tag.unit = reader.optional("unit", .unit, default: "")
        if !table.isBits {
            exponentAddress = reader.optional("exponent_at", .integer(0...65_535))
            invalid = Set(
                reader.optional("invalid", .sequence(of: .rawNumber(encoding), count: 1...Self.maxInvalid)) ?? [])
        }
        guard let scaling = Scaling(reading: &reader) else { return false }
        self.scaling = scaling
        return readWriting(&reader, table: table, context: context)
    }

    /// Whether it may be written, and what.
    private mutating func readWriting(_ reader: inout MappingReader, table: ModbusTable, context: Context) -> Bool {
        let isWritable = reader.optional("writable", .boolean, default: false)
        let allowed = reader.optional("allowed", .sequence(of: .number, count: 1...Self.maxAllowed))
        guard isWritable else {
            guard allowed == nil else {
                return refuse(reader, "allowed", expected: "`writable: true` beside it", found: "none")
            }
            return true
        }
        guard context.mayWrite else {
            return refuse(reader, "writable", expected: "`writes: allowed` at the link", found: "none")
        }
        guard table.isWritable else {
            return refuse(reader, "writable", expected: "holding registers or coils", found: table.rawValue)
        }
        guard exponentAddress == nil, scaling.scale != 0, bits == nil || width == 1 else {
            return refuse(
                reader, "writable", expected: "a value with a scale of its own", found: "one that cannot be undone")
        }
        if let allowed {
            writing = .oneOf(allowed)
        } else if let range = scaling.range, range.lowerBound > -.infinity, range.upperBound < .infinity {
            writing = .between(range)
        } else {
            return refuse(
                reader, "writable", expected: "`min` and `max`, or `allowed`: the values that may be written",
                found: "no limits")
        }
        return true
    }

    private func refuse(_ reader: MappingReader, _ key: String, expected: String, found: String) -> Bool {
        reader.diagnostics.report(
            at: (reader.node[key] ?? reader.node).mark, path: reader.path(key), expected: expected, found: found)
        return false
    }

    /// The bits that are meant: `bit: 3`, or `bits: 4-7`.
    private static func bits(reading reader: inout MappingReader, table: ModbusTable) -> ClosedRange<Int>? {
        guard !table.isBits else { return nil }
        if let bit = reader.optional("bit", .integer(0...63)) { return bit...bit }
        return reader.optional("bits", .bitRange)
    }

    private static func encoding(
        reading reader: inout MappingReader, table: ModbusTable, bits: ClosedRange<Int>?
    ) -> Encoding? {
        if table.isBits { return reader.optional("type", .choice(of: [.bool]), default: .bool) }
        guard let bits else { return reader.required("type", .choice(of: Encoding.allCases)) }
        let kinds = bits.count == 1 ? Encoding.allCases.filter(\.hasBits) : [.uint16, .uint32, .uint64]
        return reader.optional("type", .choice(of: kinds), default: .uint16)
    }

    private func bitsFit(_ reader: MappingReader) -> Bool {
        guard let bits, bits.upperBound >= 16 * width else { return true }
        return refuse(
            reader, reader.node["bit"] == nil ? "bits" : "bit", expected: "bits 0...\(16 * width - 1) of \(encoding)",
            found: "bit \(bits.upperBound)")
    }

    private func placeFits(
        _ reader: MappingReader, table: ModbusTable, addresses: Range<Int>, context: Context
    ) -> Bool {
        let last = "\(addresses.lowerBound)...\(addresses.upperBound - 1)"
        guard addresses.contains(address), address + width <= addresses.upperBound else {
            let what = table.isBits ? table.rawValue : "\(table.rawValue) registers"
            return refuse(
                reader, "at",
                expected: "an address inside of the \(context.isAlone ? "table" : "block"), \(what) \(last)",
                found: width == 1 ? "\(address)" : "\(address)...\(address + width - 1)")
        }
        guard let exponentAddress else { return true }
        guard addresses.contains(exponentAddress), span.count <= context.plan.limit(table) else {
            return refuse(
                reader, "exponent_at", expected: "an address that is read in one request with the value",
                found: "\(exponentAddress)")
        }
        return true
    }
}

extension Kind where T == ModbusValue.ByteOrder {
    /// The four orders, and the words that manuals use for the two common ones.
    fileprivate static var byteOrder: Kind<ModbusValue.ByteOrder> {
        let words = ModbusValue.ByteOrder.allCases.map(\.rawValue) + ["big_endian", "little_endian"]
        return Kind<String>.choice(words).map { word in
            switch word {
            case "big_endian": .abcd
            case "little_endian": .dcba
            default: ModbusValue.ByteOrder(rawValue: word)
            }
        }
    }

    /// A text reads from its first register to its last; only the bytes in each may be swapped.
    fileprivate static var textOrder: Kind<ModbusValue.ByteOrder> {
        Kind<String>.choice(["abcd", "badc"]).map { ModbusValue.ByteOrder(rawValue: $0) }
    }
}

extension Kind where T == ModbusValue.Encoding {
    fileprivate static func choice(of encodings: [ModbusValue.Encoding]) -> Kind<ModbusValue.Encoding> {
        Kind<String>.choice(encodings.map(\.rawValue)).map { ModbusValue.Encoding(rawValue: $0) }
    }
}

extension Kind where T == ClosedRange<Int> {
    /// `4-7`: from the lower bit to the higher one.
    fileprivate static var bitRange: Kind<ClosedRange<Int>> {
        Kind<String>.string.map(expected: "two bit numbers such as 4-7, the lower one first, at most 63") { text in
            let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
            guard ends.count == 2, let low = ends[0], let high = ends[1], 0 <= low, low <= high, high < 64 else {
                return nil
            }
            return low...high
        }
    }
}

extension Kind where T == UInt64 {
    /// The bits of a value as they stand after its byte order is undone; a negative number means its two's complement.
    fileprivate static func rawNumber(_ encoding: ModbusValue.Encoding) -> Kind<UInt64> {
        let bits = 16 * encoding.words
        return Kind<String>.string.map(expected: "a raw number of \(bits) bits such as 0x8000") { text in
            let mask = UInt64.max >> UInt64(64 - bits)
            if text.hasPrefix("-") {
                guard let number = Int64(text), number >= Int64.min >> Int64(64 - bits) else { return nil }
                return UInt64(bitPattern: number) & mask
            }
            let number = text.hasPrefix("0x") ? UInt64(text.dropFirst(2), radix: 16) : UInt64(text)
            return number.flatMap { $0 <= mask ? $0 : nil }
        }
    }
}

extension Kind where T == String {
    fileprivate static var tagName: Kind<String> {
        Kind.string.map(expected: "a tag name: letters, digits, . - _ and /, starting with a letter or digit") {
            TagDefinition.isValid(name: $0) ? $0 : nil
        }
    }
}
