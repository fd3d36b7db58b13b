import Checksum
import Seeded
import Testing

@testable import Store

@Suite("History: blocks give back every bit")
struct HistoryCodecTests {
    enum Values: CaseIterable, Sendable {
        case constant, counter, decimal, fewDifferent, randomBits, float32, walk, extremes, waveformCounts

        func next(_ random: inout SplitMix64, _ index: Int, _ before: UInt64) -> UInt64 {
            switch self {
            case .constant: return 21.5.bitPattern
            case .counter: return Double(1_000 + index).bitPattern
            case .decimal: return (Double(random.below(200_000) - 100_000) / 1_000).bitPattern
            case .fewDifferent: return (Double(random.below(5)) * 1.1).bitPattern
            case .randomBits: return random.next()
            case .float32: return Double(Float(random.below(1_000_000)) / 7).bitPattern
            case .walk: return (Double(bitPattern: before) + Double(random.below(1_000)) * 1e-7).bitPattern
            case .extremes: return Self.odd[random.below(Self.odd.count)]
            case .waveformCounts: return UInt64(random.below(3) + 4_095)
            }
        }

        private static let odd: [UInt64] = [
            0, (-0.0).bitPattern, Double.infinity.bitPattern, (-Double.infinity).bitPattern, 0x7FF8_0000_DEAD_BEEF,
            0x7FF0_0000_0000_0001, .max, 1, Double.leastNormalMagnitude.bitPattern,
            Double.greatestFiniteMagnitude.bitPattern, 0.1.bitPattern, 9_007_199_254_740_993.0.bitPattern,
        ]
    }

    enum Times: CaseIterable, Sendable { case even, jitter, milliseconds, back, equal, extremes }

    private static func samples(_ count: Int, _ values: Values, _ times: Times, seed: UInt64) -> [HistorySample] {
        var random = SplitMix64(seed: seed)
        var samples: [HistorySample] = []
        var (number, time, value): (Int64, Int64, UInt64) = (17, 1_700_000_000_000_000_000, 0)
        for index in 0..<count {
            number += Int64(random.below(3) == 0 ? 1 : 1_000)
            value = values.next(&random, index, value)
            switch times {
            case .even: time += 1_000_000_000
            case .jitter: time += 1_000_000_000 + Int64(random.below(50_000))
            case .milliseconds: time += 1_000_000 * Int64(random.below(20))
            case .back: time -= Int64(random.below(5_000_000_000))
            case .equal: break
            case .extremes: time = [Int64.min, .max, 0, -1, 1_000_000_000][random.below(5)]
            }
            let extreme = times == .extremes
            samples.append(
                HistorySample(
                    number: extreme ? Int64(bitPattern: random.next()) : number,
                    state: random.below(20) == 0 ? UInt32(truncatingIfNeeded: random.next()) : 0x0110_0000,
                    sourceTime: index % 9 == 8 ? 0 : time,
                    arrival: time &+ 3_000_000 &+ Int64(random.below(90_000)),
                    monotonic: extreme ? Int64(bitPattern: random.next()) : time &- 1_699_999_000_000_000_000,
                    value: value))
        }
        return samples
    }

    @Test(arguments: Values.allCases, Times.allCases)
    func whatGoesInComesOut(_ values: Values, _ times: Times) throws {
        for count in [1, 2, 3, 64, 65, 66, 129, 1_000, HistoryCodec.maximumSamples] {
            let samples = Self.samples(count, values, times, seed: UInt64(count))
            let block = HistoryCodec.encode(samples)
            #expect(try HistoryCodec.decode(block) == samples, "\(count) samples")
        }
    }

    @Test func steadySamplesTakeLittle() throws {
        let steady = (0..<4_096).map { index in
            HistorySample(
                number: Int64(index) * 1_000, state: 0x0110_0000, sourceTime: Int64(index) * 1_000_000_000,
                arrival: Int64(index) * 1_000_000_000 + 5, monotonic: Int64(index) * 1_000_000_000, value: 0)
        }
        // Four columns of 64 frames of one byte each, and heads.
        #expect(HistoryCodec.encode(steady).count < 4 * 64 + 80)
        let decimals = Self.samples(4_096, .decimal, .even, seed: 1).map(\.value)
        var writer = ByteWriter()
        ValueColumn.append(decimals, to: &writer)
        // 200,000 different values take 18 bits.
        #expect(Double(writer.bytes.count) / 4_096 < 2.5)
    }

