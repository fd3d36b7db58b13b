import Plant

/// What a Modbus TCP link needs to know. All addresses count from 0, as they stand on the wire.
struct ModbusSettings: LinkSettings {
    var host: String
    var port: Int
    var unit: UInt8
    /// For a connection, and for each reply.
    var timeout: Duration
    var blocks: [ModbusBlock]

    var tags: [TagDefinition] { blocks.flatMap { $0.values.map(\.tag) } }
}

/// Neighbouring registers that are read together: reading 125 of them costs about as much as reading 10.
struct ModbusBlock: Hashable, Sendable {
    var table: ModbusTable
    var start: Int
    var count: Int
    var scanInterval: Duration
    /// In the order of the configuration.
    var values: [ModbusValue]
}

/// Which of the four tables. Source: Modbus Application Protocol V1.1b3, 4.3 and 6.1 to 6.4.
enum ModbusTable: String, CaseIterable, Sendable {
    case holding, input, coils, discrete

    var function: UInt8 {
        switch self {
        case .coils: 1
        case .discrete: 2
        case .holding: 3
        case .input: 4
        }
    }

    var isBits: Bool { self == .coils || self == .discrete }

    /// How many one request may ask for.
    var maxCount: Int { isBits ? 2_000 : 125 }
}

/// One value in the registers of a device.
struct ModbusValue: Hashable, Sendable {
    enum Encoding: String, CaseIterable, Sendable {
        case int16, uint16, int32, uint32, float32
        /// One coil; or a register that is not 0.
        case bool

        var words: Int {
            switch self {
            case .int16, .uint16, .bool: 1
            case .int32, .uint32, .float32: 2
            }
        }
    }

    /// In which order the bytes of a value come over the wire, A being the most significant one.
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

    var tag: TagDefinition
    var address: Int
    var encoding: Encoding
    var order: ByteOrder
    var scale: Double
    var offset: Double
    /// Outside of it, the value is bad.
    var range: ClosedRange<Double>?

    /// How many registers or coils it takes.
    var width: Int { encoding.words }

    /// Reads the value out of registers.
    ///
    /// - Parameter words: as they stood on the wire, the value's own ones only.
    func decode(_ words: ArraySlice<UInt16>) -> (Sample.Value, Quality) {
        var words = Array(words)
        if order.isByteSwapped { words = words.map(\.byteSwapped) }
        if order.isWordSwapped { words.reverse() }
        let bits = words.reduce(UInt32(0)) { $0 << 16 | UInt32($1) }
        let raw: Double =
            switch encoding {
            case .uint16, .uint32: Double(bits)
            case .int16: Double(Int16(truncatingIfNeeded: bits))
            case .int32: Double(Int32(bitPattern: bits))
            case .float32: Double(Float(bitPattern: bits))
            case .bool: bits == 0 ? 0 : 1
            }
        return judge(raw * scale + offset)
    }

    func decode(bit: Bool) -> (Sample.Value, Quality) { judge((bit ? 1 : 0) * scale + offset) }

    private func judge(_ value: Double) -> (Sample.Value, Quality) {
        guard value.isFinite else { return (.none, .bad(.notFinite)) }
        if let range, !range.contains(value) { return (.number(value), .bad(.outOfRange)) }
        return (.number(value), .good)
    }
}
