/// How requests and replies stand on the wire.
package enum ModbusFraming: Sendable, Hashable {
    /// Source: Modbus Messaging on TCP/IP V1.0b, 3.1.3.
    case tcp
    /// Source: Modbus over Serial Line V1.02, 2.5.1.
    case rtu

    func frame(unit: UInt8, pdu: [UInt8], transaction: [UInt8]) -> [UInt8] {
        switch self {
        case .tcp:
            let length = pdu.count + 1
            return transaction + [0, 0, UInt8(length >> 8), UInt8(truncatingIfNeeded: length), unit] + pdu
        case .rtu:
            let frame = [unit] + pdu
            let sum = Self.checksum(frame)
            return frame + [UInt8(truncatingIfNeeded: sum), UInt8(sum >> 8)]
        }
    }

    /// Takes the first whole request off what has come.
    func takeRequest(_ received: inout [UInt8]) -> ModbusServer.Request? {
        switch self {
        case .tcp:
            guard received.count >= 8 else { return nil }
            let length = 6 + (Int(received[4]) << 8 | Int(received[5]))
            guard length >= 8, received.count >= length else { return nil }
            defer { received.removeFirst(length) }
            return ModbusServer.Request(
                transaction: Array(received[..<2]), unit: received[6], pdu: Array(received[7..<length]))
        case .rtu:
            guard let length = Self.length(received), received.count >= length else { return nil }
            let frame = Array(received[..<length])
            received.removeFirst(length)
            let sum = Self.checksum(Array(frame.dropLast(2)))
            guard frame[length - 2] == UInt8(truncatingIfNeeded: sum), frame[length - 1] == UInt8(sum >> 8) else {
                received = []
                return nil
            }
            return ModbusServer.Request(transaction: [], unit: frame[0], pdu: Array(frame[1..<(length - 2)]))
        }
    }

    /// How long the request that begins here is, by its function.
    private static func length(_ received: [UInt8]) -> Int? {
        guard received.count >= 2 else { return nil }
        switch received[1] {
        case 15, 16: return received.count > 6 ? 9 + Int(received[6]) : nil
        case 22: return 10
        case 23: return received.count > 10 ? 13 + Int(received[10]) : nil
        default: return 8
        }
    }

    /// CRC-16 bit by bit, as the standard's appendix has it: nothing of the driver's own.
    private static func checksum(_ bytes: [UInt8]) -> UInt16 {
        var sum: UInt16 = 0xFFFF
        for byte in bytes {
            sum ^= UInt16(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xA001 : sum >> 1 }
        }
        return sum
    }
}
