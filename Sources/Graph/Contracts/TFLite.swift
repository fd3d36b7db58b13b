/// The arithmetic of TensorFlow Lite's built-in int8 kernels, without a delegate: fixed-point numbers, rounded twice.
///
/// Source: `tensorflow/lite/kernels/internal/common.h`, `MultiplyByQuantizedMultiplier` without
/// `TFLITE_SINGLE_ROUNDING`; gemmlowp `fixedpoint.h`; ruy's kernels for the direction of ties.
package enum TFLite: Contract {
    package static let name = "tflite"
    package static let summary = "TensorFlow Lite's built-in kernels: fixed-point scales, rounded twice"

    /// The three scales meet as doubles; in uint8 models, and in dense layers with one weight scale, the first two have
    /// met as floats before.
    ///
    /// Ties go up where ruy or vector code computes, and away from zero in the plain code: depthwise on uint8, and the
    /// channels of an int8 depthwise that fill no vector of eight.
    /// Source: `kernel_util.cc`, `PopulateConvolutionQuantizationParams`, `GetQuantizedConvolutionMultipler`.
    package static func requantization(_ sum: SumOfProducts) -> Requantization? {
        var product = Double(sum.input) * Double(sum.weight)
        var ties = Requantization.Ties.up
        switch sum.kind {
        case .convolution: break
        case .fullyConnected: if sum.isPerTensor { product = Double(sum.input * sum.weight) }
        case .depthwise(let channel, let channels):
            if sum.isUnsigned || channel >= channels / 8 * 8 { ties = .away }
        }
        if sum.isUnsigned { product = Double(sum.input * sum.weight) }
        return FixedPointMultiplier(product / Double(sum.output)).map { .twoStep($0, ties: ties) }
    }

    /// Vector code shifts a side less (int8) or cuts it off (uint8); plain code, which ends a tensor, rounds.
    /// Source: `add.cc`, `Prepare`; `optimized_integer_ops::AddElementwise`, `optimized_ops::AddElementwise`.
    package static func addition(_ sum: SumOfTwo) -> AdditionArithmetic? {
        let unit = 2 * Double(max(sum.a.scale, sum.b.scale))
        guard let a = FixedPointMultiplier(Double(sum.a.scale) / unit),
            let b = FixedPointMultiplier(Double(sum.b.scale) / unit),
            let output = FixedPointMultiplier(
                unit / (Double(1 << AdditionArithmetic.leftShift) * Double(sum.output.scale)))
        else { return nil }
        func method(_ side: AdditionArithmetic.Side) -> AdditionArithmetic.Method {
            .twoStep(a: a, b: b, sum: output, side: side)
        }
        guard !sum.isBroadcast, !sum.subtracts else {
            return AdditionArithmetic(method(.rounded), subtracts: sum.subtracts)
        }
        return sum.isUnsigned
            ? AdditionArithmetic(method(.floored), tail: method(.rounded), bodyCount: sum.count / 8 * 8)
            : AdditionArithmetic(method(.shiftedLess), tail: method(.rounded), bodyCount: sum.count / 16 * 16)
    }

    /// Source: `mul.cc`, `Prepare`.
    package static func multiplication(_ a: Quantization, _ b: Quantization, output: Quantization) -> Requantization? {
        FixedPointMultiplier(Double(a.scale) * Double(b.scale) / Double(output.scale)).map { .twoStep($0, ties: .away) }
    }

    /// The zero points meet in one constant, rounded by itself. Source: `optimized_integer_ops::Mean`.
    package static func mean(_ input: Quantization, output: Quantization, count: Int) -> MeanArithmetic? {
        let offset = Float(input.zeroPoint) * input.scale / output.scale
        guard abs(offset) < 0x1p30 else { return nil }
        let bias = output.zeroPoint - Int32(offset + (offset > 0 ? 0.5 : -0.5))
        return FixedPointMultiplier(Double(input.scale / (Float(count) * output.scale)))
            .map { .twoStep($0, bias: bias) }
    }

    /// Source: `kernel_util.cc`, `CalculateActivationRangeQuantizedImpl`.
    package static func bound(_ value: Float, _ output: Quantization) -> Int32 {
        let steps = (value / output.scale).rounded(.toNearestOrAwayFromZero)
        return output.zeroPoint + Int32(min(max(steps, -1_024), 1_024))
    }

    package static func table(_ function: UnaryFunction, input: Quantization, output: Quantization) -> [Int8] {
        Tables.rounded(function, input, output, .toNearestOrAwayFromZero)
    }
}
