import CKernels
import Glibc
import Kernels
import Seeded
import Testing

@Suite("convolution kernels: the same bytes on every instruction set")
struct ConvolutionKernelTests {
    static let isas = KernelSet.supported
    static let seed: UInt64 = 20_261_123

    @Test("the scalar kernel is the formula, and writes nothing else", arguments: ConvolutionCase.Fill.allCases)
    func formula(fill: ConvolutionCase.Fill) throws {
        let scalar = try ConvolutionMemory.kernel("scalar")
        let memory = try ConvolutionMemory()
        var random = SplitMix64(seed: Self.seed)
        for _ in 0..<60 {
            let shape = ConvolutionShape.random(
                positions: Int.random(in: 1...9, using: &random), channels: Int.random(in: 1...36, using: &random),
                segmentLength: Int.random(in: 1...12, using: &random), &random)
            let made = ConvolutionCase(shape, fill, &random)
            let positions = Self.range(shape.positions, &random)
            let blocks = Self.range(shape.blocks, &random)
            var expected = [Int8](repeating: ConvolutionMemory.untouched, count: shape.outputBytes)
            for position in positions {
                for channel in blocks.lowerBound * 16..<min(blocks.upperBound * 16, shape.channels) {
                    expected[position * shape.outputStride + channel] = made.expected(position, channel)
                }
            }
            let found = try memory.run(made, scalar, positions: positions, blocks: blocks)
            try #require(found == expected, "seed \(Self.seed), \(shape), \(made.requantization)")
        }
    }

