import Seeded
import Testing

@testable import Drivers

/// Replies damaged as lines, gateways and hostile hands damage them: never a value unless the frame still answers what was
/// asked, and never a trap.
@Suite struct ModbusMutationTests {
    /// How one reply is damaged; the word in a failure.
    enum Damage: CaseIterable {
        case cutShort, tooLong, number, unit, function, length, byteCount, anything, another, twice, none
    }

    static let rounds = 400
    static let functions: [UInt8] = [1, 2, 3, 4, 5, 6, 15, 16, 22, 23]

    @Test(arguments: functions) func noDamagedReplyOverTCPIsAValue(_ function: UInt8) {
        var source = Source(seed: 0x5EED_0000 + UInt64(function))
        for round in 0..<Self.rounds {
            let (request, other) = (source.request(function), source.request(function))
            for damage in Damage.allCases {
                let transaction = source.word()
                var frame = Self.tcp(source.reply(to: request), request.unit, transaction)
                let stray = Self.tcp(source.reply(to: other), other.unit, source.word())
                source.apply(damage, to: &frame, at: Places(number: 0..<2, unit: 6, pdu: 7, length: 4..<6), stray)
                let taken = Self.take(frame, transaction, request)
                let answer = Self.answer(frame, transaction, request)
                #expect(taken == answer, "\(source.seed) \(round) \(damage): \(request.action) \(frame)")
            }
        }
    }

    /// Every second damaged frame gets a right checksum again, as a device with a fault of its own would send it.
    @Test(arguments: functions) func noDamagedReplyOverALineIsAValue(_ function: UInt8) {
        var source = Source(seed: 0xC0DE_0000 + UInt64(function))
        for round in 0..<Self.rounds {
            let (request, other) = (source.request(function), source.request(function))
            for damage in Damage.allCases {
                var frame = [request.unit] + source.reply(to: request)
                let stray = Self.summed([other.unit] + source.reply(to: other))
                if round.isMultiple(of: 2) { frame = Self.summed(frame) }
                source.apply(damage, to: &frame, at: Places(number: 0..<1, unit: 0, pdu: 1, length: 2..<3), stray)
                if !round.isMultiple(of: 2) { frame = Self.summed(frame) }
                let taken = RTUFrame.reply(in: frame, to: request).flatMap { try? request.reply($0) }
                let answer = Self.answer(onALine: frame, request)
                #expect(taken == answer, "\(source.seed) \(round) \(damage): \(request.action) \(frame)")
            }
        }
    }

    // MARK: What the driver does with a frame

    private static func take(_ bytes: [UInt8], _ transaction: UInt16, _ request: ModbusRequest) -> ModbusReply? {
        var start = 0
        guard let frame = try? ModbusFrame.next(in: bytes, from: &start), frame.transaction == transaction,
            frame.unit == request.unit
        else { return nil }
        return try? request.reply(frame.pdu)
    }

    // MARK: What the standard says of it

    /// Source: Modbus Messaging on TCP/IP V1.0b, 3.1.3.
    private static func answer(_ bytes: [UInt8], _ transaction: UInt16, _ request: ModbusRequest) -> ModbusReply? {
        let head = [UInt8(transaction >> 8), UInt8(truncatingIfNeeded: transaction), 0, 0]
        guard bytes.count >= 9, Array(bytes[..<4]) == head, bytes[6] == request.unit else { return nil }
        let end = 6 + Int(bytes[4]) * 256 + Int(bytes[5])
        guard end <= bytes.count, end >= 9, end <= 260 else { return nil }
        return meaning(Array(bytes[7..<end]), request)
    }

    /// Source: Modbus over Serial Line V1.02, 2.5.1: the first whole frame of the slave with a right checksum.
    private static func answer(onALine bytes: [UInt8], _ request: ModbusRequest) -> ModbusReply? {
        let function = pdu(request)[0]
        for start in bytes.indices.dropLast(4) where bytes[start] == request.unit {
            let count = bytes[start + 1] == function + 128 ? 5 : reply(to: request, filled: 0).count + 3
            guard bytes[start + 1] & 127 == function, start + count <= bytes.count else { continue }
            let frame = Array(bytes[start..<(start + count)])
            if summed(Array(frame.dropLast(2))) == frame { return meaning(Array(frame[1..<(count - 2)]), request) }
        }
        return nil
    }

    /// Source: Modbus Application Protocol V1.1b3, 6 and 7.
    private static func meaning(_ reply: [UInt8], _ request: ModbusRequest) -> ModbusReply? {
        let asked = pdu(request)
        if reply.count == 2, reply[0] == asked[0] + 128, reply[1] != 0 { return .exception(reply[1]) }
        let good = Self.reply(to: request, filled: 0)
        guard reply.count == good.count, reply[0] == good[0] else { return nil }
        if [5, 6, 15, 16, 22].contains(asked[0]) { return reply == good ? .data([]) : nil }
        return reply[1] == good[1] ? .data(reply[2...]) : nil
    }

