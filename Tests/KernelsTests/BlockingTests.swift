import Kernels
import Seeded
import Testing

@Suite("blocking: how products are cut for caches")
struct BlockingTests {
    /// 3 x 3 from 512 to 512 channels over 28 x 28: 2.4 MB of weights, 0.46 MB of padded input.
    private static let large = ConvolutionShape(
        rows: 28, columns: 28, rowStride: 30 * 512, columnStride: 512, segmentOffsets: [0, 30 * 512, 60 * 512],
        segmentLength: 3 * 512, channels: 512, outputStride: 512)

    private static func cut(_ shape: ConvolutionShape, level2KiB: Int) -> Blocking.Cut {
        Blocking(shape, caches: CacheSizes(level2Bytes: level2KiB << 10)).cut(
            positions: shape.positions, blocks: shape.blocks)
    }

    @Test("another cache, another cut; the larger the cache, the less traffic")
    func sizesDrive() {
        let cuts = [128, 256, 512, 1_024, 2_048, 8_192].map { Self.cut(Self.large, level2KiB: $0) }
        #expect(Set(cuts).count == cuts.count)
        #expect(cuts.map(\.traffic) == cuts.map(\.traffic).sorted(by: >))
        #expect(cuts[0].order != .whole)
        #expect(cuts[2] == Self.cut(Self.large, level2KiB: 512))
        #expect(cuts[5].order == .whole)
        let once = 512 * 9 * 512 + 30 * 30 * 512
        #expect(cuts[5].traffic == once)
        // Without a cut, each tile of 16 positions would fetch all weights.
        #expect(cuts[2].traffic < 28 * 28 / 16 * 512 * 9 * 512 / 10)
    }

    @Test("what stays fits in half of the cache, and what goes by in a quarter, where there is a choice")
    func fitting() {
        let shape = ConvolutionShape(vectors: 4_096, inputs: 1_024, outputs: 1_024)
        for level2KiB in [256, 512, 1_024, 2_048] {
            let room = level2KiB << 10
            let cut = Self.cut(shape, level2KiB: level2KiB)
            #expect(cut.order == .weightsStay)
            #expect(cut.blocks * 16 * 1_024 <= room / 2 && cut.positions * 1_024 <= room / 4)
            #expect(cut.positions % 48 == 0 && cut.blocks % 4 == 0)
        }
        let wide = ConvolutionShape(vectors: 600, inputs: 1_024, outputs: 8_192)
        let cut = Self.cut(wide, level2KiB: 1_024)
        #expect(cut.order == .inputStays && cut.positions * 1_024 <= 512 << 10)
    }

    @Test("what is read once is not cut: a dense layer, and what fits")
    func whole() {
        let dense = ConvolutionShape(vectors: 1, inputs: 8_192, outputs: 8_192)
        #expect(Self.cut(dense, level2KiB: 256).order == .whole)
        #expect(Self.cut(ConvolutionShape(vectors: 64, inputs: 256, outputs: 256), level2KiB: 256).order == .whole)
    }

    @Test("no window is too large for a cut")
    func extremes() {
        let longest = ConvolutionShape(
            vectors: 100, inputs: ConvolutionKernel.maximumWindowBytes, outputs: 100)
        let cut = Self.cut(longest, level2KiB: 64)
        #expect(cut.positions >= 48 && cut.blocks >= 1)
        let stuck = ConvolutionShape(
            rows: 50, columns: 50, rowStride: 0, columnStride: 0, segmentOffsets: [0], segmentLength: 65_536,
            channels: 64, outputStride: 64)
        #expect(Self.cut(stuck, level2KiB: 64).positions >= 1)
    }

