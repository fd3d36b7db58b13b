internal import Signals

/// Seeded random numbers, the same on every machine.
///
/// - Source: SplitMix64, Steele, Lea and Flood, Fast splittable pseudorandom number generators, OOPSLA 2014; normal
///   numbers by Box and Muller, Annals of Mathematical Statistics 29 (1958).
package struct RandomSource: Sendable {
    private var state: UInt64
    private var spareNormal: Double?

    /// - Parameters:
    ///   - seed: of the whole run.
    ///   - stream: keeps apart what must not share numbers: a stage, a fold, a window.
    package init(seed: UInt64, stream: UInt64 = 0) {
        state = Self.mix(seed &+ Self.mix(stream &+ 0x6A09_E667_F3BC_C909))
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.mix(state)
    }

    private static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// Uniform over 0..<1 in steps of 2^-53.
    package mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    package mutating func uniform(in range: ClosedRange<Double>) -> Double {
        range.lowerBound + (range.upperBound - range.lowerBound) * uniform()
    }

    /// A whole number 0..<bound, bound below 2^31; its bias is below 2^-32 for any bound used here.
    package mutating func index(below bound: Int) -> Int { Int(((next() >> 32) * UInt64(bound)) >> 32) }

    /// Mean 0, deviation 1.
    package mutating func normal() -> Double {
        if let spare = spareNormal {
            spareNormal = nil
            return spare
        }
        let radius = (-2 * Elementary.logarithm(1 - uniform())).squareRoot()
        let (sine, cosine) = Elementary.sineCosine(turns: uniform())
        spareNormal = radius * sine
        return radius * cosine
    }
}
