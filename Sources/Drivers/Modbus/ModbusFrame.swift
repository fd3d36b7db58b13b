/// Frames of Modbus TCP. Source: Modbus Messaging on TCP/IP V1.0b, 3.1.3; Modbus Application Protocol V1.1b3, 6 and 7.
enum ModbusFrame {
    /// MBAP header and the largest PDU.
    static let maxBytes = 260

    /// What is asked of a device, and what its reply is held against.
    struct Request: Hashable, Sendable {
        var transaction: UInt16
        var unit: UInt8
        var function: UInt8
        var start: Int
        var count: Int

        var bytes: [UInt8] {
            [
                UInt8(transaction >> 8), UInt8(truncatingIfNeeded: transaction), 0, 0, 0, 6, unit, function,
                UInt8(start >> 8), UInt8(truncatingIfNeeded: start), UInt8(count >> 8),
                UInt8(truncatingIfNeeded: count),
            ]
        }

        /// How many bytes of data a good reply has.
        var dataBytes: Int { function < 3 ? (count + 7) / 8 : count * 2 }
    }

    enum Reply: Hashable, Sendable {
        case data(ArraySlice<UInt8>)
        case exception(UInt8)
    }

    /// Takes a reply only if each field says what it must. libmodbus does not look at the unit id of Modbus TCP.
    ///
    /// - Throws: `.wrongReply`, naming the field.
    static func read(_ frame: [UInt8], to request: Request) throws(LinkFailure) -> Reply {
        guard frame.count >= 9 else { throw .wrongReply("\(frame.count) bytes, at least 9 expected") }
        let transaction = UInt16(frame[0]) << 8 | UInt16(frame[1])
        guard transaction == request.transaction else {
            throw .wrongReply("transaction \(transaction), asked \(request.transaction)")
        }
        guard frame[2] == 0, frame[3] == 0 else { throw .wrongReply("protocol \(frame[2]), \(frame[3])") }
        let length = Int(frame[4]) << 8 | Int(frame[5])
        guard length == frame.count - 6 else { throw .wrongReply("length \(length) of \(frame.count - 6) bytes") }
        guard frame[6] == request.unit else { throw .wrongReply("unit \(frame[6]), asked \(request.unit)") }
        if frame[7] == request.function | 0x80 {
            guard frame.count == 9, frame[8] > 0 else { throw .wrongReply("exception of \(frame.count) bytes") }
            return .exception(frame[8])
        }
        guard frame[7] == request.function else {
            throw .wrongReply("function \(frame[7]), asked \(request.function)")
        }
        guard Int(frame[8]) == request.dataBytes, frame.count == 9 + request.dataBytes else {
            throw .wrongReply("\(frame[8]) bytes of data, \(request.dataBytes) expected")
        }
        return .data(frame[9...])
    }
}
