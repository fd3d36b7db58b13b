/// T-Head's SHL as its reference library for x86 computes; not the NPU of the TH1520, which no tool simulates.
///
/// Only convolutions have been compared, without ties among them.
/// Source: hhb 3.2.3, shl-python 3.2.2, board x86_ref.
package enum SHL: ChipContract {
    package static let name = "shl"
    package static let summary = "T-Head SHL's reference for x86: one float32 scale, half to even"
    package static let arithmetic = ChipArithmetic(
        perChannel: .init(.float, ties: .even), average: .realNumbers, addition: .realNumbers, quantizing: .divideEven)
}
