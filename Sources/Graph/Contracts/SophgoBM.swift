/// Sophgo's BM1684X, BM1688 and CV184x: an integer multiplier and a shift of a product in 64 bits.
///
/// What is int8 before a ReLU is uint8 behind it: 0...255, here as the zero point -128.
/// Source: TPU-MLIR 1.30.2, the vendor's C-model, layer by layer.
package enum SophgoBM: ChipContract {
    package static let name = "sophgo-bm"
    package static let summary =
        "Sophgo BM1684X, BM1688, CV184x: integer multiplier and shift, half up, dense layers half away"
    package static let arithmetic = ChipArithmetic(
        perChannel: .init(.integer, ties: .up), matrixProduct: .init(.integer, ties: .away),
        average: .smallMultiplier(isCut: false), addition: .separate, quantizing: .multiplyEven)
}