    /// What a slave answers when all it holds is this byte.
    fileprivate static func reply(to request: ModbusRequest, filled byte: UInt8) -> [UInt8] {
        let asked = pdu(request)
        func data(_ count: Int) -> [UInt8] { [asked[0], UInt8(count)] + [UInt8](repeating: byte, count: count) }
        let count = Int(asked[3]) << 8 | Int(asked[4])
        switch asked[0] {
        case 1, 2: return data((count + 7) / 8)
        case 3, 4, 23: return data(2 * count)
        case 22: return asked
        default: return Array(asked[..<5])
        }
    }

    private static func pdu(_ request: ModbusRequest) -> [UInt8] { request.pdu }

    private static func tcp(_ pdu: [UInt8], _ unit: UInt8, _ transaction: UInt16) -> [UInt8] {
        [
            UInt8(transaction >> 8), UInt8(truncatingIfNeeded: transaction), 0, 0, UInt8((pdu.count + 1) >> 8),
            UInt8((pdu.count + 1) & 0xFF), unit,
        ] + pdu
    }

    /// With its CRC-16, bit by bit. Source: Modbus over Serial Line V1.02, 6.2.2.
    private static func summed(_ bytes: [UInt8]) -> [UInt8] {
        var crc: UInt16 = 0xFFFF
        for byte in bytes {
            crc ^= UInt16(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xA001 : crc >> 1 }
        }
        return bytes + [UInt8(truncatingIfNeeded: crc), UInt8(crc >> 8)]
    }
}

/// Where the fields of a frame stand.
private struct Places {
    var number: Range<Int>
    var unit: Int
    var pdu: Int
    var length: Range<Int>
}

/// Requests, replies and damage from one seed.
private struct Source {
    let seed: UInt64
    private var random: Seeded.SplitMix64
    private var mutator: ByteMutator

    init(seed: UInt64) {
        self.seed = seed
        random = Seeded.SplitMix64(seed: seed)
        mutator = ByteMutator(seed: seed, numbers: .fixed32)
    }

    mutating func word() -> UInt16 { UInt16(truncatingIfNeeded: random.next()) }
    private mutating func byte() -> UInt8 { UInt8(truncatingIfNeeded: random.next()) }

    mutating func request(_ function: UInt8) -> ModbusRequest {
        let start = random.below(60_000)
        let action: ModbusRequest.Action
        switch function {
        case 1: action = .read(.coils, start: start, count: 1 + random.below(2_000))
        case 2: action = .read(.discrete, start: start, count: 1 + random.below(2_000))
        case 3: action = .read(.holding, start: start, count: 1 + random.below(125))
        case 4: action = .read(.input, start: start, count: 1 + random.below(125))
        case 5: action = .writeCoil(at: start, random.below(2) == 0)
        case 6: action = .writeRegister(at: start, word())
        case 15: action = .writeCoils(at: start, (0...random.below(40)).map { !$0.isMultiple(of: 3) })
        case 16: action = .writeRegisters(at: start, (0...random.below(20)).map { UInt16($0) })
        case 22: action = .maskRegister(at: start, and: word(), or: word())
        default: action = .writeAndRead(at: start, [word()], readStart: start, count: 1 + random.below(100))
        }
        return ModbusRequest(unit: UInt8(1 + random.below(247)), action: action)
    }

    /// A good one, now and then a refusal.
    mutating func reply(to request: ModbusRequest) -> [UInt8] {
        if random.below(8) == 0 { return [request.function | 0x80, UInt8(1 + random.below(11))] }
        return ModbusMutationTests.reply(to: request, filled: byte())
    }

    mutating func apply(
        _ damage: ModbusMutationTests.Damage, to frame: inout [UInt8], at places: Places, _ stray: [UInt8]
    ) {
        switch damage {
        case .cutShort: frame.removeLast(1 + random.below(frame.count))
        case .tooLong: frame += (0...random.below(300)).map { UInt8(truncatingIfNeeded: $0 * 7) }
        case .number: frame[places.number.lowerBound + random.below(places.number.count)] ^= 1 << UInt8(random.below(8))
        case .unit: frame[places.unit] = byte()
        case .function: frame[places.pdu] = byte()
        case .length: frame[places.length.lowerBound + random.below(places.length.count)] = byte()
        case .byteCount: frame[places.pdu + 1] = byte()
        case .anything: frame = mutator.mutated(frame)
        case .another: frame = random.below(2) == 0 ? stray : stray + frame
        case .twice: frame += frame
        case .none: break
        }
    }
}
