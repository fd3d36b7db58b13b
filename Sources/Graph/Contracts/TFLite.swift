/// The arithmetic of TensorFlow Lite's built-in int8 kernels, without a delegate: fixed-point numbers, rounded twice.
///
/// Vector code and plain code do not always round alike, and a tensor's last elements go through plain code: so did the
/// machine (x86-64) on which LiteRT 2.3.0 was measured, and so it is here on every machine.
/// Source: `tensorflow/lite/kernels/internal/common.h`, `MultiplyByQuantizedMultiplier` without
/// `TFLITE_SINGLE_ROUNDING`; gemmlowp `fixedpoint.h`; ruy's kernels for the direction of ties.
package enum TFLite: Contract {
    package static let name = "tflite"
    package static let summary = "TensorFlow Lite's built-in kernels: fixed-point scales, rounded twice"

    /// The three scales meet as doubles; in uint8 models, matrix products, and dense layers with one weight scale, the
    /// first two have met as floats before.
    ///
    /// Ties go up where ruy or vector code computes, and away from zero in the plain code: matrix products, depthwise on
    /// uint8, and the channels of an int8 depthwise or transposed convolution that fill no vector of eight.
    /// Source: `kernel_util.cc`, `PopulateConvolutionQuantizationParams`, `GetQuantizedConvolutionMultipler`.
    package static func requantization(_ sum: SumOfProducts) -> Requantization? {
        var meetsAsFloats = sum.isUnsigned
        var ties = Requantization.Ties.up
        switch sum.kind {
        case .convolution: break
        case .fullyConnected: meetsAsFloats = meetsAsFloats || sum.isPerTensor
        case .matrixProduct: (meetsAsFloats, ties) = (true, .away)
        case .transposedConvolution(let channel, let channels):
            if !sum.isUnsigned && channel >= channels / 8 * 8 { ties = .away }
        case .depthwise(let channel, let channels):
            if sum.isUnsigned || channel >= channels / 8 * 8 { ties = .away }
        }
        let product = meetsAsFloats ? Double(sum.input * sum.weight) : Double(sum.input) * Double(sum.weight)
        return FixedPointMultiplier(product / Double(sum.output)).map { .twoStep($0, ties: ties) }
    }

    /// Vector code shifts a side less (int8) or cuts it off (uint8, or one repeated number); plain code, which ends a run
    /// and subtracts, rounds.
    /// Source: `add.cc`, `Prepare`; `optimized_integer_ops::AddElementwise`, `optimized_ops::AddElementwise`,
    /// `AddScalarBroadcast`.
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
        func arithmetic(_ body: AdditionArithmetic.Side, run: Int, block: Int) -> AdditionArithmetic {
            AdditionArithmetic(
                sum, method(body), tail: method(.rounded), runCount: run, bodyCount: run / block * block)
        }
        guard !sum.subtracts else { return AdditionArithmetic(sum, method(.rounded)) }
        switch Runs(sum.shapeA, sum.shapeB) {
        case .general: return AdditionArithmetic(sum, method(.rounded))
        case .scalar(let run): return arithmetic(.floored, run: run, block: 8)
        case .elementwise(let run):
            return sum.isUnsigned
                ? arithmetic(.floored, run: run, block: 8) : arithmetic(.shiftedLess, run: run, block: 16)
        }
    }

    /// Source: `mul.cc`, `Prepare`: the scales meet as floats.
    package static func multiplication(_ product: ProductOfTwo) -> MultiplicationArithmetic? {
        FixedPointMultiplier(Double(product.a.scale * product.b.scale / product.output.scale)).map { .twoStep($0) }
    }

    package static func reduction(_ reduction: ReductionOfMany) -> ReductionArithmetic? {
        switch reduction.kind {
        case .sum: sum(reduction)
        case .mean: reduction.imageChannels.map { imageMean(reduction, channels: $0) } ?? mean(reduction)
        }
    }

    /// Of the numbers as stored. Source: `optimized_integer_ops::AveragePool`, `optimized_ops::AveragePool`.
    package static func average(_ window: AverageOfWindow) -> AverageArithmetic? {
        window.input == window.output ? .integer(origin: window.origin, ties: .awayFromZero) : nil
    }

    /// Source: `optimized_ops::Softmax`, `PopulateSoftmaxLookupTable`, `QuantizeSoftmaxOutput`.
    package static func softmax(_ rows: SoftmaxOfRows) -> SoftmaxArithmetic? {
        let step = -(rows.input.scale * rows.beta)
        guard step.isFinite, step <= 0 else { return nil }
        return SoftmaxArithmetic(
            rows.isUnsigned ? .addHalfAndCut : .halfAway,
            table: (0...255).map { UnaryFunction.exp.value(step * Float($0), stored: 0) })
    }

    /// Source: `reference_ops::ResizeBilinearInteger`; `optimized_ops::ResizeBilinear` on uint8.
    package static func bilinear(isUnsigned: Bool) -> ResizeArithmetic { isUnsigned ? .float : .divided }

    /// Source: `optimized_ops::AffineQuantize`.
    package static func quantizing(_ output: Quantization) -> QuantizingArithmetic {
        QuantizingArithmetic(.multiplyEven, tail: .divideAway, block: 8)
    }

    /// Source: `optimized_ops::Dequantize`.
    package static func dequantizing(_ input: Quantization, isUnsigned: Bool) -> DequantizingArithmetic {
        DequantizingArithmetic(.addLast(origin: isUnsigned ? 128 : 0), tail: .subtractFirst, block: 8)
    }

    /// Source: `kernel_util.cc`, `CalculateActivationRangeQuantizedImpl`.
    package static func bound(_ value: Float, _ output: Quantization, isUnsigned: Bool) -> Int32 {
        let steps = (value / output.scale).rounded(.toNearestOrAwayFromZero)
        return output.zeroPoint + Int32(min(max(steps, -1_024), 1_024))
    }

    // MARK: reductions

    /// The mean over height and width of an image: the zero points meet in one constant, rounded by itself.
    /// Source: `optimized_integer_ops::Mean`, `optimized_ops::Mean`.
    private static func imageMean(_ mean: ReductionOfMany, channels: Int) -> ReductionArithmetic? {
        let origin = mean.origin
        let offset = Float(mean.input.zeroPoint + origin) * mean.input.scale / mean.output.scale
        guard abs(offset) < 0x1p29 else { return nil }
        let bias = mean.output.zeroPoint - Int32(offset + (offset > 0 ? 0.5 : -0.5))
        let ratio = mean.input.scale / (Float(mean.count) * mean.output.scale)
        guard let multiplier = FixedPointMultiplier(Double(ratio)) else { return nil }
        return ReductionArithmetic(
            .requantized(.twoStep(multiplier, ties: .up)), tail: .requantized(.twoStep(multiplier, ties: .away)),
            bodyChannels: channels / 16 * 16, sumOffset: Int32(mean.count) * origin, zeroPoint: bias)
    }

    /// Any other mean: the count is divided out of the multiplier.
    /// Source: `reference_ops::QuantizedMeanOrSum`.
    private static func mean(_ mean: ReductionOfMany) -> ReductionArithmetic? {
        guard var multiplier = FixedPointMultiplier(Double(mean.input.scale / mean.output.scale)) else { return nil }
        let count = UInt64(mean.count)
        let shift = min(63 - count.leadingZeroBitCount, 32, 31 + Int(multiplier.shift))
        multiplier = FixedPointMultiplier(
            value: Int32((Int64(multiplier.value) << Int64(shift)) / Int64(count)),
            shift: multiplier.shift - Int32(shift))
        return ReductionArithmetic(
            .requantized(.twoStep(multiplier, ties: .away)), sumOffset: -Int32(mean.count) * mean.input.zeroPoint,
            zeroPoint: mean.output.zeroPoint)
    }

    /// Source: `reduce.cc`, `EvalSum`; `reference_ops::QuantizedMeanOrSumExtraArgs`.
    private static func sum(_ sum: ReductionOfMany) -> ReductionArithmetic? {
        let scale = sum.input.scale / sum.output.scale
        let offset = Float(-(sum.input.zeroPoint + sum.origin)) * scale * Float(sum.count)
        guard scale.isFinite, offset.isFinite else { return nil }
        return ReductionArithmetic(
            .floatAway(scale: scale, offset: offset), sumOffset: Int32(sum.count) * sum.origin,
            zeroPoint: sum.output.zeroPoint)
    }

    /// - Parameter ratio: computed in floats.
    static func away(_ ratio: Float) -> Requantization? {
        FixedPointMultiplier(Double(ratio)).map { .twoStep($0, ties: .away) }
    }
}
