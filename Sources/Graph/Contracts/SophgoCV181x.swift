/// Sophgo's CV181x, CV1812H and SG2002: a high multiply with 31 digits, then a shift half away from zero.
/// Source: TPU-MLIR 1.30.2, the vendor's C-model, layer by layer.
package enum SophgoCV181x: ChipContract {
    package static let name = "sophgo-cv181x"
    package static let summary = "Sophgo CV181x, SG2002: high multiply, then a shift, half away from zero"
    package static let arithmetic = ChipArithmetic(
        perChannel: .init(.highMultiply, ties: .away), average: .smallMultiplier(isCut: true), addition: .oneShift,
        quantizing: .multiplyEven)
}