    @Test(arguments: Values.allCases)
    func everyFlippedByteIsFound(_ values: Values) {
        let block = HistoryCodec.encode(Self.samples(70, values, .jitter, seed: 5))
        for index in block.indices {
            for change in [UInt8(1), 0x80, 0xFF] {
                var damaged = block
                damaged[index] ^= change
                #expect(throws: HistoryError.self) { try HistoryCodec.decode(damaged) }
            }
        }
    }

    @Test(arguments: Values.allCases)
    func everyCutIsFound(_ values: Values) {
        let block = HistoryCodec.encode(Self.samples(70, values, .jitter, seed: 6))
        for length in block.indices {
            #expect(throws: HistoryError.self) { try HistoryCodec.decode(Array(block[..<length])) }
        }
        let body = block.dropLast(4)
        for length in body.indices {
            #expect(throws: HistoryError.self) { try HistoryCodec.decode(Self.sealed(body[..<length])) }
        }
        #expect(throws: HistoryError.self) { try HistoryCodec.decode(Self.sealed(block.dropLast(4) + [0])) }
    }

    /// Bytes that lie under a checksum that holds: an error or some samples, never a trap or more than the limit.
    @Test(arguments: Values.allCases)
    func liesUnderAGoodChecksumDoNotTrap(_ values: Values) throws {
        let body = Array(HistoryCodec.encode(Self.samples(70, values, .jitter, seed: 7)).dropLast(4))
        var mutator = ByteMutator(seed: 8, numbers: .varint)
        for _ in 0..<2_000 {
            guard let samples = try? HistoryCodec.decode(Self.sealed(mutator.mutated(body)[...])) else { continue }
            #expect(samples.count <= HistoryCodec.maximumSamples)
        }
    }

    @Test func theErrorSaysWhatIsWrong() {
        let block = HistoryCodec.encode(Self.samples(3, .decimal, .even, seed: 9))
        #expect(throws: HistoryError.length(expected: 7, found: 0)) { try HistoryCodec.decode([]) }
        #expect(throws: HistoryError.version(expected: 1, found: 2)) {
            try HistoryCodec.decode([2] + block.dropFirst())
        }
        for count in [0, 4_097, 65_535] {
            let lying = [block[0], UInt8(count & 255), UInt8(count >> 8)] + block.dropFirst(3).dropLast(4)
            #expect(throws: HistoryError.count(limit: 4_096, found: count)) {
                try HistoryCodec.decode(Self.sealed(lying[...]))
            }
        }
    }

    /// With a checksum that holds.
    private static func sealed(_ body: ArraySlice<UInt8>) -> [UInt8] {
        var writer = ByteWriter()
        for byte in body { writer.append(byte) }
        writer.append(CRC32C.checksum(Array(body)))
        return writer.bytes
    }

    /// Of docs/internals/store.md, byte for byte.
    @Test func theExampleOfTheDocumentIsWhatIsWritten() throws {
        let values = [20.5, 20.6, 20.6, 20.7]
        let samples = values.enumerated().map { index, value in
            let time = Int64(index + 2) * 1_000_000_000
            return HistorySample(
                number: Int64(index + 7), state: 0x0150_0000, sourceTime: time, arrival: time,
                monotonic: time - 1_000_000_000, value: value.bitPattern)
        }
        let expected =
            "010400020700000000000000020032009435770000000002003000000000000000000030"
            + "003665c4ffffffff00020101cd00000000000000022204000050013aee9060"
        let block = HistoryCodec.encode(samples)
        #expect(DamagedRow.hex(block) == expected)
        #expect(try HistoryCodec.decode(block) == samples)
    }
}
