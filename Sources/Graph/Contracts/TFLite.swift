import Glibc

/// The arithmetic of TensorFlow Lite's int8 reference kernels.
///
/// Source: `tensorflow/lite/kernels/internal/common.h`, `MultiplyByQuantizedMultiplier` without
/// `TFLITE_SINGLE_ROUNDING`; `quantization_util.cc`, `QuantizeMultiplier`; gemmlowp `fixedpoint.h`.
package enum TFLite: Contract {
    package static let name = "tflite"

    /// Per channel: the three scales meet as doubles, in this order.
    /// Source: `kernel_util.cc`, `PopulateConvolutionQuantizationParams`.
    package static func requantization(input: Float, weight: Float, output: Float) -> Requantization? {
        FixedPointMultiplier(Double(input) * Double(weight) / Double(output)).map { .twoStep($0) }
    }
}

/// A real factor as a 32-bit fraction and a power of two: `factor = value / 2^31 * 2^shift`.
package struct FixedPointMultiplier: Hashable, Sendable {
    /// 2^30...2^31 - 1, or 0.
    package var value: Int32
    /// -31...30; above zero to the left.
    package var shift: Int32

    package init(value: Int32, shift: Int32) {
        precondition(value >= 0 && (-31...30).contains(shift))
        self.value = value
        self.shift = shift
    }

    /// - Returns: nil for a factor that is negative, not finite, or 2^30 and above. Below 2^-32 it becomes 0.
    package init?(_ factor: Double) {
        guard factor.isFinite, factor >= 0 else { return nil }
        guard factor > 0 else {
            self.init(value: 0, shift: 0)
            return
        }
        var exponent: Int32 = 0
        let fraction = frexp(factor, &exponent)
        var value = Int64((fraction * 0x1p31).rounded(.toNearestOrAwayFromZero))
        if value == 1 << 31 {
            value /= 2
            exponent += 1
        }
        guard exponent <= 30 else { return nil }
        if exponent < -31 {
            exponent = 0
            value = 0
        }
        self.init(value: Int32(value), shift: exponent)
    }

    /// The sum times the factor, rounded twice: when multiplied, and when shifted to the right.
    package func scale(_ sum: Int32) -> Int32 {
        let left = max(shift, 0)
        let right = max(-shift, 0)
        return Self.roundingDivide(
            Self.saturatingRoundingDoublingHighMultiply(Self.saturatingShiftLeft(sum, by: left), value),
            byPowerOfTwo: right)
    }

    /// `a * b / 2^31`, ties towards plus infinity. Source: gemmlowp, `SaturatingRoundingDoublingHighMul`.
    package static func saturatingRoundingDoublingHighMultiply(_ a: Int32, _ b: Int32) -> Int32 {
        if a == .min && b == .min { return .max }
        let product = Int64(a) * Int64(b)
        let nudge: Int64 = product >= 0 ? 1 << 30 : 1 - (1 << 30)
        return Int32((product + nudge) / (1 << 31))
    }

    /// `x / 2^exponent`, ties away from zero. Source: gemmlowp, `RoundingDivideByPOT`.
    /// - Parameter exponent: 0...31.
    package static func roundingDivide(_ x: Int32, byPowerOfTwo exponent: Int32) -> Int32 {
        let mask = Int32(truncatingIfNeeded: (Int64(1) << Int64(exponent)) - 1)
        let remainder = x & mask
        let threshold = (mask >> 1) + (x < 0 ? 1 : 0)
        return (x >> exponent) + (remainder > threshold ? 1 : 0)
    }

    /// TensorFlow Lite multiplies by `1 << left` and leaves undefined what happens beyond 32 bits; here it saturates.
    package static func saturatingShiftLeft(_ x: Int32, by left: Int32) -> Int32 {
        Int32(clamping: Int64(x) << Int64(left))
    }
}
