import CKernels
import Kernels
import Seeded
import Testing

/// Against a reference that reads like the formula; operands lie beside pages that may not be touched.
@Suite("squared distances to a memory: exact, the same on every instruction set, within their operands")
struct DistanceKernelTests {
    private static func reference(_ features: [Int8], _ memory: [Int8], channels: Int) -> [Int32] {
        stride(from: 0, to: features.count, by: channels).map { position in
            var least = Int32.max
            for row in stride(from: 0, to: memory.count, by: channels) {
                var sum: Int32 = 0
                for channel in 0..<channels {
                    let difference = Int32(features[position + channel]) - Int32(memory[row + channel])
                    sum += difference * difference
                }
                least = min(least, sum)
            }
            return least
        }
    }

    @Test(arguments: KernelSet.supported) func everyShape(isa: String) throws {
        let kernels = try KernelSet(isa: isa).bytes
        var random = SplitMix64(seed: 31)
        for number in 0..<400 {
            let channels = 4 * (number % 3 == 0 ? 1 + random.below(4) : 1 + random.below(40))
            let (positions, rows) = (1 + random.below(40), 1 + random.below(70))
            // Any bytes, and those at the ends, whose products are the largest.
            func bytes(_ count: Int) -> [Int8] {
                (0..<count).map { _ in
                    number % 4 == 0 ? (random.below(2) == 0 ? -128 : 127) : Int8(truncatingIfNeeded: random.below(256))
                }
            }
            let (features, memory) = (bytes(positions * channels), bytes(rows * channels))
            let found = PreparedMemory(memory, channels: channels, kernels: kernels).distances(of: features)
            #expect(
                found == Self.reference(features, memory, channels: channels),
                "\(positions) positions, \(rows) rows, \(channels) channels")
        }
    }

    @Test(arguments: KernelSet.supported) func theFarthestApartOfTheLongestRows(isa: String) throws {
        let channels = PreparedMemory.maximumChannels
        let kernels = try KernelSet(isa: isa).bytes
        for (feature, row) in [(Int8.min, Int8.max), (.max, .min), (.min, .min), (.max, .max)] {
            let memory = PreparedMemory(
                [Int8](repeating: row, count: channels * 17), channels: channels, kernels: kernels)
            let difference = Int32(feature) - Int32(row)
            #expect(
                memory.distances(of: [Int8](repeating: feature, count: channels * 2))
                    == [Int32](repeating: difference * difference * Int32(channels), count: 2))
        }
    }

    @Test func everyKernelStaysWithinItsOperands() throws {
        var count = 0
        let table = try #require(mw_s8_distance_kernels(&count))
        let pages = try (0..<4).map { _ in try GuardedPages(atLeast: 1 << 16) }
        var random = SplitMix64(seed: 32)
        for index in 0..<count where table[index].is_supported() {
            for side in GuardedPages.Side.allCases {
                for (positions, rows, channels) in [(1, 1, 4), (13, 16, 8), (5, 33, 128), (24, 40, 20)] {
                    func bytes(_ count: Int) -> [Int8] {
                        (0..<count).map { _ in Int8(truncatingIfNeeded: random.next()) }
                    }
                    let (features, memory) = (bytes(positions * channels), bytes(rows * channels))
                    let packed = ConvolutionKernel.pack(memory, channels: rows, segments: 1, segmentLength: channels)
                    var norms = [Int32](repeating: 0, count: (rows + 15) / 16 * 16)
                    mw_s8_distance_fold(rows, channels, memory, table[index].input_offset, &norms)
                    var operands = mw_s8_memory(
                        channels: channels, rows: rows, memory: pages[0].place(packed, at: side).baseAddress,
                        norms: pages[1].place(norms, at: side).baseAddress)
                    let distances = pages[3].place([Int32](repeating: -1, count: positions), at: side)
                    table[index].run(
                        &operands, positions, pages[2].place(features, at: side).baseAddress, distances.baseAddress)
                    #expect(Array(distances) == Self.reference(features, memory, channels: channels))
                }
            }
        }
    }
}