    @Test("every position of every block once, whatever is cut, from any place to any other")
    func parts() throws {
        var random = SplitMix64(seed: 20_261_130)
        for round in 0..<300 {
            let columns = Int.random(in: 1...40, using: &random)
            let shape = ConvolutionShape(
                rows: Int.random(in: 1...60, using: &random), columns: columns,
                rowStride: Bool.random(using: &random) ? columns * 700 : (columns + 2) * 700, columnStride: 700,
                segmentOffsets: [0, 1_400], segmentLength: 1_400, channels: Int.random(in: 1...400, using: &random),
                outputStride: 400)
            let positions = ConvolutionKernelTests.range(shape.positions, &random)
            let blocks = ConvolutionKernelTests.range(shape.blocks, &random)
            let blocking = Blocking(
                shape, caches: CacheSizes(level2Bytes: (64 << 10) << Int.random(in: 0...5, using: &random)))
            var times = [Int](repeating: 0, count: shape.positions * shape.blocks)
            var areEmpty = false
            blocking.forEachPart(positions: positions, blocks: blocks) { positions, blocks in
                areEmpty = areEmpty || positions.isEmpty || blocks.isEmpty
                for position in positions { for block in blocks { times[position * shape.blocks + block] += 1 } }
            }
            let expected = (0..<times.count).map {
                positions.contains($0 / shape.blocks) && blocks.contains($0 % shape.blocks) ? 1 : 0
            }
            try #require(times == expected && !areEmpty, "round \(round)")
        }
    }

    @Test("the same bytes for every cache", arguments: KernelSet.supported)
    func sameBytes(isa: String) throws {
        let kernel = try KernelSet(isa: isa).convolution
        var random = SplitMix64(seed: 7)
        let shapes = [
            ConvolutionShape(vectors: 150, inputs: 700, outputs: 200),
            ConvolutionShape(
                rows: 12, columns: 13, rowStride: 15 * 64, columnStride: 64, segmentOffsets: [0, 15 * 64, 30 * 64],
                segmentLength: 192, channels: 300, outputStride: 310),
        ]
        for shape in shapes {
            for fill in [ConvolutionCase.Fill.random, .extremes] {
                let made = ConvolutionCase(shape, fill, &random)
                let whole = CacheSizes(level2Bytes: 64 << 20)
                let expected = ConvolutionKernelTests.run(made, kernel, caches: whole)
                let uncut = Blocking(shape, caches: whole).cut(positions: shape.positions, blocks: shape.blocks)
                #expect(uncut.order == .whole)
                for (level1, level2) in [(8 << 10, 64 << 10), (64 << 10, 64 << 10), (32 << 10, 128 << 10)] {
                    let caches = CacheSizes(level1DataBytes: level1, level2Bytes: level2)
                    let cut = Blocking(shape, caches: caches).cut(positions: shape.positions, blocks: shape.blocks)
                    #expect(cut.order != .whole)
                    #expect(ConvolutionKernelTests.run(made, kernel, caches: caches) == expected, "\(isa), \(cut)")
                }
            }
        }
    }

    @Test("sizes that no CPU has stand for the usual ones")
    func implausible() {
        let usual = CacheSizes.usual
        #expect(usual.level1DataBytes == 32 << 10 && usual.level2Bytes == 256 << 10 && usual.level2Sharers == 1)
        for bad in [nil, Int.min, -1, 0, 1, 4_096, 1 << 40, Int.max] {
            #expect(CacheSizes(level1DataBytes: bad, level2Bytes: bad, level2Sharers: 4) == usual)
        }
        for bad in [nil, Int.min, 0, Int.max] {
            #expect(CacheSizes(level2Bytes: 1 << 20, level2Sharers: bad).level2Sharers == 1)
        }
    }

    @Test("threads that share a second level divide it")
    func shares() {
        let cluster = CacheSizes(level1DataBytes: 32 << 10, level2Bytes: 512 << 10, level2Sharers: 4)
        #expect([1, 2, 4, 8].map { cluster.share(threads: $0).level2Bytes >> 10 } == [512, 256, 128, 128])
        let own = CacheSizes(level2Bytes: 512 << 10, level2Sharers: 1)
        #expect(own.share(threads: 64).level2Bytes == 512 << 10)
        #expect(CacheSizes(level2Bytes: 128 << 10, level2Sharers: 8).share(threads: 8).level2Bytes == 64 << 10)
    }
}
