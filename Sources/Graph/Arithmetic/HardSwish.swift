/// `x * relu6(x + 3) / 6` in 16-bit fixed-point numbers.
///
/// Source: TensorFlow Lite, `activations.cc`, `HardSwishPrepare`; `reference_ops::HardSwish`.
struct HardSwish {
    private let inputZeroPoint: Int32
    private let outputZeroPoint: Int32
    private let output: (factor: Int32, shift: Int32)
    private let relu: (factor: Int32, shift: Int32)

    /// - Returns: nil for scales that TensorFlow Lite does not take either.
    init?(_ input: Quantization, _ output: Quantization) {
        // Inputs are moved left by seven bits.
        let fine = 1.0 / 128 * input.scale
        guard let out = FixedPointMultiplier(Double(fine / output.scale)),
            let reluish = FixedPointMultiplier(Double(fine / (3.0 / 32_768.0))), out.shift <= 0, reluish.shift < 16
        else { return nil }
        inputZeroPoint = input.zeroPoint
        outputZeroPoint = output.zeroPoint
        self.output = (Self.halved(out.value), out.shift)
        relu = (Self.halved(reluish.value), reluish.shift)
    }

    /// The fraction's upper 16 bits, rounded.
    private static func halved(_ value: Int32) -> Int32 {
        value >= Int32.max - (1 << 15) ? 0x7FFF : (value + (1 << 15)) >> 16
    }

    func callAsFunction(_ stored: Int32) -> Int8 {
        // Within 16 bits: at most 255 * 2^7.
        let x = (stored - inputZeroPoint) * 128
        let scaled = Self.highMultiply(x, output.factor)
        var gate = x
        if relu.shift > 0 { gate = Self.saturated16(gate << (relu.shift - 1)) }
        gate = Self.highMultiply(gate, relu.factor)
        if relu.shift > 0 { gate = Self.saturated16(gate << 1) }
        if relu.shift < 0 { gate = FixedPointMultiplier.roundingDivide(gate, byPowerOfTwo: -relu.shift) }
        // From -1...1 to 0...1.
        gate = (gate + (1 << 15)) >> 1
        let product = gate * scaled / (1 << 15)
        let result = FixedPointMultiplier.roundingDivide(product, byPowerOfTwo: -output.shift)
        return Int8(clamping: result + outputZeroPoint)
    }

    private static func saturated16(_ x: Int32) -> Int32 { min(max(x, -32_768), 32_767) }

    /// `a * b / 2^15` rounded, of numbers within 16 bits. Source: gemmlowp, `SaturatingRoundingDoublingHighMul`.
    private static func highMultiply(_ a: Int32, _ b: Int32) -> Int32 {
        let product = a * b
        return (product + (product >= 0 ? 1 << 14 : 1 - (1 << 14))) / (1 << 15)
    }
}
