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

    /// Answers a request PDU that reads. Source: V1.1b3, 6.1 to 6.4.
    ///
    /// - Returns: the PDU of the reply, or of the exception: 1 for another function, 2 beyond the table, 3 for a wrong count.
    func reply(to request: [UInt8]) -> [UInt8] {
        guard let function = request.first else { return [] }
        guard (1...4).contains(function) else { return [function | 0x80, 1] }
        guard request.count == 5 else { return [function | 0x80, 3] }
        let start = Int(request[1]) << 8 | Int(request[2])
        let count = Int(request[3]) << 8 | Int(request[4])
        let isBits = function < 3
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
}
