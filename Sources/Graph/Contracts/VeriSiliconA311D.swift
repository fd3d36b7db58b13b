/// VeriSilicon's VIP in Amlogic's A311D: with one weight scale for all channels, its multiplier is cut to 16 digits.
///
/// Weights with a scale a channel are computed exactly, but leave the chip's fast cores.
/// Source: acuitylite 6.57.1, emulator with VIPNANOQI_PID0X88, operator by operator.
package enum VeriSiliconA311D: ChipContract {
    package static let name = "verisilicon-a311d"
    package static let summary = "VeriSilicon VIP in A311D: float32 scale cut to 16 digits, half to even"
    package static let arithmetic = ChipArithmetic(
        perChannel: .init(.float, ties: .even), perTensor: .init(.mantissa(digits: 16), ties: .even),
        average: .quotient(.towardsZero), addition: .realNumbers, quantizing: .divideEven)
}
