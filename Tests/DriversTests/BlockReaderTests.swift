import Plant
import Testing

@testable import Drivers

/// How a block is cut to the bad address and joined again, on a clock that is wound by hand.
@Suite struct BlockReaderTests {
    private func at(_ seconds: Double) -> MonotonicTime { MonotonicTime(nanoseconds: Int64(seconds * 1e9)) }

    /// Registers 0 to 7, a value each, every second.
    private func reader() -> BlockReader {
        let values = (0..<8).map {
            ModbusValue(
                tag: TagDefinition(name: "v\($0)", unit: "", kind: .number), address: $0, encoding: .uint16)
        }
        let block = ModbusBlock(table: .holding, start: 0, count: 8, scanInterval: .seconds(1), values: values)
        return BlockReader(block: block, tags: (0..<8).map { TagID(rawValue: $0) }, start: at(0))
    }

    /// A slave that answers everything but requests that touch one register.
    private struct Slave {
        var bad: Int?
        var goodReplies = 0
        var requests: [Range<Int>] = []

        /// One round; refused with an exception, or not answered.
        mutating func serve(_ reader: inout BlockReader, _ now: MonotonicTime, refuses: Bool) {
            while let part = reader.next(now) {
                let range = part.start..<(part.start + part.count)
                requests.append(range)
                if let bad, range.contains(bad) {
                    let isCut =
                        refuses || reader.timeOut(part.id, goodReplies: goodReplies)
                        ? reader.split(part.id, now: now, goodReplies: goodReplies) : false
                    if !isCut { reader.fail(part.id, now: now, goodReplies: goodReplies) }
                } else {
                    goodReplies += 1
                    reader.succeed(part.id)
                }
            }
            _ = reader.finishRound(now)
        }
    }

    @Test func aRefusedBlockIsCutWithinOneRound() {
        var (reader, slave) = (reader(), Slave(bad: 5))
        slave.serve(&reader, at(0), refuses: true)
        #expect(reader.parts.map { $0.start..<($0.start + $0.count) } == [0..<4, 4..<5, 5..<6, 6..<8])
        #expect(reader.failing == [5..<6])
        slave.requests = []
        // The bad one waits; the others come each second.
        slave.serve(&reader, at(1), refuses: true)
        #expect(slave.requests == [0..<4, 4..<5, 6..<8])
    }

    @Test func aBlockThatIsNotAnsweredIsCutOnlyWhileOthersAre() {
        var (reader, slave) = (reader(), Slave(bad: 5))
        // Nothing is answered: the slave may be dead, and nothing is cut.
        for second in 0..<3 { slave.serve(&reader, at(Double(second)), refuses: false) }
        #expect(reader.parts.count == 1)
        // Something else is answered meanwhile, as a probe for one value is.
        for second in 3..<200 {
            slave.goodReplies += 1
            slave.serve(&reader, at(Double(second)), refuses: false)
        }
        #expect(reader.parts.map { $0.start..<($0.start + $0.count) } == [0..<4, 4..<5, 5..<6, 6..<8])
        #expect(reader.failing == [5..<6])
    }

    @Test func whatComesAgainIsOneRequestAgain() {
        var (reader, slave) = (reader(), Slave(bad: 5))
        slave.serve(&reader, at(0), refuses: true)
        slave.bad = nil
        var second = 1.0
        while second < 100, reader.parts.count > 1 {
            slave.serve(&reader, at(second), refuses: true)
            second += 1
        }
        #expect(reader.parts.count == 1)
        #expect(second >= 60 && second <= 100)
        #expect(reader.failing.isEmpty)
    }

    /// A slave that gives each half and never the whole is asked for the whole more and more seldom.
    @Test func joiningInVainIsTriedMoreAndMoreSeldom() {
        var (reader, wholes) = (reader(), [Double]())
        for second in 0..<4_000 {
            let now = at(Double(second))
            while let part = reader.next(now) {
                if part.count == 8 {
                    wholes.append(Double(second))
                    let isCut = reader.split(part.id, now: now, goodReplies: second)
                    #expect(isCut)
                } else {
                    reader.succeed(part.id)
                }
            }
            _ = reader.finishRound(now)
        }
        let pauses = zip(wholes.dropFirst(), wholes).map { $0 - $1 }
        #expect(pauses.count >= 4)
        for (next, pause) in zip(pauses.dropFirst(), pauses) { #expect(next >= pause * 1.5) }
    }

    @Test func aRequestPutBackIsAskedAgainInItsRound() {
        var reader = reader()
        let first = reader.next(at(0))
        let unfinished = reader.finishRound(at(0))
        reader.putBack(0)
        let again = reader.next(at(0))
        reader.succeed(0)
        let missed = reader.finishRound(at(0))
        let (early, next) = (reader.next(at(0.5)), reader.next(at(1)))
        #expect(first != nil && unfinished == nil && again == first && missed == 0)
        #expect(early == nil && next != nil)
    }
}
