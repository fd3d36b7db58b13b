/// The few statistics that are needed, without the C library.
package enum Statistics {
    /// The upper of the two middle values of an even number; 0 of none.
    package static func median(_ values: [Double]) -> Double { values.isEmpty ? 0 : values.sorted()[values.count / 2] }

    /// 0 of none.
    package static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(max(values.count, 1)) }

    /// With n - 1 below the sum.
    package static func deviation(_ values: [Double]) -> Double {
        let mean = mean(values)
        return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(values.count - 1, 1))).squareRoot()
    }

    /// The value that a standard normal number exceeds with the given probability, relative error below 1e-3 for
    /// probabilities 1e-9...0.4.
    ///
    /// - Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.2.23.
    package static func normalQuantile(exceededBy probability: Double) -> Double {
        let t = (-2 * Elementary.logarithm(probability)).squareRoot()
        let above = 2.515517 + t * (0.802853 + t * 0.010328)
        let below = 1 + t * (1.432788 + t * (0.189269 + t * 0.001308))
        return t - above / below
    }

    /// The same for Student's distribution: with few windows, the spread itself is uncertain.
    ///
    /// - Parameter freedom: degrees of freedom, at least 3.
    /// - Source: Abramowitz and Stegun, 26.7.5, four terms.
    package static func studentQuantile(exceededBy probability: Double, freedom: Double) -> Double {
        let z = normalQuantile(exceededBy: probability)
        let square = z * z
        let first = (square + 1) / 4
        let second = ((5 * square + 16) * square + 3) / 96
        let third = (((3 * square + 19) * square + 17) * square - 15) / 384
        let fourth = ((((79 * square + 776) * square + 1482) * square - 1920) * square - 945) / 92_160
        let inverse = 1 / freedom
        return z * (1 + inverse * (first + inverse * (second + inverse * (third + inverse * fourth))))
    }
}
