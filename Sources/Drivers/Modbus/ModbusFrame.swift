/// Frames of Modbus TCP. Source: Modbus Messaging on TCP/IP V1.0b, 3.1.3.
enum ModbusFrame {
    /// MBAP header and the largest PDU.
    static let maxBytes = 260
    private static let headerBytes = 7

    /// One whole frame.
    struct Received: Equatable {
        var transaction: UInt16
        var unit: UInt8
        var pdu: ArraySlice<UInt8>
    }

    static func bytes(_ request: ModbusRequest, transaction: UInt16) -> [UInt8] {
        let pdu = request.pdu
        let length = pdu.count + 1
        return [
            UInt8(transaction >> 8), UInt8(truncatingIfNeeded: transaction), 0, 0, UInt8(length >> 8),
            UInt8(truncatingIfNeeded: length), request.unit,
        ] + pdu
    }

    /// Takes the first frame off a stream of bytes.
    ///
    /// - Parameter start: where it begins; moved behind it.
    /// - Returns: nil while the frame is not whole.
    /// - Throws: `.wrongReply` for a header that no frame begins with: the stream is out of step.
    static func next(in bytes: [UInt8], from start: inout Int) throws(LinkFailure) -> Received? {
        let count = bytes.count - start
        if count >= 4, bytes[start + 2] != 0 || bytes[start + 3] != 0 {
            throw .wrongReply("protocol \(bytes[start + 2]), \(bytes[start + 3])")
        }
        guard count >= headerBytes else { return nil }
        let length = Int(bytes[start + 4]) << 8 | Int(bytes[start + 5])
        // Unit, function and at least one byte more.
        guard (3...(maxBytes - 6)).contains(length) else { throw .wrongReply("length \(length)") }
        guard count >= 6 + length else { return nil }
        defer { start += 6 + length }
        return Received(
            transaction: UInt16(bytes[start]) << 8 | UInt16(bytes[start + 1]), unit: bytes[start + 6],
            pdu: bytes[(start + headerBytes)..<(start + 6 + length)])
    }
}
