import Testing

@testable import Drivers

/// Requests and replies, byte for byte.
@Suite struct ModbusFrameTests {
    struct Vector: Sendable, CustomTestStringConvertible {
        var source: String
        var action: ModbusRequest.Action
        var request: [UInt8]
        var reply: [UInt8]
        var data: [UInt8]
        var testDescription: String { source }
    }

    /// The examples of the Modbus Application Protocol V1.1b3.
    static let vectors: [Vector] = [
        Vector(
            source: "6.1", action: .read(.coils, start: 19, count: 19), request: [1, 0, 0x13, 0, 0x13],
            reply: [1, 3, 0xCD, 0x6B, 0x05], data: [0xCD, 0x6B, 0x05]),
        Vector(
            source: "6.2", action: .read(.discrete, start: 196, count: 22), request: [2, 0, 0xC4, 0, 0x16],
            reply: [2, 3, 0xAC, 0xDB, 0x35], data: [0xAC, 0xDB, 0x35]),
        Vector(
            source: "6.3", action: .read(.holding, start: 107, count: 3), request: [3, 0, 0x6B, 0, 3],
            reply: [3, 6, 2, 0x2B, 0, 0, 0, 0x64], data: [2, 0x2B, 0, 0, 0, 0x64]),
        Vector(
            source: "6.4", action: .read(.input, start: 8, count: 1), request: [4, 0, 8, 0, 1], reply: [4, 2, 0, 0x0A],
            data: [0, 0x0A]),
        Vector(
            source: "6.5", action: .writeCoil(at: 172, true), request: [5, 0, 0xAC, 0xFF, 0],
            reply: [5, 0, 0xAC, 0xFF, 0], data: []),
        Vector(
            source: "6.6", action: .writeRegister(at: 1, 3), request: [6, 0, 1, 0, 3], reply: [6, 0, 1, 0, 3], data: []),
        Vector(
            source: "6.11",
            action: .writeCoils(at: 19, [true, false, true, true, false, false, true, true, true, false]),
            request: [0x0F, 0, 0x13, 0, 0x0A, 2, 0xCD, 1], reply: [0x0F, 0, 0x13, 0, 0x0A], data: []),
        Vector(
            source: "6.12", action: .writeRegisters(at: 1, [0x000A, 0x0102]),
            request: [0x10, 0, 1, 0, 2, 4, 0, 0x0A, 1, 2], reply: [0x10, 0, 1, 0, 2], data: []),
        Vector(
            source: "6.16", action: .maskRegister(at: 4, and: 0xF2, or: 0x25), request: [0x16, 0, 4, 0, 0xF2, 0, 0x25],
            reply: [0x16, 0, 4, 0, 0xF2, 0, 0x25], data: []),
        Vector(
            source: "6.17", action: .writeAndRead(at: 14, [0xFF, 0xFF, 0xFF], readStart: 3, count: 6),
            request: [0x17, 0, 3, 0, 6, 0, 0x0E, 0, 3, 6, 0, 0xFF, 0, 0xFF, 0, 0xFF],
            reply: [0x17, 0x0C, 0, 0xFE, 0x0A, 0xCD, 0, 1, 0, 3, 0, 0x0D, 0, 0xFF],
            data: [0, 0xFE, 0x0A, 0xCD, 0, 1, 0, 3, 0, 0x0D, 0, 0xFF]),
    ]

    @Test(arguments: vectors) func theStandardsExamplesAreSpokenAndUnderstood(_ vector: Vector) throws {
        let request = ModbusRequest(unit: 7, action: vector.action)
        #expect(request.pdu == vector.request)
        #expect(try request.reply(vector.reply[...]) == .data(vector.data[...]))
        for count in 0..<vector.reply.count {
            #expect(throws: LinkFailure.self) { try request.reply(vector.reply[..<count]) }
        }
        #expect(throws: LinkFailure.self) { try request.reply((vector.reply + [0])[...]) }
        #expect(try request.reply([vector.request[0] | 0x80, 2]) == .exception(2))
        for bad: [UInt8] in [
            [vector.request[0] | 0x80, 0], [0x84 ^ vector.request[0], 2], [vector.request[0] | 0x80],
        ] {
            #expect(throws: LinkFailure.self) { try request.reply(bad[...]) }
        }
    }

