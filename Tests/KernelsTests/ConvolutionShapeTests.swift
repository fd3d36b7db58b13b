import Kernels
import Testing

@Suite("shapes of convolutions")
struct ConvolutionShapeTests {
    static let image = ConvolutionShape(
        rows: 4, columns: 5, rowStride: 42, columnStride: 6, segmentOffsets: [0, 21, 42], segmentLength: 9,
        channels: 20,
        outputStride: 24)

    @Test("bytes that are read and written, blocks")
    func extents() {
        #expect(Self.image.inputBytes == 3 * 42 + 4 * 6 + 42 + 12)
        #expect(Self.image.outputBytes == 19 * 24 + 20)
        #expect(Self.image.blocks == 2)
        #expect(Self.image.isValid)
    }

    @Test("packed weights: blocks of 16 channels, groups of 4 bytes, zeros between")
    func packed() {
        let weights: [Int8] = (0..<2 * 17 * 5).map { Int8(truncatingIfNeeded: $0 + 1) }
        let packed = ConvolutionKernel.pack(weights, channels: 17, segments: 2, segmentLength: 5)
        #expect(packed.count == ConvolutionKernel.packedBytes(channels: 17, segments: 2, segmentLength: 5))
        #expect(packed.count == 2 * 2 * 8 * 16)
        for channel in 0..<32 {
            for segment in 0..<2 {
                for k in 0..<8 {
                    let place = (((channel / 16 * 2 + segment) * 2 + k / 4) * 16 + channel % 16) * 4 + k % 4
                    let weight = channel < 17 && k < 5 ? weights[(channel * 2 + segment) * 5 + k] : 0
                    #expect(packed[place] == weight)
                }
            }
        }
    }

    @Test("counts that no kernel can take are not valid", arguments: [0, -1, Int.max])
    func invalid(count: Int) {
        for path in [\ConvolutionShape.rows, \.columns, \.segmentLength, \.channels] {
            var shape = Self.image
            shape[keyPath: path] = count
            #expect(!shape.isValid)
        }
    }

    @Test("windows beyond 65,536 bytes, offsets before the start, outputs that overlap are not valid")
    func limits() {
        var shape = ConvolutionShape(vectors: 1, inputs: 65_536, outputs: 1)
        #expect(shape.isValid)
        shape.segmentLength = 65_537
        #expect(!shape.isValid)
        shape = Self.image
        shape.segmentOffsets[1] = -1
        #expect(!shape.isValid)
        shape = Self.image
        shape.outputStride = 19
        #expect(!shape.isValid)
        shape = Self.image
        shape.segmentOffsets = []
        #expect(!shape.isValid)
    }
}