    @Test("1...50 positions, 1...70 channels, runs of 1...40 bytes: as scalar", arguments: isas)
    func walk(isa: String) throws {
        let kernel = try ConvolutionMemory.kernel(isa)
        let scalar = try ConvolutionMemory.kernel("scalar")
        let memory = try ConvolutionMemory()
        var random = SplitMix64(seed: Self.seed)
        var compared = 0
        for round in 0..<2800 {
            // 50, 70 and 40 in steps that meet every value of each, in ever other company.
            let shape = ConvolutionShape.random(
                positions: 1 + round % 50, channels: 1 + round * 3 % 70, segmentLength: 1 + round * 7 % 40, &random)
            let fill = ConvolutionCase.Fill.allCases[round % ConvolutionCase.Fill.allCases.count]
            let made = ConvolutionCase(shape, fill, &random)
            let positions = Self.range(shape.positions, &random)
            let blocks = Self.range(shape.blocks, &random)
            let expected = try memory.run(made, scalar, positions: positions, blocks: blocks)
            let found = try memory.run(made, kernel, positions: positions, blocks: blocks)
            try #require(
                found == expected,
                "\(isa), seed \(Self.seed), round \(round): \(shape), \(positions), \(blocks), \(made.requantization)")
            compared += 1
        }
        #expect(compared == 2800)
    }

    @Test("the longest window at the extremes of both operands", arguments: isas)
    func longest(isa: String) throws {
        let kernel = try #require(ConvolutionKernel.all.first { $0.isa == isa })
        let scalar = try #require(ConvolutionKernel.all.first)
        var random = SplitMix64(seed: Self.seed)
        for fill in ConvolutionCase.Fill.allCases {
            let shape = ConvolutionShape(vectors: 2, inputs: ConvolutionKernel.maximumWindowBytes, outputs: 17)
            let made = ConvolutionCase(shape, fill, &random)
            #expect(Self.run(made, kernel) == Self.run(made, scalar), "\(fill)")
        }
    }

    @Test("panels of weights beyond the first cache, and blocks that no tile divides", arguments: isas)
    func largePanels(isa: String) throws {
        let kernel = try #require(ConvolutionKernel.all.first { $0.isa == isa })
        let scalar = try #require(ConvolutionKernel.all.first)
        var random = SplitMix64(seed: Self.seed)
        for (vectors, inputs, outputs) in [(1, 640, 129), (1, 130, 640), (13, 700, 100), (30, 1200, 33), (7, 300, 205)]
        {
            let made = ConvolutionCase(
                ConvolutionShape(vectors: vectors, inputs: inputs, outputs: outputs), .random, &random)
            #expect(Self.run(made, kernel) == Self.run(made, scalar), "\(vectors) x \(inputs) x \(outputs)")
        }
    }

    @Test("ranges of positions and blocks put together are the whole", arguments: isas)
    func parts(isa: String) throws {
        let kernel = try #require(ConvolutionKernel.all.first { $0.isa == isa })
        var random = SplitMix64(seed: Self.seed)
        let shape = ConvolutionShape(
            rows: 5, columns: 9, rowStride: 11 * 8, columnStride: 8, segmentOffsets: [0, 88, 176], segmentLength: 24,
            channels: 70, outputStride: 70)
        let made = ConvolutionCase(shape, .random, &random)
        let whole = Self.run(made, kernel)
        for parts in 1...7 {
            let byPosition = (0..<parts).map { shape.positions * $0 / parts..<shape.positions * ($0 + 1) / parts }
            let byBlock = (0..<parts).map { shape.blocks * $0 / parts..<shape.blocks * ($0 + 1) / parts }
            #expect(Self.run(made, kernel, positions: byPosition) == whole)
            #expect(Self.run(made, kernel, blocks: byBlock) == whole)
        }
    }

    @Test("no position, no block: nothing is written", arguments: isas)
    func nothing(isa: String) throws {
        let memory = try ConvolutionMemory()
        var random = SplitMix64(seed: Self.seed)
        let made = ConvolutionCase(ConvolutionShape(vectors: 4, inputs: 8, outputs: 20), .random, &random)
        let kernel = try ConvolutionMemory.kernel(isa)
        for (positions, blocks) in [(2..<2, 0..<2), (0..<4, 1..<1)] {
            let found = try memory.run(made, kernel, positions: positions, blocks: blocks)
            #expect(found.allSatisfy { $0 == ConvolutionMemory.untouched })
        }
    }

    @Test("a range beyond the shape ends the process")
    func beyond() async {
        await #expect(processExitsWith: .failure) {
            var random = SplitMix64(seed: 1)
            let made = ConvolutionCase(ConvolutionShape(vectors: 2, inputs: 4, outputs: 3), .random, &random)
            _ = ConvolutionKernelTests.run(made, KernelSet.best.convolution, positions: [0..<3])
        }
    }

    @Test("the guard pages bite: one byte too far ends the process")
    func guardsBite() async {
        await #expect(processExitsWith: .signal(SIGSEGV)) {
            let memory = try ConvolutionMemory()
            var random = SplitMix64(seed: 1)
            var made = ConvolutionCase(ConvolutionShape(vectors: 2, inputs: 8, outputs: 3), .random, &random)
            made.input.removeLast()
            let kernel = try ConvolutionMemory.kernel("scalar")
            _ = try memory.run(made, kernel, positions: 0..<2, blocks: 0..<1)
        }
    }

    static func range(_ count: Int, _ random: inout SplitMix64) -> Range<Int> {
        guard Bool.random(using: &random) else { return 0..<count }
        let first = Int.random(in: 0..<count, using: &random)
        return first..<Int.random(in: first + 1...count, using: &random)
    }

    /// Through the Swift side, one call a range; all positions or all blocks where none are given.
    static func run(
        _ made: ConvolutionCase, _ kernel: ConvolutionKernel, positions: [Range<Int>]? = nil,
        blocks: [Range<Int>]? = nil, caches: CacheSizes = .usual
    ) -> [Int8] {
        let shape = made.shape
        let packed = ConvolutionKernel.pack(
            made.weights, channels: shape.channels, segments: made.segments, segmentLength: shape.segmentLength)
        var output = [Int8](repeating: 0, count: shape.outputBytes) + made.residuals
        packed.withUnsafeBytes { weights in
            let prepared = PreparedConvolution(
                shape, weights: weights, weightZeroPoints: made.weightZeroPoints, bias: made.bias,
                inputZeroPoint: made.inputZeroPoint, requantization: made.requantization, kernel: kernel,
                caches: caches)
            made.input.withUnsafeBytes { input in
                output.withUnsafeMutableBytes { output in
                    guard let from = input.baseAddress, let to = output.baseAddress else { return }
                    for positions in positions ?? [0..<shape.positions] {
                        for blocks in blocks ?? [0..<shape.blocks] {
                            prepared(from, to, positions: positions, blocks: blocks)
                        }
                    }
                }
            }
        }
        return Array(output.prefix(shape.outputBytes))
    }
}
