import Glibc

/// Round numbers for axes.
enum Ticks {
    /// The span of the values, widened where it would be a point, so that nothing is divided by zero.
    static func range(_ values: [Double]) -> ClosedRange<Double> {
        guard let low = values.min(), let high = values.max() else { return 0...1 }
        return high > low ? low...high : (low - 0.5)...(high + 0.5)
    }

    /// Steps of 1, 2 or 5 times a power of ten, about six of them, from below the range to above it.
    static func linear(_ range: ClosedRange<Double>, leastStep: Double = 0) -> [Double] {
        let rough = (range.upperBound - range.lowerBound) / 6
        let magnitude = pow(10, floor(Glibc.log10(rough)))
        let step = max(leastStep, ([1, 2, 5, 10].first { $0 * magnitude >= rough } ?? 10) * magnitude)
        let first = ceil(range.lowerBound / step - 1e-9)
        let last = floor(range.upperBound / step + 1e-9)
        guard last >= first, last - first < 100 else { return [range.lowerBound, range.upperBound] }
        return (0...Int(last - first)).map { (first + Double($0)) * step }
    }

    /// Powers of ten around the positive values.
    static func decades(_ values: [Double]) -> [Double] {
        let positive = values.filter { $0 > 0 }
        guard let low = positive.min(), let high = positive.max() else { return [1, 10] }
        let first = Int(floor(Glibc.log10(low)))
        let last = max(Int(ceil(Glibc.log10(high))), first + 1)
        return (first...last).map { pow(10, Double($0)) }
    }

    static func log10(_ value: Double) -> Double { Glibc.log10(value) }

    /// Up to four significant digits, no exponent for everyday numbers.
    static func label(_ value: Double) -> String {
        if value == 0 { return "0" }
        let magnitude = abs(value)
        if magnitude >= 1e6 || magnitude < 1e-3 {
            let exponent = Int(floor(Glibc.log10(magnitude)))
            return "\(label((value / pow(10, Double(exponent)) * 1000).rounded() / 1000))e\(exponent)"
        }
        let digits = max(0, 3 - Int(floor(Glibc.log10(magnitude))))
        let scale = pow(10, Double(digits))
        let rounded = (value * scale).rounded() / scale
        return rounded == rounded.rounded() ? String(Int(rounded)) : String(describing: rounded)
    }
}
