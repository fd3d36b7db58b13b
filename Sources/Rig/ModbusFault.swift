/// What a slave does wrong on purpose with one request.
package enum ModbusFault: Sendable, Hashable {
    /// Refuses with this exception code.
    case exception(UInt8)
    /// Never answers.
    case silence
    /// Answers correctly, but only after this time.
    case delay(Duration)
    /// Random bytes instead of a frame; the seed makes them repeatable.
    case garbage(seed: UInt64)
    /// The first half of the frame, then nothing.
    case short
    case wrongTransaction
    case wrongProtocol
    case wrongUnit
    case wrongFunction
    /// Two bytes less of data than were asked for, in a frame that is whole in itself.
    case fewerRegisters
    /// The same reply twice.
    case twice
    /// Closes the connection without a reply.
    case close
    /// A correct reply, one byte a write.
    case byteByByte

    /// What goes out for a correct reply frame (MBAP header of 7 bytes, then the PDU), in the pieces it is written in.
    func frames(for reply: [UInt8]) -> [[UInt8]] {
        var frame = reply
        switch self {
        case .exception(let code):
            frame = Array(reply[..<7]) + [reply[7] | 0x80, code]
            (frame[4], frame[5]) = (0, 3)
        case .silence, .close: return []
        case .delay: break
        case .garbage(let seed):
            var state = seed | 1
            return [
                (0..<32).map { _ in
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    return UInt8(truncatingIfNeeded: state >> 33)
                }
            ]
        case .short: return [Array(frame[..<(frame.count / 2)])]
        case .wrongTransaction: frame[1] ^= 0x55
        case .wrongProtocol: frame[3] = 1
        case .wrongUnit: frame[6] ^= 0x0F
        case .wrongFunction: frame[7] = frame[7] == 3 ? 4 : 3
        case .fewerRegisters:
            guard frame.count >= 11, frame[8] >= 2 else { break }
            frame.removeLast(2)
            frame[5] -= 2
            frame[8] -= 2
        case .twice: return [frame, frame]
        case .byteByByte: return frame.map { [$0] }
        }
        return [frame]
    }
}
