/// The contract of a chip: its ``ChipArithmetic``, and ``FP32`` for what no vendor's tool has shown.
package protocol ChipContract: Contract {
    static var arithmetic: ChipArithmetic { get }
}

extension ChipContract {
    package static func requantization(_ sum: SumOfProducts) -> Requantization? {
        switch sum.kind {
        case .fullyConnected: matrixRule(sum)(sum.ratio)
        case .matrixProduct: arithmetic.matrixProduct(sum.ratio)
        case .convolution, .transposedConvolution, .depthwise:
            (sum.isPerTensor ? arithmetic.perTensor : arithmetic.perChannel)(sum.ratio)
        }
    }

    /// A dense layer with a scale a channel is a convolution of one pixel.
    private static func matrixRule(_ sum: SumOfProducts) -> RequantizationRule {
        sum.isPerTensor ? arithmetic.matrixProduct : arithmetic.perChannel
    }

    package static func addition(_ sum: SumOfTwo) -> AdditionArithmetic? {
        let (a, b) = (sum.a.scale / sum.output.scale, sum.b.scale / sum.output.scale)
        switch arithmetic.addition {
        case .realNumbers:
            guard max(a, b) < 0x1p100 else { return nil }
            return AdditionArithmetic(sum, .realNumbers(a: a, b: b))
        case .separate:
            guard let left = small(a, isCut: false), let right = small(b, isCut: false) else { return nil }
            return AdditionArithmetic(sum, .separate(a: left, b: right))
        case .oneShift:
            guard let common = IntegerRatio.cut(max(a, b)) else { return nil }
            return AdditionArithmetic(
                sum,
                .fixedPoint(
                    a: Int32(IntegerRatio.scaled(a, common.shift)), b: Int32(IntegerRatio.scaled(b, common.shift)),
                    shift: Int32(common.shift)))
        }
    }

    package static func joinedAddition(_ other: Quantization, output: Quantization) -> Float? {
        guard arithmetic.joinsAddition else { return nil }
        let ratio = other.scale / output.scale
        return ratio < 0x1p100 ? ratio : nil
    }

    package static func multiplication(_ product: ProductOfTwo) -> MultiplicationArithmetic? {
        FP32.multiplication(product)
    }

    /// A mean over a whole image is an average under a window as large.
    package static func reduction(_ reduction: ReductionOfMany) -> ReductionArithmetic? {
        guard reduction.kind == .mean, case .smallMultiplier(let isCut) = arithmetic.average else {
            return FP32.reduction(reduction)
        }
        return small(reduction.input, reduction.output, taps: reduction.count, isCut: isCut).map {
            ReductionArithmetic(
                .requantized($0), sumOffset: -Int32(reduction.count) * reduction.input.zeroPoint,
                zeroPoint: reduction.output.zeroPoint)
        }
    }

    /// Windows beyond the image's edge, which no vendor's tool has shown, average real numbers.
    package static func average(_ window: AverageOfWindow) -> AverageArithmetic? {
        let (input, output) = (window.input, window.output)
        switch arithmetic.average {
        case .smallMultiplier(let isCut) where !window.isPadded:
            return small(input, output, taps: window.taps, isCut: isCut).map {
                .scaled($0, inputZeroPoint: input.zeroPoint, outputZeroPoint: output.zeroPoint)
            }
        case .quotient(let ties) where input == output: return .integer(origin: -input.zeroPoint, ties: ties)
        case .realNumbers, .quotient, .smallMultiplier:
            // An origin that takes the zero point off: it is added after the rounding.
            return window.isFinite ? .float(input: input, output: output, origin: -output.zeroPoint) : nil
        }
    }

    private static func small(_ input: Quantization, _ output: Quantization, taps: Int, isCut: Bool) -> Requantization?
    {
        small(input.scale / output.scale / Float(taps), isCut: isCut).map {
            .integer(multiplier: $0.multiplier, shift: $0.shift, ties: .up)
        }
    }

    /// A multiplier of seven digits.
    private static func small(_ ratio: Float, isCut: Bool) -> Requantization.Fraction? {
        guard ratio.isFinite, ratio > 0 else { return nil }
        let found = isCut ? IntegerRatio.cut(ratio) : IntegerRatio.nearest(to: ratio, below: 127, shifts: 0...30)
        return found.map { .init(multiplier: $0.multiplier, shift: Int32($0.shift)) }
    }

    package static func softmax(_ rows: SoftmaxOfRows) -> SoftmaxArithmetic? { FP32.softmax(rows) }

    package static func bilinear(isUnsigned: Bool) -> ResizeArithmetic { FP32.bilinear(isUnsigned: isUnsigned) }

    package static func quantizing(_ output: Quantization) -> QuantizingArithmetic {
        QuantizingArithmetic(arithmetic.quantizing)
    }

    package static func dequantizing(_ input: Quantization, isUnsigned: Bool) -> DequantizingArithmetic {
        FP32.dequantizing(input, isUnsigned: isUnsigned)
    }

    package static func bound(_ value: Float, _ output: Quantization, isUnsigned: Bool) -> Int32 {
        FP32.bound(value, output, isUnsigned: isUnsigned)
    }

    package static func table(_ function: UnaryFunction, input: Quantization, output: Quantization) -> FunctionTable? {
        FP32.table(function, input: input, output: output)
    }
}

extension Contract {
    /// Contracts that are not a chip's round a convolution before it meets another tensor.
    package static func joinedAddition(_ other: Quantization, output: Quantization) -> Float? { nil }
}
