/// Scales and zero points from ranges of real numbers.
enum ScaleChoice {
    /// From the lowest to the highest int8 value.
    static let steps = 255
    /// Weights leave -128 out, so that a scale is the same on both sides of zero.
    static let weightLimit: Float = 127
    /// Below it sums of products lose themselves in what a float holds.
    private static let leastStep: Float = 1e-12
    /// Room for a bias. Where it is the larger part of a channel by far, weights may be coarse: rounding them moves a
    /// result by 0.004 steps for each root of a sum's products. In more room the channel's ratio would be so small that
    /// chips with integer multipliers keep one digit of it.
    private static let biasLimit: Float = 8_388_608

    /// An int8 activation: asymmetric, zero held exactly.
    static func activation(_ extent: Extent) -> ValueQuantization {
        let (low, high) = (min(extent.low, 0), max(extent.high, 0))
        // Nothing but zeros were seen: any scale holds them.
        guard high > low else { return ValueQuantization(scales: [1], zeroPoints: [0]) }
        let scale = max(Float((Double(high) - Double(low)) / Double(steps)), leastStep)
        let zero = (-128 - Double(low) / Double(scale)).rounded(.toNearestOrEven)
        return ValueQuantization(scales: [scale], zeroPoints: [Int32(min(max(zero, -128), 127))])
    }

    /// An int8 activation without a zero point; or what is never below zero with all levels above it, 0 being -128.
    static func symmetric(_ extent: Extent, isUnsignedAboveZero: Bool) -> ValueQuantization {
        let (low, high) = (min(extent.low, 0), max(extent.high, 0))
        guard high > low else { return ValueQuantization(scales: [1], zeroPoints: [0]) }
        if isUnsignedAboveZero, low == 0 {
            return ValueQuantization(scales: [max(high / Float(steps), leastStep)], zeroPoints: [-128])
        }
        return ValueQuantization(scales: [max(max(high, -low) / weightLimit, leastStep)], zeroPoints: [0])
    }

    /// Scale and zero point of one output channel's int8 weights between their least and greatest, zero among them.
    static func asymmetricWeights(_ extent: Extent, offset: Float, input scale: Float) -> (
        scale: Float, zeroPoint: Int32
    ) {
        let (low, high) = (min(extent.low, 0), max(extent.high, 0))
        let step = max(
            Float((Double(high) - Double(low)) / Double(steps)), abs(offset) / (scale * biasLimit), leastStep)
        let zero = (-128 - Double(low) / Double(step)).rounded(.toNearestOrEven)
        return (step, Int32(min(max(zero, -128), 127)))
    }

    /// The scale of one output channel's int8 weights: symmetric, and large enough for the int32 bias to hold the
    /// channel's offset.
    static func weights(largest: Float, offset: Float, input scale: Float) -> Float {
        max(largest / weightLimit, abs(offset) / (scale * biasLimit), leastStep)
    }
}
