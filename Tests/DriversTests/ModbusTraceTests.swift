import FoundationEssentials
import Plant
import Testing

@testable import Drivers

private let trace = ProcessInfo.processInfo.environment["MILLWRIGHT_SHARED"].map { $0 + "/data/modbus-trace/" }

/// A plant's own traffic: one master, six controllers, polls of three tables and an operator's writes.
@Suite(.enabled(if: trace != nil, "MILLWRIGHT_SHARED names no folder with data/modbus-trace"))
struct ModbusTraceTests {
    /// One frame as it was recorded.
    struct Frame {
        var server: String
        var isRequest: Bool
        var bytes: [UInt8]
    }

    /// A request, its reply and what the reply says, read without the code under test.
    struct Exchange {
        var request: [UInt8]
        var reply: [UInt8]

        var transaction: UInt16 { UInt16(request[0]) << 8 | UInt16(request[1]) }
        var function: UInt8 { request[7] }
        var start: Int { Int(request[8]) << 8 | Int(request[9]) }
        /// What the driver would ask to get this.
        var asked: ModbusRequest {
            let action: ModbusRequest.Action =
                switch function {
                case 1: .read(.coils, start: start, count: Int(request[11]))
                case 2: .read(.discrete, start: start, count: Int(request[11]))
                case 3: .read(.holding, start: start, count: Int(request[11]))
                default: .writeCoil(at: start, request[10] == 0xFF)
                }
            return ModbusRequest(unit: request[6], action: action)
        }
        /// The registers, or the bits as 0 and 1.
        var values: [Double] {
            (0..<Int(request[11])).map { index in
                guard function > 2 else {
                    let byte = reply[9 + index / 8]
                    return byte & (1 << UInt8(index % 8)) == 0 ? 0 : 1
                }
                return Double(reply[9 + 2 * index]) * 256 + Double(reply[10 + 2 * index])
            }
        }
    }

    static func frames(_ file: String) throws -> [Frame] {
        let folder = try #require(trace)
        let lines = try String(contentsOfFile: folder + file, encoding: .utf8).split(separator: "\n").dropFirst()
        return try lines.map { line in
            let fields = line.split(separator: ",", omittingEmptySubsequences: false)
            try #require(fields.count > 6, "\(line)")
            let digits: [Character] = Array(fields[6])
            var bytes: [UInt8] = []
            for index in stride(from: 0, to: digits.count - 1, by: 2) {
                bytes.append(try #require(UInt8(String([digits[index], digits[index + 1]]), radix: 16), "\(line)"))
            }
            return Frame(server: String(fields[1]), isRequest: fields[3] == "request", bytes: bytes)
        }
    }

    /// Each request with the next reply of its controller.
    static func exchanges(_ file: String) throws -> [Exchange] {
        var waiting: [String: [UInt8]] = [:]
        var exchanges: [Exchange] = []
        for frame in try frames(file) {
            if frame.isRequest {
                waiting[frame.server] = frame.bytes
            } else {
                let request = try #require(waiting[frame.server], "a reply that nobody asked for")
                waiting[frame.server] = nil
                exchanges.append(Exchange(request: request, reply: frame.bytes))
            }
        }
        return exchanges
    }

    @Test(arguments: [("polling_6rtu_190s.csv", 360, 0), ("operate_6rtu_70s.csv", 144, 1)])
    func everyReplyIsTakenAndMeansWhatItSays(_ file: String, _ reads: Int, _ writes: Int) throws {
        let exchanges = try Self.exchanges(file)
        #expect(exchanges.count { $0.function <= 4 } == reads)
        #expect(exchanges.count { $0.function == 5 } == writes)
        for exchange in exchanges {
            #expect(ModbusFrame.bytes(exchange.asked, transaction: exchange.transaction) == exchange.request)
            let reply = try Self.taken(exchange.reply, exchange.transaction, exchange.asked)
            guard case .data(let data) = reply else {
                Issue.record("no answer: \(exchange.reply)")
                continue
            }
            if exchange.function == 5 {
                #expect(data.isEmpty)
            } else {
                #expect(Self.decoded(data, exchange) == exchange.values)
            }
        }
    }

    /// The same bytes are no answer to anything else that was asked: another transaction, unit, count or table.
    @Test(arguments: ["polling_6rtu_190s.csv", "operate_6rtu_70s.csv"])
    func noReplyAnswersAnotherRequest(_ file: String) throws {
        for exchange in try Self.exchanges(file) {
            var (unit, other) = (exchange.asked, exchange.asked)
            unit.unit ^= 2
            other.action = .read(.input, start: exchange.start, count: Int(exchange.request[11]))
            #expect(try Self.taken(exchange.reply, exchange.transaction &+ 1, exchange.asked) == nil)
            #expect(try Self.taken(exchange.reply, exchange.transaction, unit) == nil)
            #expect(throws: LinkFailure.self) { try Self.taken(exchange.reply, exchange.transaction, other) }
            guard case .read(let table, let start, let count) = exchange.asked.action else { continue }
            other.action = .read(table, start: start, count: count + 8)
            #expect(throws: LinkFailure.self) { try Self.taken(exchange.reply, exchange.transaction, other) }
        }
    }

    /// As the driver takes it; nil for a frame that is another's.
    private static func taken(_ bytes: [UInt8], _ transaction: UInt16, _ request: ModbusRequest) throws -> ModbusReply?
    {
        var start = 0
        guard let frame = try ModbusFrame.next(in: bytes, from: &start), frame.transaction == transaction,
            frame.unit == request.unit
        else { return nil }
        #expect(start == bytes.count)
        return try request.reply(frame.pdu)
    }

    /// Through the driver's own decoding, each register or bit a value of its own.
    private static func decoded(_ data: ArraySlice<UInt8>, _ exchange: Exchange) -> [Double] {
        (0..<Int(exchange.request[11])).map { index in
            let value = ModbusValue(
                tag: TagDefinition(name: "t", unit: "", kind: .number), address: exchange.start + index,
                encoding: exchange.function < 3 ? .bool : .uint16)
            let isOn = data[data.startIndex + index / 8] >> UInt8(index % 8) & 1 == 1
            let (decoded, quality) =
                exchange.function < 3 ? value.decode(bit: isOn) : value.decode(data, from: exchange.start)
            #expect(quality == .good)
            guard case .number(let number) = decoded else { return .nan }
            return number
        }
    }
}
