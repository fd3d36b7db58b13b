/// How a chip turns the ratio of scales into the constants of its requantization, and where it sends a half.
///
/// Four forms of the scale and three directions of ties say what every chip measured so far does; a pair that none has
/// gives no constants, because no kernel computes it.
package struct RequantizationRule: Hashable, Sendable {
    package enum Scale: Hashable, Sendable {
        /// A float32 number.
        case float
        /// The same cut to so many binary digits, the leading one included: 1...24.
        case mantissa(digits: Int)
        /// The integer over a power of two that is nearest to the ratio, of a product in 64 bits.
        case integer
        /// 31 digits behind the point, a high multiply rounded half up, then a shift.
        case highMultiply
    }
    package enum Ties: Hashable, Sendable { case even, up, away }

    package var scale: Scale
    package var ties: Ties

    package init(_ scale: Scale, ties: Ties) {
        self.scale = scale
        self.ties = ties
    }

    /// - Parameter ratio: input scale times weight scale over output scale.
    /// - Returns: nil for a ratio that is not a finite number above 0, or beyond what the form holds.
    package func callAsFunction(_ ratio: Float) -> Requantization? {
        guard ratio.isFinite, ratio > 0 else { return nil }
        switch (scale, ties) {
        case (.float, .even): return .float(ratio)
        case (.mantissa(let digits), .even): return .float(Self.cut(ratio, digits: digits))
        case (.integer, .up), (.integer, .away):
            guard ratio < 0x1p20, let nearest = IntegerRatio.nearest(to: ratio, below: Int32.max, shifts: -32...30)
            else { return nil }
            // To the left is a larger multiplier.
            let multiplier = Int64(nearest.multiplier) << Int64(max(-nearest.shift, 0))
            guard multiplier <= Int64(Int32.max) else { return nil }
            return .integer(
                multiplier: Int32(multiplier), shift: Int32(max(nearest.shift, 0)), ties: ties == .up ? .up : .away)
        case (.highMultiply, .up): return FixedPointMultiplier(Double(ratio)).map { .twoStep($0, ties: .up) }
        case (.highMultiply, .away): return FixedPointMultiplier(Double(ratio)).map { .twoStep($0, ties: .away) }
        case (.float, _), (.mantissa, _), (.integer, .even), (.highMultiply, .even): return nil
        }
    }

    private static func cut(_ ratio: Float, digits: Int) -> Float {
        Float(bitPattern: ratio.bitPattern & ~((1 << UInt32(24 - digits)) - 1))
    }
}

/// A small multiplier over a power of two for a ratio of scales.
package struct IntegerRatio: Hashable, Sendable {
    package var multiplier: Int32
    /// To the right.
    package var shift: Int

    package init(multiplier: Int32, shift: Int) {
        self.multiplier = multiplier
        self.shift = shift
    }

    /// The one nearest to the ratio; of several the one with the smallest shift.
    /// - Returns: nil where every multiplier is too large.
    /// - Source: TPU-MLIR, `get_scale_and_shift`, whose distances are float32 numbers.
    package static func nearest(to ratio: Float, below limit: Int32, shifts: ClosedRange<Int>) -> IntegerRatio? {
        var best: IntegerRatio?
        var distance = Float.infinity
        for shift in shifts {
            let unit = Double(sign: .plus, exponent: shift, significand: 1)
            let multiplier = (Double(ratio) * unit).rounded(.toNearestOrAwayFromZero)
            guard multiplier < Double(limit) else { break }
            let error = Float(abs(multiplier / unit - Double(ratio)))
            guard error < distance else { continue }
            distance = error
            best = IntegerRatio(multiplier: Int32(multiplier), shift: shift)
        }
        return best
    }

    /// The largest shift whose multiplier, cut off behind the point, is below 127 even when doubled and not yet cut.
    /// - Returns: nil for a ratio of 127 or more.
    /// - Source: TPU-MLIR for CV18xx; it gives all constants of the vectors of average pools and additions.
    package static func cut(_ ratio: Float) -> IntegerRatio? {
        guard ratio < 127 else { return nil }
        var shift = 0
        while shift < 30, scaled(ratio, shift + 1) < 127 { shift += 1 }
        return IntegerRatio(multiplier: Int32(scaled(ratio, shift)), shift: shift)
    }

    static func scaled(_ ratio: Float, _ shift: Int) -> Double {
        Double(sign: .plus, exponent: shift, significand: 1) * Double(ratio)
    }
}

/// What tells chips' int8 arithmetic apart: the data of a contract, for a mechanism that is one for all of them.
package struct ChipArithmetic: Hashable, Sendable {
    package enum Average: Hashable, Sendable {
        /// The float32 mean of real numbers over the output's scale, rounded half to even, then the zero point.
        case realNumbers
        /// The integer quotient of numbers less their zero point, where both sides have one quantization.
        case quotient(AverageArithmetic.Ties)
        /// The sum times a small integer over a power of two, half up: the nearest one, or one cut off.
        case smallMultiplier(isCut: Bool)
    }
    package enum Addition: Hashable, Sendable {
        /// Both sides as float32 numbers, one rounding half to even.
        case realNumbers
        /// Each side by its own small integer over a power of two, rounded half up before they meet.
        case separate
        /// Both sides by small integers cut off at one common shift, one rounding half up.
        case oneShift
    }

    /// Convolutions whose output channels have a weight scale each.
    package var perChannel: RequantizationRule
    /// Convolutions with one weight scale for all.
    package var perTensor: RequantizationRule
    package var matrixProduct: RequantizationRule
    package var average: Average
    package var addition: Addition
    /// A sum with a convolution's result is taken before that is rounded.
    package var joinsAddition: Bool
    package var quantizing: QuantizingArithmetic.Method

    package init(
        perChannel: RequantizationRule, perTensor: RequantizationRule? = nil, matrixProduct: RequantizationRule? = nil,
        average: Average, addition: Addition, joinsAddition: Bool = false, quantizing: QuantizingArithmetic.Method
    ) {
        self.perChannel = perChannel
        self.perTensor = perTensor ?? perChannel
        self.matrixProduct = matrixProduct ?? self.perTensor
        self.average = average
        self.addition = addition
        self.joinsAddition = joinsAddition
        self.quantizing = quantizing
    }
}
