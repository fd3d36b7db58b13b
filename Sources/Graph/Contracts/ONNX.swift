import Glibc

/// ONNX Runtime on quantized graphs on x86-64, with `session.qdqisint8allowed` set: sums of products as ``FP32`` has them,
/// and most of the rest in float32.
///
/// Without that setting ONNX Runtime leaves parts of an int8 graph in plain float, in an order of sums that depends on the
/// image's size and the machine; nobody can promise to repeat that.
package enum ONNX: Contract {
    package static let name = "onnx"
    package static let summary = "ONNX Runtime's quantized operators: float32 with the zero point before rounding"

    /// Source: `QLinearConv`, `QGemm`, `QLinearMatMul`.
    package static func requantization(_ sum: SumOfProducts) -> Requantization? {
        scale(sum.ratio)
    }

    /// Two fused multiply-adds of the stored numbers. A difference, for which ONNX Runtime has no quantized operator, is
    /// computed alike.
    /// Source: `QLinearAdd`, `MlasQLinearAddKernel` with FMA.
    package static func addition(_ sum: SumOfTwo) -> AdditionArithmetic? {
        let origin: Int32 = sum.isUnsigned ? 128 : 0
        let factorA = sum.a.scale / sum.output.scale
        let factorB = sum.b.scale / sum.output.scale * (sum.subtracts ? -1 : 1)
        let lost = fmaf(factorA, Float(sum.a.zeroPoint + origin), factorB * Float(sum.b.zeroPoint + origin))
        let offset = Float(sum.output.zeroPoint + origin) - lost
        // Beyond 2^100 a sum could be infinity less infinity.
        guard max(factorA, abs(factorB), abs(offset)) < 0x1p100 else { return nil }
        return AdditionArithmetic(sum, .float(a: factorA, b: factorB, offset: offset, origin: origin))
    }

    /// Source: `QLinearMul`.
    package static func multiplication(_ product: ProductOfTwo) -> MultiplicationArithmetic? {
        let ratio = product.a.scale * product.b.scale / product.output.scale
        guard ratio.isFinite, ratio > 0 else { return nil }
        return .zeroPointFirst(scale: ratio, origin: product.isUnsigned ? 128 : 0)
    }

    /// A mean has its zero point after rounding, as a convolution. Source: `QLinearGlobalAveragePool`.
    package static func reduction(_ reduction: ReductionOfMany) -> ReductionArithmetic? {
        let count: Float = reduction.kind == .mean ? Float(reduction.count) : 1
        guard let scale = scale(reduction.input.scale / (reduction.output.scale * count)) else { return nil }
        return ReductionArithmetic(
            .requantized(scale), sumOffset: -Int32(reduction.count) * reduction.input.zeroPoint,
            zeroPoint: reduction.output.zeroPoint)
    }

    /// Source: `QLinearAveragePool`.
    package static func average(_ window: AverageOfWindow) -> AverageArithmetic? {
        guard window.isFinite else { return nil }
        return .float(input: window.input, output: window.output, origin: window.origin)
    }

    /// Exponentials are moved up as far as a row's sum allows. Source: `QLinearSoftmax`, `BuildLookupTableIfFixed`.
    package static func softmax(_ rows: SoftmaxOfRows) -> SoftmaxArithmetic? {
        guard rows.beta == 1 else { return nil }
        let scale = Double(rows.input.scale)
        let most = Double(Float.greatestFiniteMagnitude / Float(rows.length))
        let shift = max(0, log(most) - 5) / scale
        return SoftmaxArithmetic(
            .divideHalfEven, table: (0...255).map { Float(exp((Double(-$0) + shift) * scale)) })
    }

    /// As ``FP32`` has it; what ONNX Runtime does has not been measured.
    package static func bilinear(isUnsigned: Bool) -> ResizeArithmetic { .shifted }

    /// Source: `QuantizeLinear`.
    package static func quantizing(_ output: Quantization) -> QuantizingArithmetic { QuantizingArithmetic(.divideEven) }

    /// Source: `DequantizeLinear`.
    package static func dequantizing(_ input: Quantization, isUnsigned: Bool) -> DequantizingArithmetic {
        DequantizingArithmetic(.subtractFirst)
    }

    package static func bound(_ value: Float, _ output: Quantization, isUnsigned: Bool) -> Int32 {
        let steps = (value / output.scale).rounded(.toNearestOrEven)
        return Int32(min(max(steps, -1_024), 1_024)) + output.zeroPoint
    }

    /// What the float operator makes of the dequantized number, quantized again.
    /// Source: `QLinearLeakyRelu`, `QLinearSigmoid`, `QLinearConcat`: `QlinearBuildLookupTable`.
    package static func table(_ function: UnaryFunction, input: Quantization, output: Quantization) -> FunctionTable? {
        if input == output, [.identity, .concatenation].contains(function) {
            return FunctionTable { Int8($0) }
        }
        let low = Float(-128 - output.zeroPoint)
        let high = Float(127 - output.zeroPoint)
        return FunctionTable { stored in
            let value = function.value(input.scale * Float(stored - input.zeroPoint), stored: stored)
            let steps = value / output.scale
            guard !steps.isNaN else { return -128 }
            return Int8(Int32(min(max(steps, low), high).rounded(.toNearestOrEven)) + output.zeroPoint)
        }
    }

    private static func scale(_ ratio: Float) -> Requantization? {
        ratio.isFinite && ratio > 0 ? .float(ratio) : nil
    }
}
