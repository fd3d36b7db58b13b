/// The ways to scale a sum that kernels know; a contract chooses one and its constants.
package enum Requantization: Hashable, Sendable {
    /// A doubling high multiply, then a shift to the right: rounded twice.
    case twoStep(FixedPointMultiplier, ties: Ties)
    /// `round half to even((float)sum * scale)`.
    case float(Float)
    /// `(sum * multiplier) / 2^shift` in 64 bits, rounded once.
    ///
    /// multiplier: not negative; shift: 0...31; together below 2^20.
    case integer(multiplier: Int32, shift: Int32, ties: Ties)

    /// `multiplier / 2^shift`, both small: what a number of 9 bits is scaled with.
    package struct Fraction: Hashable, Sendable {
        /// 0...127.
        package var multiplier: Int32
        /// 0...30.
        package var shift: Int32

        package init(multiplier: Int32, shift: Int32) {
            self.multiplier = multiplier
            self.shift = shift
        }

        /// `x * multiplier / 2^shift`, half up.
        func scale(_ x: Int32) -> Int32 { (x * multiplier + ((1 << shift) >> 1)) >> shift }
    }

    /// Where the last rounding sends a half.
    package enum Ties: UInt32, Hashable, Sendable, CaseIterable {
        /// Towards plus infinity.
        case up = 0
        /// Away from zero.
        case away = 1
    }

    /// A float32 sum with another number, rounded once, half to even.
    /// - Returns: nil for other arithmetic; else within 2^15, to which larger ones are cut.
    package func joined(_ sum: Int32, with other: Float) -> Int32? {
        guard case .float(let scale) = self else { return nil }
        let scaled = Float(sum) * scale + other
        return Int32(min(max(scaled, -32_767), 32_767).rounded(.toNearestOrEven))
    }

    /// - Returns: the int8 result as a 32-bit number, zero point added and clamped to `range`.
    package func callAsFunction(_ sum: Int32, zeroPoint: Int32, range: ClosedRange<Int32>) -> Int32 {
        switch self {
        case .twoStep(let multiplier, let ties):
            let shifted = Int64(multiplier.scale(sum, ties: ties)) + Int64(zeroPoint)
            return Int32(min(max(shifted, Int64(range.lowerBound)), Int64(range.upperBound)))
        case .float(let scale):
            // Clamped before it is rounded: the bounds are whole numbers, and a product may be beyond 32 bits.
            let low = Float(range.lowerBound - zeroPoint)
            let high = Float(range.upperBound - zeroPoint)
            return Int32(max(min(Float(sum) * scale, high), low).rounded(.toNearestOrEven)) + zeroPoint
        case .integer(let multiplier, let shift, let ties):
            // At most 2^62, and half of 2^31 more.
            let product = Int64(sum) * Int64(multiplier)
            let half = (Int64(1) << Int64(shift)) >> 1
            let lowered = ties == .away && product < 0 && shift > 0 ? product - 1 : product
            let scaled = (lowered + half) >> Int64(shift) + Int64(zeroPoint)
            return Int32(min(max(scaled, Int64(range.lowerBound)), Int64(range.upperBound)))
        }
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
    /// - Source: TensorFlow Lite, `quantization_util.cc`, `QuantizeMultiplier`.
    package init?(_ factor: Double) {
        guard factor.isFinite, factor >= 0 else { return nil }
        guard factor > 0 else {
            self.init(value: 0, shift: 0)
            return
        }
        // factor = significand * 2^exponent with the significand in 1..<2; the fraction is half of that.
        var exponent = Int32(factor.exponent) + 1
        var value = Int64((factor.significand * 0x1p30).rounded(.toNearestOrAwayFromZero))
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

    /// The sum times the factor, rounded when multiplied and again when shifted to the right.
    package func scale(_ sum: Int32, ties: Requantization.Ties) -> Int32 {
        let left = max(shift, 0)
        let right = max(-shift, 0)
        let product = Self.saturatingRoundingDoublingHighMultiply(Self.saturatingShiftLeft(sum, by: left), value)
        switch ties {
        case .up: return Int32((Int64(product) + ((Int64(1) << Int64(right)) >> 1)) >> Int64(right))
        case .away: return Self.roundingDivide(product, byPowerOfTwo: right)
        }
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
