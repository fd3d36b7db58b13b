import Testing
import YAML

@testable import Drivers

/// The registers of a capture: of the frames that a manual prints, or as it lists them.
struct CapturedRegisters {
    var table: ModbusTable
    var addresses: Range<Int>
    var words: [UInt16]
    /// Unit id, then function, byte count and data of the reply; of a list, what a device would answer.
    private var unit: UInt8
    private var reply: [UInt8]

    init(_ capture: Node) throws {
        let line = capture.mark.line
        let start: Int
        let count: Int
        if let request = capture["request"]?.text {
            let response = try #require(capture["response"]?.text, "line \(line): a response to the request")
            let (asked, answer) = (try Self.frame(request, line: line), try Self.frame(response, line: line))
            try #require(asked.count == 6 && asked[0] == answer[0], "line \(line): a request to read")
            table = try #require(ModbusTable.allCases.first { $0.function == asked[1] && !$0.isBits })
            start = Int(asked[2]) << 8 | Int(asked[3])
            count = Int(asked[4]) << 8 | Int(asked[5])
            words = stride(from: 3, to: answer.count - 1, by: 2).map { Self.word(answer[$0], answer[$0 + 1]) }
            unit = asked[0]
            reply = Array(answer.dropFirst())
        } else {
            table = try #require(capture["registers"]?.text.flatMap(ModbusTable.init(rawValue:)), "line \(line)")
            let at = try #require(capture["at"]?.text, "line \(line): at")
            start = try #require(at.hasPrefix("0x") ? Int(at.dropFirst(2), radix: 16) : Int(at), "line \(line): at")
            var listed: [UInt16] = []
            for node in try #require(capture["words"]?.elements, "line \(line): words") {
                let digits = (node.text ?? "").dropFirst(2)
                listed.append(try #require(UInt16(digits, radix: 16), "line \(line): 0x and four digits each"))
            }
            words = listed
            count = listed.count
            unit = 1
            reply = [table.function, UInt8(listed.count * 2)]
            for word in listed { reply += [UInt8(word >> 8), UInt8(truncatingIfNeeded: word)] }
        }
        addresses = start..<(start + count)
        try #require(words.count == count, "line \(line): as many registers as were asked for")
    }

    /// The data of the reply, after the checks that the driver makes of every frame, on a line and over TCP.
    func throughFrames() throws -> [ArraySlice<UInt8>] {
        let request = ModbusRequest(
            unit: unit, action: .read(table, start: addresses.lowerBound, count: addresses.count))
        let line = [unit] + reply
        let onALine = try #require(RTUFrame.reply(in: line + Self.checksum(line[...]), to: request))
        var start = 0
        let frame = try #require(
            try ModbusFrame.next(in: [0, 7, 0, 0, 0, UInt8(reply.count + 1), unit] + reply, from: &start))
        return try [onALine, frame.pdu].map { pdu in
            guard case .data(let data) = try request.reply(pdu) else {
                throw BadConfiguration(description: "an exception is no capture")
            }
            return data
        }
    }

    private static func word(_ high: UInt8, _ low: UInt8) -> UInt16 { UInt16(high) << 8 | UInt16(low) }

    /// The bytes of a frame of Modbus RTU without its checksum, which must be right.
    private static func frame(_ text: String, line: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        for word in text.split(separator: " ") {
            bytes.append(try #require(UInt8(word, radix: 16), "line \(line): \(word)"))
        }
        try #require(bytes.count >= 5, "line \(line): a frame")
        let sum = checksum(bytes.dropLast(2))
        try #require(Array(bytes.suffix(2)) == sum, "line \(line): the checksum should be \(sum)")
        return Array(bytes.dropLast(2))
    }

    /// CRC-16 bit by bit. Source: Modbus over Serial Line V1.02, 6.2.2.
    private static func checksum(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var crc: UInt16 = 0xFFFF
        for byte in bytes {
            crc ^= UInt16(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xA001 : crc >> 1 }
        }
        return [UInt8(truncatingIfNeeded: crc), UInt8(crc >> 8)]
    }
}
