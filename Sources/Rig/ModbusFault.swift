/// What a slave does wrong on purpose with one request.
package enum ModbusFault: Sendable, Hashable {
    /// Refuses with this exception code.
    case exception(UInt8)
    /// Does what it was asked to and never answers.
    case silence
    /// The request never reached it.
    case lost
    /// Says that it has written, and has not.
    case pretence
    /// Answers correctly, but only after this time.
    case delay(Duration)
    /// Random bytes instead of a frame; the seed makes them repeatable.
    case garbage(seed: UInt64)
    /// The first half of the frame, then nothing.
    case short
    /// The first half of the frame, and the rest only after this time.
    case hang(Duration)
    case wrongTransaction
    case wrongProtocol
    case wrongUnit
    case wrongFunction
    /// One bit of the checksum; there is none in Modbus TCP.
    case wrongChecksum
    /// Two bytes less of data than were asked for, in a frame that is whole in itself.
    case fewerRegisters
    /// Two bytes more.
    case moreRegisters
    /// The same reply twice.
    case twice
    /// Closes the connection without a reply.
    case close
    /// A correct reply, one byte a write.
    case byteByByte

    /// What goes out for a correct reply, in the pieces it is written in.
    func frames(for reply: [UInt8], to request: ModbusServer.Request, _ framing: ModbusFraming) -> [[UInt8]] {
        var (unit, pdu) = (request.unit, reply)
        switch self {
        case .exception(let code): pdu = [request.pdu[0] | 0x80, code]
        case .silence, .lost, .close: return []
        case .garbage(let seed):
            var state = seed | 1
            return [
                (0..<32).map { _ in
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    return UInt8(truncatingIfNeeded: state >> 33)
                }
            ]
        case .wrongUnit: unit ^= 0x0F
        case .wrongFunction: pdu[0] = pdu[0] == 3 ? 4 : 3
        case .fewerRegisters where pdu.count >= 4:
            pdu.removeLast(2)
            pdu[1] -= 2
        case .moreRegisters where pdu.count >= 4 && pdu.count < 250:
            pdu += [0, 0]
            pdu[1] += 2
        default: break
        }
        var frame = framing.frame(unit: unit, pdu: pdu, transaction: request.transaction)
        switch self {
        case .short: return [Array(frame[..<(frame.count / 2)])]
        case .hang: return [Array(frame[..<(frame.count / 2)]), Array(frame[(frame.count / 2)...])]
        case .wrongTransaction where framing == .tcp: frame[1] ^= 0x55
        case .wrongProtocol where framing == .tcp: frame[3] = 1
        case .wrongChecksum where framing == .rtu: frame[frame.count - 1] ^= 1
        case .twice: return [frame, frame]
        case .byteByByte: return frame.map { [$0] }
        default: break
        }
        return [frame]
    }
}
