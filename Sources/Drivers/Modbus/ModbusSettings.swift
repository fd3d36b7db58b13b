import Plant

/// What a Modbus link needs to know. All addresses count from 0, as they stand on the wire.
struct ModbusSettings: LinkSettings {
    var line: LineSettings
    var unit: UInt8
    /// For a connection, and for each reply.
    var timeout: Duration
    /// How often a request without a good reply is repeated before its values are bad.
    var retries = 0
    /// At least this long from request to request of this slave; nil as fast as the line goes.
    var requestSpacing: Duration?
    var writeStyle = ModbusWriteStyle.single
    var blocks: [ModbusBlock]

    var tags: [TagDefinition] { blocks.flatMap { $0.values.map(\.tag) } }

    func allowsWrite(of value: Double, to name: String) -> Bool {
        blocks.contains { $0.values.contains { $0.tag.name == name && $0.writing?.allows(value) == true } }
    }
}

/// Whose turn it is on a line that is too slow for all: weights of its time.
enum ModbusPriority: Int, CaseIterable, Sendable {
    case high, normal, low

    /// A request of high priority has four times the time of one of low priority, and nobody goes without.
    var weight: Double {
        switch self {
        case .high: 4
        case .normal: 2
        case .low: 1
        }
    }

    var word: String { "\(self)" }
}

/// Neighbouring registers that are read together: reading 125 of them costs about as much as reading 10.
struct ModbusBlock: Hashable, Sendable {
    var table: ModbusTable
    var start: Int
    var count: Int
    var scanInterval: Duration
    var priority = ModbusPriority.normal
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
    /// Whether the standard has functions that write to it.
    var isWritable: Bool { self == .holding || self == .coils }

    /// How many one request may ask for.
    var maxCount: Int { isBits ? 2_000 : 125 }
}
