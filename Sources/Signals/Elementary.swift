/// Elementary functions from IEEE additions, multiplications and divisions only.
///
/// The C library's versions differ in the last bit between systems; what enters a model must not, because the same seed
/// has to give the same model digest on every machine. Relative error below 1e-15 over the ranges named.
package enum Elementary {
    /// Sine of an angle in turns (1 = 360 degrees). The reduction to an eighth of a turn is exact for |turns| < 2^50.
    package static func sine(turns: Double) -> Double { sineCosine(turns: turns).sine }

    /// Cosine of an angle in turns.
    package static func cosine(turns: Double) -> Double { sineCosine(turns: turns).cosine }

    /// Both at once.
    package static func sineCosine(turns: Double) -> (sine: Double, cosine: Double) {
        let fraction = turns - turns.rounded(.toNearestOrEven)
        let quarter = (fraction * 4).rounded(.toNearestOrEven)
        // 2 pi times what is left, at most pi/4 to either side.
        let angle = (fraction - quarter * 0.25) * 6.283185307179586
        let square = angle * angle
        var sine = 1.0
        var cosine = 1.0
        for term in sineTerms { sine = 1 - square * term * sine }
        for term in cosineTerms { cosine = 1 - square * term * cosine }
        sine *= angle
        switch Int(quarter) & 3 {
        case 0: return (sine, cosine)
        case 1: return (cosine, -sine)
        case 2: return (-sine, -cosine)
        default: return (-cosine, sine)
        }
    }

    // Nested Taylor series, innermost factor first: 1/(k (k+1)).
    private static let sineTerms: [Double] = [
        1.0 / 342, 1.0 / 272, 1.0 / 210, 1.0 / 156, 1.0 / 110, 1.0 / 72, 1.0 / 42, 1.0 / 20, 1.0 / 6,
    ]
    private static let cosineTerms: [Double] = [
        1.0 / 306, 1.0 / 240, 1.0 / 182, 1.0 / 132, 1.0 / 90, 1.0 / 56, 1.0 / 30, 1.0 / 12, 1.0 / 2,
    ]

    /// Natural logarithm of a positive finite number; a subnormal counts as the least normal number.
    package static func logarithm(_ value: Double) -> Double {
        precondition(value > 0 && value.isFinite, "logarithm of \(value)")
        let normal = max(value, Double.leastNormalMagnitude)
        var exponent = Double(normal.exponent)
        var mantissa = normal.significand
        if mantissa > 1.4142135623730951 {
            mantissa *= 0.5
            exponent += 1
        }
        // log m = 2 atanh((m - 1)/(m + 1)), |s| < 0.1716: the term after s^21 is below 1e-17.
        let s = (mantissa - 1) / (mantissa + 1)
        let square = s * s
        var series = 1.0 / 21
        var odd = 19.0
        while odd >= 1 {
            series = series * square + 1 / odd
            odd -= 2
        }
        return exponent * ln2High + (exponent * ln2Low + 2 * s * series)
    }

    /// e to the power of `value`, for |value| up to 700; beyond, clamped.
    package static func exponential(_ value: Double) -> Double {
        let clamped = min(max(value, -700), 700)
        let power = (clamped * 1.4426950408889634).rounded(.toNearestOrEven)
        let rest = (clamped - power * ln2High) - power * ln2Low
        var series = 1.0
        var term = 14.0
        while term >= 1 {
            series = 1 + rest / term * series
            term -= 1
        }
        return Double(sign: .plus, exponent: Int(power), significand: series)
    }

    // ln 2 in two parts, the first with 21 trailing zero bits, so that a whole number times it is exact.
    private static let ln2High = 6.93147180369123816490e-01
    private static let ln2Low = 1.90821492927058770002e-10
}
