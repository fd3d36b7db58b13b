/// One multiplication by a float32 scale, rounded once, half to even: XNNPACK, and ONNX Runtime on quantized graphs.
///
/// Every float operation is rounded by itself; none is fused with another.
package enum FP32: Contract {
    package static let name = "fp32"
    package static let summary = "one float32 scale, rounded half to even: XNNPACK, ONNX Runtime"

    package static func requantization(_ sum: SumOfProducts) -> Requantization? {
        scale(sum.input * sum.weight / sum.output)
    }

    /// The larger of the two ratios is made a number of 21 bits, the other follows.
    /// Source: XNNPACK, `qs8-vadd`, `init_qs8_add_minmax_params`.
    package static func addition(_ sum: SumOfTwo) -> AdditionArithmetic? {
        let (ratioA, ratioB) = (sum.a.scale / sum.output.scale, sum.b.scale / sum.output.scale)
        let most = max(ratioA, ratioB)
        guard most.isFinite, most > 0 else { return nil }
        let shift = 20 - Int(most.exponent)
        guard (1...30).contains(shift) else { return nil }
        func factor(_ ratio: Float) -> Int32 {
            Int32(Float(sign: .plus, exponent: shift, significand: ratio).rounded(.toNearestOrEven))
        }
        return AdditionArithmetic(
            .fixedPoint(a: factor(ratioA), b: factor(ratioB), shift: Int32(shift)), subtracts: sum.subtracts)
    }

    package static func multiplication(_ a: Quantization, _ b: Quantization, output: Quantization) -> Requantization? {
        scale(a.scale * b.scale / output.scale)
    }

    /// The zero points are part of what is rounded. Source: XNNPACK, mean over `qs8-rdsum`.
    package static func mean(_ input: Quantization, output: Quantization, count: Int) -> MeanArithmetic? {
        let scale = input.scale / output.scale * (1 / Float(count))
        let offset = Float(output.zeroPoint) - Float(input.zeroPoint * Int32(count)) * scale
        return scale.isFinite && scale > 0 && offset.isFinite ? .float(scale: scale, offset: offset) : nil
    }

    package static func bound(_ value: Float, _ output: Quantization) -> Int32 {
        let steps = value / output.scale + Float(output.zeroPoint)
        return Int32(min(max(steps, -1_024), 1_024).rounded(.toNearestOrEven))
    }

    package static func table(_ function: UnaryFunction, input: Quantization, output: Quantization) -> [Int8] {
        Tables.rounded(function, input, output, .toNearestOrEven)
    }

    private static func scale(_ ratio: Float) -> Requantization? {
        ratio.isFinite && ratio > 0 ? .float(ratio) : nil
    }
}
