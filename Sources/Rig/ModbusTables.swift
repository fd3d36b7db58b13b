/// The four tables of a Modbus device, addressed from 0. Source: Modbus Application Protocol V1.1b3, 4.3.
package struct ModbusTables: Sendable {
    package var holding: [UInt16]
    package var input: [UInt16]
    package var coils: [Bool]
    package var discrete: [Bool]

    /// All zero and off.
    ///
    /// - Parameter size: entries of each table; an address beyond is answered with exception 2.
    package init(size: Int = 256) {
        holding = Array(repeating: 0, count: size)
        input = holding
        coils = Array(repeating: false, count: size)
        discrete = coils
    }

    /// Puts a float into two holding registers, high word first.
    package mutating func setHolding(_ value: Float, at address: Int) {
        holding[address] = UInt16(value.bitPattern >> 16)
        holding[address + 1] = UInt16(truncatingIfNeeded: value.bitPattern)
    }

    /// Answers a request PDU. Source: V1.1b3, 6.1 to 6.6, 6.11, 6.12, 6.16, 6.17.
    ///
    /// - Returns: the PDU of the reply, or of the exception: 1 for another function, 2 beyond the table, 3 for a wrong count.
    mutating func reply(to request: [UInt8]) -> [UInt8] {
        guard let function = request.first else { return [] }
        switch function {
        case 1...4: return read(request)
        case 5, 6: return writeOne(request)
        case 15: return writeCoils(request)
        case 16: return writeRegisters(request)
        case 22: return mask(request)
        case 23: return writeAndRead(request)
        default: return [function | 0x80, 1]
        }
    }

    private static func word(_ request: [UInt8], _ index: Int) -> Int {
        Int(request[index]) << 8 | Int(request[index + 1])
    }

    private func read(_ request: [UInt8]) -> [UInt8] {
        let function = request[0]
        guard request.count == 5 else { return [function | 0x80, 3] }
        let (start, count, isBits) = (Self.word(request, 1), Self.word(request, 3), function < 3)
        guard (1...(isBits ? 2_000 : 125)).contains(count) else { return [function | 0x80, 3] }
        if isBits {
            let table = function == 1 ? coils : discrete
            guard start + count <= table.count else { return [function | 0x80, 2] }
            var bytes = [UInt8](repeating: 0, count: (count + 7) / 8)
            for index in 0..<count where table[start + index] { bytes[index / 8] |= 1 << UInt8(index % 8) }
            return [function, UInt8(bytes.count)] + bytes
        }
        let table = function == 3 ? holding : input
        guard start + count <= table.count else { return [function | 0x80, 2] }
        return [function, UInt8(count * 2)]
            + table[start..<(start + count)].flatMap { [UInt8($0 >> 8), UInt8(truncatingIfNeeded: $0)] }
    }

    private mutating func writeOne(_ request: [UInt8]) -> [UInt8] {
        let function = request[0]
        guard request.count == 5 else { return [function | 0x80, 3] }
        let (at, value) = (Self.word(request, 1), Self.word(request, 3))
        guard at < (function == 5 ? coils.count : holding.count) else { return [function | 0x80, 2] }
        if function == 6 {
            holding[at] = UInt16(value)
        } else {
            guard value == 0 || value == 0xFF00 else { return [function | 0x80, 3] }
            coils[at] = value != 0
        }
        return request
    }

    private mutating func writeCoils(_ request: [UInt8]) -> [UInt8] {
        guard request.count >= 6 else { return [0x8F, 3] }
        let (at, count) = (Self.word(request, 1), Self.word(request, 3))
        guard (1...1_968).contains(count), request.count == 6 + (count + 7) / 8 else { return [0x8F, 3] }
        guard at + count <= coils.count else { return [0x8F, 2] }
        for index in 0..<count { coils[at + index] = request[6 + index / 8] >> UInt8(index % 8) & 1 == 1 }
        return Array(request[..<5])
    }

    private mutating func writeRegisters(_ request: [UInt8]) -> [UInt8] {
        guard request.count >= 6 else { return [0x90, 3] }
        let (at, count) = (Self.word(request, 1), Self.word(request, 3))
        guard (1...123).contains(count), request.count == 6 + 2 * count else { return [0x90, 3] }
        guard at + count <= holding.count else { return [0x90, 2] }
        for index in 0..<count { holding[at + index] = UInt16(Self.word(request, 6 + 2 * index)) }
        return Array(request[..<5])
    }

    private mutating func mask(_ request: [UInt8]) -> [UInt8] {
        guard request.count == 7 else { return [0x96, 3] }
        let at = Self.word(request, 1)
        guard at < holding.count else { return [0x96, 2] }
        let (and, or) = (UInt16(Self.word(request, 3)), UInt16(Self.word(request, 5)))
        holding[at] = holding[at] & and | or & ~and
        return request
    }

    private mutating func writeAndRead(_ request: [UInt8]) -> [UInt8] {
        guard request.count >= 10 else { return [0x97, 3] }
        let (start, count, at, written) = (
            Self.word(request, 1), Self.word(request, 3), Self.word(request, 5), Self.word(request, 7)
        )
        guard (1...125).contains(count), (1...121).contains(written), request.count == 10 + 2 * written else {
            return [0x97, 3]
        }
        guard start + count <= holding.count, at + written <= holding.count else { return [0x97, 2] }
        for index in 0..<written { holding[at + index] = UInt16(Self.word(request, 10 + 2 * index)) }
        return [23] + read([3] + request[1...4]).dropFirst()
    }
}
