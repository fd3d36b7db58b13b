/// Frames of Modbus RTU. Source: Modbus over Serial Line V1.02, 2.5.1 and 6.2.2.
enum RTUFrame {
    /// Unit, the largest PDU, checksum.
    static let maxBytes = 256

    static func bytes(_ request: ModbusRequest) -> [UInt8] {
        var frame = [request.unit] + request.pdu
        let sum = checksum(frame[...])
        frame.append(UInt8(truncatingIfNeeded: sum))
        frame.append(UInt8(sum >> 8))
        return frame
    }

    /// Looks for the reply in what the line has brought so far.
    ///
    /// A frame has no mark at its begin, and a line that turns round makes noise: so a reply is taken wherever it stands whole,
    /// with the unit, function, length and checksum that it must have. Frames of other slaves, answered late, are passed over.
    ///
    /// - Returns: nil while there is none.
    static func reply(in bytes: [UInt8], to request: ModbusRequest) -> ArraySlice<UInt8>? {
        let (function, good) = (request.function, request.replyBytes + 3)
        for start in bytes.indices where bytes[start] == request.unit {
            guard start + 5 <= bytes.count else { return nil }
            let count = bytes[start + 1] == function | 0x80 ? 5 : good
            guard bytes[start + 1] & 0x7F == function, start + count <= bytes.count else { continue }
            let end = start + count - 2
            let sum = UInt16(bytes[end]) | UInt16(bytes[end + 1]) << 8
            if checksum(bytes[start..<end]) == sum { return bytes[(start + 1)..<end] }
        }
        return nil
    }

    /// CRC-16 with polynomial 0xA001, begun with 0xFFFF.
    static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt16 {
        bytes.reduce(0xFFFF) { sum, byte in table[Int(sum & 0xFF ^ UInt16(byte))] ^ sum >> 8 }
    }

    private static let table: [UInt16] = (0..<256).map { byte in
        (0..<8).reduce(UInt16(byte)) { sum, _ in sum & 1 == 1 ? sum >> 1 ^ 0xA001 : sum >> 1 }
    }
}
