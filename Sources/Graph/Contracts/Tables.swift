/// Tables of 256 entries that contracts share.
enum Tables {
    /// `round(f(real input) / scale) + zeroPoint`, saturated, one entry an input, -128 first.
    static func rounded(
        _ function: UnaryFunction, _ input: Quantization, _ output: Quantization, _ rule: FloatingPointRoundingRule
    ) -> [Int8] {
        (-128...127).map { stored in
            let real: Double
            if case .sampled(let samples) = function {
                real = Double(samples[stored + 128])
            } else {
                real = function(Double(input.scale) * Double(Int32(stored) - input.zeroPoint))
            }
            guard !real.isNaN else { return Int8(output.zeroPoint) }
            let steps = (real / Double(output.scale)).rounded(rule)
            return Int8(clamping: Int32(min(max(steps, -1_024), 1_024)) + output.zeroPoint)
        }
    }
}
