/// One multiplication by a float32 scale, rounded once, half to even: LiteRT with its default delegate XNNPACK.
///
/// Every float operation is rounded by itself; none is fused with another. What XNNPACK does not take, the built-in kernels
/// compute in the same model: there the contract is ``TFLite``'s.
package enum FP32: Contract {
    package static let name = "fp32"
    package static let summary = "one float32 scale, rounded half to even: LiteRT with XNNPACK"

    package static func requantization(_ sum: SumOfProducts) -> Requantization? {
        if case .matrixProduct(isRightConstant: false) = sum.kind { return TFLite.requantization(sum) }
        return scale(sum.ratio)
    }

    /// The larger of the two ratios is made a number of 21 bits, the other follows.
    /// Source: XNNPACK, `qs8-vadd`, `init_qs8_add_minmax_params`; ratios beyond 2^-10..<2^8 are not delegated.
    package static func addition(_ sum: SumOfTwo) -> AdditionArithmetic? {
        let (ratioA, ratioB) = (sum.a.scale / sum.output.scale, sum.b.scale / sum.output.scale)
        let most = max(ratioA, ratioB)
        guard min(ratioA, ratioB) >= 0x1p-10, most < 0x1p8 else { return TFLite.addition(sum) }
        let shift = 20 - Int(most.exponent)
        func factor(_ ratio: Float) -> Int32 {
            Int32(Float(sign: .plus, exponent: shift, significand: ratio).rounded(.toNearestOrEven))
        }
        return AdditionArithmetic(sum, .fixedPoint(a: factor(ratioA), b: factor(ratioB), shift: Int32(shift)))
    }

    package static func multiplication(_ product: ProductOfTwo) -> MultiplicationArithmetic? {
        let ratio = product.a.scale * product.b.scale / product.output.scale
        return ratio.isFinite && ratio > 0 ? .float(ratio) : nil
    }

    /// The zero points are part of what is rounded. Source: XNNPACK, mean over `qs8-rsum` and `qs8-rdsum`.
    package static func reduction(_ reduction: ReductionOfMany) -> ReductionArithmetic? {
        guard reduction.kind == .mean else { return TFLite.reduction(reduction) }
        let count = Int32(reduction.count)
        let origin = reduction.origin
        let scale = reduction.input.scale / reduction.output.scale * (1 / Float(count))
        let lost = Float((reduction.input.zeroPoint + origin) * count) * scale
        let offset = Float(reduction.output.zeroPoint + origin) - lost
        guard scale.isFinite, scale > 0, offset.isFinite else { return nil }
        return ReductionArithmetic(
            .float(scale: scale, offset: offset), sumOffset: count * origin, zeroPoint: -origin)
    }

    package static func average(_ window: AverageOfWindow) -> AverageArithmetic? {
        TFLite.average(window)
    }

    package static func softmax(_ rows: SoftmaxOfRows) -> SoftmaxArithmetic? { TFLite.softmax(rows) }

    /// Source: XNNPACK, `s8-ibilinear`.
    package static func bilinear(isUnsigned: Bool) -> ResizeArithmetic { .shifted }

    /// Source: XNNPACK, `f32-qs8-vcvt`.
    package static func quantizing(_ output: Quantization) -> QuantizingArithmetic {
        QuantizingArithmetic(.multiplyEven)
    }

    /// Source: XNNPACK, `qs8-f32-vcvt`.
    package static func dequantizing(_ input: Quantization, isUnsigned: Bool) -> DequantizingArithmetic {
        DequantizingArithmetic(.subtractFirst)
    }

    /// Source: XNNPACK, `xnn_qs8_quantize`.
    package static func bound(_ value: Float, _ output: Quantization, isUnsigned: Bool) -> Int32 {
        let origin: Int32 = isUnsigned ? 128 : 0
        let steps = value / output.scale + Float(output.zeroPoint + origin)
        return Int32(min(max(steps, -1_024), 1_024).rounded(.toNearestOrEven)) - origin
    }

    /// Source: XNNPACK, `qs8-vcvt`, `qs8-vlrelu`, `x8-lut`.
    package static func table(_ function: UnaryFunction, input: Quantization, output: Quantization) -> FunctionTable? {
        let ratio = input.scale / output.scale
        let delegated: ClosedRange<Float> = 0x1p-8...0x1p7
        switch function {
        case .identity where delegated.contains(ratio): return eightBits(input, output, above: ratio, below: ratio)
        case .leakyRelu(let slope) where delegated.contains(ratio) && delegated.contains(abs(ratio * slope)):
            return eightBits(input, output, above: ratio, below: ratio * slope)
        case .sigmoid, .tanh, .elu:
            let inverse = 1 / output.scale
            let low = Float(-128 - output.zeroPoint)
            let high = Float(127 - output.zeroPoint)
            return FunctionTable { stored in
                let x = Float(stored - input.zeroPoint) * input.scale
                let steps = min(max(function.value(x, stored: stored) * inverse, low), high)
                return Int8(Int32(steps.rounded(.toNearestOrEven)) + output.zeroPoint)
            }
        default: return TFLite.table(function, input: input, output: output)
        }
    }

    /// A multiplier of eight bits behind the point, ties up.
    private static func eightBits(_ input: Quantization, _ output: Quantization, above: Float, below: Float)
        -> FunctionTable
    {
        let factors = (
            above: Int32((256 * above).rounded(.toNearestOrEven)), below: Int32((256 * below).rounded(.toNearestOrEven))
        )
        return FunctionTable { stored in
            let x = stored - input.zeroPoint
            return Int8(clamping: ((x * (x < 0 ? factors.below : factors.above) + 128) >> 8) + output.zeroPoint)
        }
    }

    private static func scale(_ ratio: Float) -> Requantization? {
        ratio.isFinite && ratio > 0 ? .float(ratio) : nil
    }
}
