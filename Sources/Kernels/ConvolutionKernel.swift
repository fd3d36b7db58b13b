internal import CKernels

/// One build of the convolution kernel for one instruction set.
///
/// - Quantization: int8 by int8 into exact 32-bit sums, requantized to int8; the same bytes on every instruction set.
package struct ConvolutionKernel: Sendable {
    /// `scalar`, `avx2`, `avx_vnni`, `avx512_vnni`...
    package let isa: String
    package let isSupported: Bool
    /// What the kernel adds to each input, and the folded bias takes away again.
    package let inputOffset: Int32
    /// Place in the C table, which holds functions that Swift does not take for Sendable.
    private let index: Int

    /// Channels of a block of packed weights: the unit in which work is divided by channels.
    package static let blockChannels = 16
    package static let maximumWindowBytes = 65_536

    /// All built for this architecture, scalar first, best last.
    package static let all: [ConvolutionKernel] = {
        var count = 0
        guard let table = mw_s8_convolution_kernels(&count) else { return [] }
        return (0..<count).map { index in
            ConvolutionKernel(
                isa: String(cString: table[index].isa), isSupported: table[index].is_supported(),
                inputOffset: table[index].input_offset, index: index)
        }
    }()

    /// Bytes of packed weights: whole blocks, each run filled up to a multiple of 4.
    package static func packedBytes(channels: Int, segments: Int, segmentLength: Int) -> Int {
        mw_s8_convolution_packed_bytes(channels, segments, segmentLength)
    }

    /// Weights `[channels][segments][segmentLength]`, row-major, in the order that every kernel reads.
    package static func pack(_ weights: [Int8], channels: Int, segments: Int, segmentLength: Int) -> [Int8] {
        precondition(channels > 0 && segments > 0 && segmentLength > 0)
        precondition(weights.count == channels * segments * segmentLength)
        let bytes = packedBytes(channels: channels, segments: segments, segmentLength: segmentLength)
        return [Int8](unsafeUninitializedCapacity: bytes) { packed, count in
            // SAFETY: pack writes each of the `bytes` bytes, and reads as many weights as there are.
            if let packed = packed.baseAddress {
                mw_s8_convolution_pack(channels, segments, segmentLength, weights, packed)
                count = bytes
            }
        }
    }

    /// - Precondition: ``isSupported``.
    // SAFETY: the caller's structure holds pointers to as much as its counts say.
    func run(
        _ convolution: UnsafePointer<mw_s8_convolution>, _ input: UnsafePointer<Int8>,
        _ output: UnsafeMutablePointer<Int8>, positions: Range<Int>, blocks: Range<Int>
    ) {
        var count = 0
        guard let table = mw_s8_convolution_kernels(&count), let run = table[index].run else { return }
        run(
            convolution, input, output, positions.lowerBound, positions.upperBound, blocks.lowerBound,
            blocks.upperBound)
    }
}
