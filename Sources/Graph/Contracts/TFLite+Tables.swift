extension TFLite {
    /// Source: `quantize.cc`, `concatenation.cc`, `activations.cc`, `lut.h` (`LUTPopulate`).
    package static func table(_ function: UnaryFunction, input: Quantization, output: Quantization) -> FunctionTable? {
        switch function {
        case .identity: return requantized(input, output)
        case .concatenation: return input == output ? requantized(input, output) : concatenated(input, output)
        case .clamp(let low, let high):
            let range = (
                min(max(bound(low, output, isUnsigned: false), -128), 127),
                min(max(bound(high, output, isUnsigned: false), -128), 127)
            )
            guard range.0 <= range.1, let scale = away(input.scale / output.scale) else { return nil }
            return FunctionTable {
                Int8(scale($0 - input.zeroPoint, zeroPoint: output.zeroPoint, range: range.0...range.1))
            }
        case .leakyRelu(let slope):
            return rectified(input, output, below: input.scale * slope / output.scale, times: 1)
        case .prelu(let slope, let scale):
            return rectified(input, output, below: input.scale * scale / output.scale, times: slope)
        case .hardSwish: return HardSwish(input, output).map { swish in FunctionTable { swish($0) } }
        case .sigmoid:
            return rounded(input, output) { x, _ in 1 / (1 + UnaryFunction.exp.value(-x, stored: 0)) }
        case .tanh, .elu, .exp, .sampled:
            return rounded(input, output) { x, stored in function.value(x, stored: stored) }
        }
    }

    /// Vector code sends ties up, plain code away from zero.
    private static func requantized(_ input: Quantization, _ output: Quantization) -> FunctionTable? {
        guard let multiplier = FixedPointMultiplier(Double(input.scale) / Double(output.scale)) else { return nil }
        func entries(_ ties: Requantization.Ties) -> [Int8] {
            let scale = Requantization.twoStep(multiplier, ties: ties)
            return (-128...127).map {
                Int8(scale($0 - input.zeroPoint, zeroPoint: output.zeroPoint, range: -128...127))
            }
        }
        return FunctionTable(entries(.up), tail: entries(.away), block: 16)
    }

    /// TensorFlow Lite does this to uint8 only, and so the numbers are uint8 here.
    /// Source: `reference_ops::ConcatenationWithScaling`.
    private static func concatenated(_ input: Quantization, _ output: Quantization) -> FunctionTable {
        let scale = input.scale * (1 / output.scale)
        let bias = -Float(input.zeroPoint + 128) * scale
        return FunctionTable { stored in
            saturated((Float(stored + 128) * scale + bias).rounded(.toNearestOrAwayFromZero), output)
        }
    }

    /// `x` where it is 0 or above, `x * times` in another scale where it is below.
    private static func rectified(
        _ input: Quantization, _ output: Quantization, below: Float, times: Int32
    ) -> FunctionTable? {
        guard let above = away(input.scale / output.scale), let less = away(abs(below)) else { return nil }
        // A fraction below zero: the product is exact either way, and its ties go up.
        return FunctionTable { stored in
            let x = stored - input.zeroPoint
            guard x < 0 else { return Int8(above(x, zeroPoint: output.zeroPoint, range: -128...127)) }
            return Int8(
                less(below < 0 ? -x * times : x * times, zeroPoint: output.zeroPoint, range: -128...127))
        }
    }

    /// `round(f(real) * (1 / scale)) + zeroPoint`, all in floats, half away from zero.
    private static func rounded(
        _ input: Quantization, _ output: Quantization, _ function: (Float, Int32) -> Float
    ) -> FunctionTable {
        let inverse = 1 / output.scale
        return FunctionTable { stored in
            let value = function(input.scale * Float(stored - input.zeroPoint), stored)
            return saturated((value * inverse).rounded(.toNearestOrAwayFromZero), output)
        }
    }

    private static func saturated(_ steps: Float, _ output: Quantization) -> Int8 {
        guard !steps.isNaN else { return Int8(output.zeroPoint) }
        return Int8(clamping: Int32(min(max(steps, -1_024), 1_024)) + output.zeroPoint)
    }
}
