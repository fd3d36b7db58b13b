/// What is asked of a slave, and what its reply is held against. Source: Modbus Application Protocol V1.1b3, 6.
struct ModbusRequest: Hashable, Sendable {
    enum Action: Hashable, Sendable {
        case read(ModbusTable, start: Int, count: Int)
        /// Function 5.
        case writeCoil(at: Int, Bool)
        /// Function 6.
        case writeRegister(at: Int, UInt16)
        /// Function 15.
        case writeCoils(at: Int, [Bool])
        /// Function 16.
        case writeRegisters(at: Int, [UInt16])
        /// Function 22: the register becomes `(old & and) | (or & ~and)`.
        case maskRegister(at: Int, and: UInt16, or: UInt16)
        /// Function 23: writes first, then reads.
        case writeAndRead(at: Int, [UInt16], readStart: Int, count: Int)
    }

    var unit: UInt8
    var action: Action

    var function: UInt8 {
        switch action {
        case .read(let table, _, _): table.function
        case .writeCoil: 5
        case .writeRegister: 6
        case .writeCoils: 15
        case .writeRegisters: 16
        case .maskRegister: 22
        case .writeAndRead: 23
        }
    }

    var pdu: [UInt8] {
        switch action {
        case .read(_, let start, let count): return [function] + Self.bytes(start, count)
        case .writeCoil(let at, let isOn): return [function] + Self.bytes(at, isOn ? 0xFF00 : 0)
        case .writeRegister(let at, let word): return [function] + Self.bytes(at, Int(word))
        case .writeCoils(let at, let coils):
            var packed = [UInt8](repeating: 0, count: (coils.count + 7) / 8)
            for index in coils.indices where coils[index] { packed[index / 8] |= 1 << UInt8(index % 8) }
            return [function] + Self.bytes(at, coils.count) + [UInt8(packed.count)] + packed
        case .writeRegisters(let at, let words):
            return [function] + Self.bytes(at, words.count) + [UInt8(2 * words.count)] + Self.bytes(words)
        case .maskRegister(let at, let and, let or): return [function] + Self.bytes(at, Int(and), Int(or))
        case .writeAndRead(let at, let words, let readStart, let count):
            return [function] + Self.bytes(readStart, count, at, words.count) + [UInt8(2 * words.count)]
                + Self.bytes(words)
        }
    }

    /// How many bytes a good reply PDU has.
    var replyBytes: Int {
        switch action {
        case .read(let table, _, let count): 2 + (table.isBits ? (count + 7) / 8 : 2 * count)
        case .writeAndRead(_, _, _, let count): 2 + 2 * count
        case .maskRegister: 7
        default: 5
        }
    }

    /// Takes the PDU of a reply only if each field says what it must.
    ///
    /// - Returns: `.data` with what was read; empty for a write, whose reply repeats the request.
    /// - Throws: `.wrongReply`, naming the field.
    func reply(_ reply: ArraySlice<UInt8>) throws(LinkFailure) -> ModbusReply {
        let first = reply.startIndex
        guard reply.count >= 2 else { throw .wrongReply("\(reply.count) bytes, at least 2 expected") }
        if reply[first] == function | 0x80 {
            guard reply.count == 2, reply[first + 1] > 0 else {
                throw .wrongReply("exception of \(reply.count) bytes")
            }
            return .exception(reply[first + 1])
        }
        guard reply[first] == function else { throw .wrongReply("function \(reply[first]), asked \(function)") }
        guard reply.count == replyBytes else {
            throw .wrongReply("\(reply.count) bytes, \(replyBytes) expected")
        }
        switch action {
        case .read, .writeAndRead:
            guard Int(reply[first + 1]) == replyBytes - 2 else {
                throw .wrongReply("\(reply[first + 1]) bytes of data, \(replyBytes - 2) expected")
            }
            return .data(reply[(first + 2)...])
        default:
            // Address, and value, count or masks come back as they went out.
            guard reply.elementsEqual(pdu.prefix(replyBytes)) else { throw .wrongReply("the echo of another write") }
            return .data([])
        }
    }

    private static func bytes(_ fields: Int...) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(2 * fields.count)
        for field in fields {
            bytes.append(UInt8(truncatingIfNeeded: field >> 8))
            bytes.append(UInt8(truncatingIfNeeded: field))
        }
        return bytes
    }

    private static func bytes(_ words: [UInt16]) -> [UInt8] {
        words.flatMap { [UInt8($0 >> 8), UInt8(truncatingIfNeeded: $0)] }
    }
}

enum ModbusReply: Hashable, Sendable {
    case data(ArraySlice<UInt8>)
    case exception(UInt8)
}
