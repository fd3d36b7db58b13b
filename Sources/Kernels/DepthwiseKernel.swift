internal import CKernels

/// One build of the depthwise convolution for one instruction set.
///
/// - Quantization: int8 by int8 into exact 32-bit sums, requantized to int8; the same bytes on every instruction set.
package struct DepthwiseKernel: Sendable {
    /// `scalar`, `avx2`, `avx512_vnni`, `avx512_vbmi`...
    package let isa: String
    package let isSupported: Bool
    /// Place in the C table, which holds functions that Swift does not take for Sendable.
    private let index: Int

    /// All built for this architecture, scalar first, best last.
    package static let all: [DepthwiseKernel] = {
        var count = 0
        guard let table = mw_s8_depthwise_kernels(&count) else { return [] }
        return (0..<count).map { index in
            DepthwiseKernel(
                isa: String(cString: table[index].isa), isSupported: table[index].is_supported(), index: index)
        }
    }()

    /// The functions of this kernel.
    var functions: mw_s8_depthwise_kernel {
        var count = 0
        guard let table = mw_s8_depthwise_kernels(&count) else { preconditionFailure("a table is never empty") }
        return table[index]
    }
}
