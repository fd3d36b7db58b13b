import Plant

/// One value in the registers or bits of a device: where it stands, and what its bits mean.
struct ModbusValue: Hashable, Sendable {
    var tag: TagDefinition
    var address: Int
    var encoding: Encoding
    var order = ByteOrder.abcd
    /// Registers of a text.
    var length = 1
    /// Which bits of the raw number are meant, bit 0 being the least significant one; nil for all of them.
    @Seldom var bits: ClosedRange<Int>?
    var scaling = Scaling()
    /// A register whose whole number n makes the value 10^n times as large.
    @Seldom var exponentAddress: Int?
    /// Raw numbers by which the device says that it has no value.
    var invalid: Set<UInt64> = []
    /// What may be written; nil where nothing may.
    @Seldom var writing: WriteRule?

    enum Encoding: String, CaseIterable, Sendable {
        case int16, uint16, int32, uint32, int64, uint64, float32, float64
        /// Four or eight decimal digits, four bits each.
        case bcd16, bcd32
        /// One coil; or a register that is not 0.
        case bool
        /// A text in UTF-8, of which ASCII is a part: two bytes a register, the first character in the high byte.
        case string

        /// Registers or coils of one; a text has as many as the configuration says.
        var words: Int {
            switch self {
            case .int16, .uint16, .bcd16, .bool, .string: 1
            case .int32, .uint32, .float32, .bcd32: 2
            case .int64, .uint64, .float64: 4
            }
        }

        var isText: Bool { self == .string }
        /// Whether single bits of it can be meant.
        var hasBits: Bool { self == .uint16 || self == .uint32 || self == .uint64 || self == .bool }
    }

    /// In which order the bytes of a value come over the wire, A being the most significant one; of 64 bits, the same from
    /// A to H.
    enum ByteOrder: String, CaseIterable, Sendable {
        /// High word first, high byte first, as the standard has it.
        case abcd
        /// High word first, low byte first.
        case badc
        /// Low word first, high byte first.
        case cdab
        /// Low word first, low byte first.
        case dcba

        var isByteSwapped: Bool { self == .badc || self == .dcba }
        var isWordSwapped: Bool { self == .cdab || self == .dcba }
    }

    /// How many registers or coils it takes.
    var width: Int { encoding.isText ? length : encoding.words }

    /// All addresses that are needed to read it.
    var span: Range<Int> {
        guard let exponentAddress else { return address..<(address + width) }
        return min(address, exponentAddress)..<max(address + width, exponentAddress + 1)
    }
}

/// Which values may be written to a device; there is none without limits.
enum WriteRule: Hashable, Sendable {
    case between(ClosedRange<Double>)
    case oneOf([Double])

    func allows(_ value: Double) -> Bool {
        switch self {
        case .between(let range): range.contains(value)
        case .oneOf(let values): values.contains(value)
        }
    }
}
