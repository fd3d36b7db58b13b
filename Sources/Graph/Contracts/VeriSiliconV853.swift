/// VeriSilicon's VIP in Allwinner's V853.
/// Source: acuitylite 6.57.1, emulator with VIP9000PICO_PID0XEE, operator by operator.
package enum VeriSiliconV853: ChipContract {
    package static let name = "verisilicon-v853"
    package static let summary = "VeriSilicon VIP in V853: one float32 scale, half to even"
    package static let arithmetic = ChipArithmetic(
        perChannel: .init(.float, ties: .even), average: .quotient(.awayFromZero), addition: .realNumbers,
        quantizing: .divideEven)
}
