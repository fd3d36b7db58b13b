/// Rockchip's NPUs as their simulator computes: RK3588, RK3576, RK3566, RK3568, RK3562, RV1126B, RV1103B.
///
/// Weights have a zero point an output channel; residual sums are taken before a convolution's result is rounded. The chip
/// itself multiplies by fixed-point constants, which differ from its simulator's float32 in 0.03 to 0.24 % of elements, by 1.
/// Source: rknn-toolkit2 2.5.0, simulator, layer by layer.
package enum Rockchip: ChipContract {
    package static let name = "rockchip"
    package static let summary = "Rockchip's simulator: one float32 scale, half to even, zero points a channel"
    package static let arithmetic = ChipArithmetic(
        perChannel: .init(.float, ties: .even), average: .realNumbers, addition: .realNumbers, joinsAddition: true,
        quantizing: .divideEven)
}
