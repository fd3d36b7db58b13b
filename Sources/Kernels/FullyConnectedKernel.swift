internal import CKernels

/// One build of the fully-connected kernel for one instruction set.
///
/// - Shapes: weights `[rows, columns]` row-major, input `[columns]`, bias and sums `[rows]`.
/// - Quantization: int8 by int8 into exact 32-bit sums; the same sums on every instruction set.
package struct FullyConnectedKernel: Sendable {
    /// `scalar`, `avx2`, `avx512_vnni`, `neon`, `neon_dotprod`.
    package let isa: String
    package let isSupported: Bool
    /// What the kernel adds to each input, and ``fold(weights:inputZeroPoint:bias:into:)`` takes away again.
    package let inputOffset: Int32
    /// Place in the C table, which holds functions that Swift does not take for Sendable.
    private let index: Int

    package static let maximumColumns = 65_536

    /// All built for this architecture, scalar first, best last.
    package static let all: [FullyConnectedKernel] = {
        var count = 0
        guard let table = mw_s8_fully_connected_kernels(&count) else { return [] }
        return (0..<count).map { index in
            FullyConnectedKernel(
                isa: String(cString: table[index].isa), isSupported: table[index].is_supported(),
                inputOffset: table[index].input_offset, index: index)
        }
    }()

    /// Takes zero point and weights' sums into the bias, once for many calls.
    ///
    /// `folded[r] = bias[r] - (inputZeroPoint + inputOffset) * sum over c of weights[r, c]`, modulo 2^32.
    package func fold(
        weights: UnsafeBufferPointer<Int8>, inputZeroPoint: Int32, bias: UnsafeBufferPointer<Int32>,
        into folded: UnsafeMutableBufferPointer<Int32>
    ) {
        // SAFETY: the C code touches rows * columns weights and `rows` of the others, which `columns` compares.
        let columns = Self.columns(weights.count, bias.count, folded.count)
        guard let weights = weights.baseAddress, let from = bias.baseAddress, let to = folded.baseAddress else {
            return
        }
        mw_s8_fully_connected_fold(bias.count, columns, weights, inputZeroPoint, inputOffset, from, to)
    }

    /// `sums[r] = foldedBias[r] + sum over c of weights[r, c] * (input[c] + inputOffset)`, modulo 2^32.
    package func callAsFunction(
        weights: UnsafeBufferPointer<Int8>, input: UnsafeBufferPointer<Int8>,
        foldedBias: UnsafeBufferPointer<Int32>, sums: UnsafeMutableBufferPointer<Int32>
    ) {
        // SAFETY: as for fold; the CPU has the instructions.
        precondition(isSupported)
        let columns = Self.columns(weights.count, foldedBias.count, sums.count)
        precondition(input.count == columns)
        var count = 0
        guard let table = mw_s8_fully_connected_kernels(&count), let run = table[index].run,
            let weights = weights.baseAddress, let input = input.baseAddress, let bias = foldedBias.baseAddress,
            let sums = sums.baseAddress
        else { return }
        run(foldedBias.count, columns, weights, input, bias, sums)
    }

    private static func columns(_ weights: Int, _ bias: Int, _ sums: Int) -> Int {
        precondition(bias > 0 && sums == bias && weights % bias == 0)
        let columns = weights / bias
        precondition((1...maximumColumns).contains(columns))
        return columns
    }
}