    /// A write that is answered with another address or value was not this one.
    @Test(arguments: vectors.filter { $0.data.isEmpty }) func theEchoOfAWriteIsComparedBitByBit(_ vector: Vector) throws
    {
        let request = ModbusRequest(unit: 7, action: vector.action)
        for bit in 0..<(vector.reply.count * 8) {
            var reply = vector.reply
            reply[bit / 8] ^= 0x80 >> UInt8(bit % 8)
            #expect(throws: LinkFailure.self) { try request.reply(reply[...]) }
        }
    }

    private let request = ModbusRequest(unit: 7, action: .read(.holding, start: 10, count: 2))
    private let reply: [UInt8] = [0x12, 0x34, 0, 0, 0, 7, 7, 3, 4, 0, 1, 0, 2]

    @Test func aRequestHasItsHeader() {
        #expect(
            ModbusFrame.bytes(request, transaction: 0x1234) == [0x12, 0x34, 0, 0, 0, 6, 7, 3, 0, 10, 0, 2])
    }

    @Test func framesAreTakenOffAStreamHoweverItIsCut() throws {
        let stream = reply + [0x12, 0x35, 0, 0, 0, 3, 7, 0x83, 2]
        for cut in 0...stream.count {
            var frames: [ModbusFrame.Received] = []
            var start = 0
            while let frame = try ModbusFrame.next(in: Array(stream[..<cut]), from: &start) { frames.append(frame) }
            #expect(frames.count == (cut < reply.count ? 0 : cut < stream.count ? 1 : 2))
            #expect(start == (frames.count == 0 ? 0 : frames.count == 1 ? reply.count : stream.count))
            if let first = frames.first {
                #expect(first == ModbusFrame.Received(transaction: 0x1234, unit: 7, pdu: [3, 4, 0, 1, 0, 2]))
            }
        }
    }

    @Test func aHeaderThatIsNoneIsSaidAtOnce() {
        for header: [UInt8] in [[0, 1, 0, 1], [0, 1, 1, 0], [0, 1, 0, 0, 0, 2, 7], [0, 1, 0, 0, 1, 0, 7]] {
            var start = 0
            #expect(throws: LinkFailure.self) { try ModbusFrame.next(in: header, from: &start) }
        }
    }

    /// Modbus over Serial Line V1.02, 6.2.2, gives 0x1241 for the two bytes 02 07.
    @Test func theChecksumIsTheStandards() {
        #expect(RTUFrame.checksum([0x02, 0x07]) == 0x1241)
        #expect(RTUFrame.bytes(request) == [7, 3, 0, 10, 0, 2, 0xE4, 0x6F])
    }

    private func framed(_ unit: UInt8, _ pdu: [UInt8]) -> [UInt8] {
        let frame = [unit] + pdu
        let sum = RTUFrame.checksum(frame[...])
        return frame + [UInt8(truncatingIfNeeded: sum), UInt8(sum >> 8)]
    }

    @Test func aReplyIsFoundBehindNoiseAndOtherSlavesLateFrames() {
        let good = framed(7, [3, 4, 0, 1, 0, 2])
        #expect(RTUFrame.reply(in: good, to: request) == [3, 4, 0, 1, 0, 2])
        #expect(RTUFrame.reply(in: [0, 0xFF, 7] + good, to: request) == [3, 4, 0, 1, 0, 2])
        #expect(RTUFrame.reply(in: framed(8, [3, 4, 9, 9, 9, 9]) + good, to: request) == [3, 4, 0, 1, 0, 2])
        #expect(RTUFrame.reply(in: framed(7, [0x83, 2]), to: request) == [0x83, 2])
        // Another length, as the reply to another request has it.
        #expect(RTUFrame.reply(in: framed(7, [3, 2, 0, 1]), to: request) == nil)
        #expect(RTUFrame.reply(in: framed(8, [3, 4, 0, 1, 0, 2]), to: request) == nil)
    }

    @Test func noBitOfAnRTUReplyMayBeWrongAndNoByteMissing() {
        let good = framed(7, [3, 4, 0, 1, 0, 2])
        for bit in 0..<(good.count * 8) {
            var frame = good
            frame[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(RTUFrame.reply(in: frame, to: request) == nil)
        }
        for count in 0..<good.count { #expect(RTUFrame.reply(in: Array(good[..<count]), to: request) == nil) }
    }
}
