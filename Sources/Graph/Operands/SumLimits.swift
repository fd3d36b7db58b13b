/// Why no sum of a plan leaves 32 bits, in whatever order a kernel adds.
package enum SumLimits {
    /// Products in one sum. With an input moved to 0...255 and |weight| <= 2^7, 2^16 products stay within 2^31 - 2^23.
    package static let maximumDepth = 65_536

    /// Refuses weights and bias with which some input would take a sum, or the bias with the zero point folded in,
    /// beyond 32 bits.
    static func check(_ weights: Weights, _ input: Quantization, at offset: Int) throws(PlanError) {
        // |input - zero point| <= 255 and |weight - zero point| <= 255, twice for what is folded into the bias.
        let widest = Int64(weights.depth) * 255 * (weights.zeroPoints == nil ? 128 : 255) * 2
        for channel in 0..<weights.channels {
            let bias = Int64(weights.bias[channel])
            guard abs(bias) + widest > Int64(Int32.max) else { continue }
            try checkExactly(weights, channel, input, at: offset)
        }
    }

    private static func checkExactly(_ weights: Weights, _ channel: Int, _ input: Quantization, at offset: Int)
        throws(PlanError)
    {
        let zeroPoint = Int64(input.zeroPoint)
        var sum: Int64 = 0
        var positive: Int64 = 0
        for segment in 0..<weights.segments {
            for index in 0..<weights.segmentLength {
                let weight = Int64(weights.weight(channel, segment: segment, index) - weights.zeroPoint(channel))
                sum += weight
                positive += max(weight, 0)
            }
        }
        let negative = sum - positive
        let folded = Int64(weights.bias[channel]) - zeroPoint * sum
        let largest = folded + positive * 127 + negative * -128
        let smallest = folded + positive * -128 + negative * 127
        let limits = Int64(Int32.min)...Int64(Int32.max)
        guard limits.contains(folded), limits.contains(largest), limits.contains(smallest) else {
            throw .overflow(
                .init(
                    "sums of channel \(channel)", expected: "within 32 bits", found: "\(smallest)...\(largest)",
                    offset: offset))
        }
    }
}
