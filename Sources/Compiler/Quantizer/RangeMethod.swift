private import Glibc

/// How the ends of an int8 tensor are chosen from the numbers seen while calibrating.
package enum RangeMethod: Hashable, Sendable {
    /// The least and the greatest number: nothing is cut off.
    case minmax
    /// Leaves out `100 - percent` percent of the numbers, half of them at each end.
    case percentile(Double)
    /// The least expected squared error of rounding and cutting off together.
    case meanSquaredError
    /// The least loss of information (Kullback-Leibler) between the numbers and their 256 levels.
    ///
    /// - Source: the idea of S. Migacz, "8-bit Inference with TensorRT", GTC 2017, for tensors with a zero point.
    case entropy

    /// As options spell it.
    package var name: String {
        switch self {
        case .minmax: "minmax"
        case .percentile: "percentile"
        case .meanSquaredError: "mse"
        case .entropy: "entropy"
        }
    }

    /// Whether the extremes alone say the range.
    var needsHistogram: Bool { self != .minmax }

    /// The range for the numbers of a histogram.
    /// - Returns: at most the histogram's own; zero is within.
    func range(_ histogram: Histogram) -> Extent {
        switch self {
        case .minmax: return Extent(low: Float(histogram.low), high: Float(histogram.high))
        case .percentile(let percent):
            let left = (1 - percent / 100) / 2
            return Extent(
                low: Float(min(histogram.quantile(left), 0)), high: Float(max(histogram.quantile(1 - left), 0)))
        case .meanSquaredError: return SquaredErrorSearch(histogram: histogram).range()
        case .entropy: return EntropySearch(histogram: histogram).range()
        }
    }
}

/// Looks for the range with the least expected squared error, one end after the other until neither moves.
///
/// - Quantization: a number within the range is off by `step^2 / 12` on average, one outside by its distance from the
///   end, squared.
struct SquaredErrorSearch {
    let histogram: Histogram
    /// Places of an end between zero and the extreme.
    private static let places = 128
    /// Alternating settles in two or three.
    private static let roundLimit = 8

    func range() -> Extent {
        var best = (low: histogram.low, high: histogram.high)
        var least = error(low: best.low, high: best.high)
        for _ in 0..<Self.roundLimit {
            let before = best
            for place in 1...Self.places {
                let high = histogram.high * Double(place) / Double(Self.places)
                let found = error(low: best.low, high: high)
                if found < least { (least, best.high) = (found, high) }
            }
            for place in 0...Self.places {
                let low = histogram.low * Double(place) / Double(Self.places)
                let found = error(low: low, high: best.high)
                if found < least { (least, best.low) = (found, low) }
            }
            if before == best { break }
        }
        return Extent(low: Float(best.low), high: Float(best.high))
    }

    func error(low: Double, high: Double) -> Double {
        let step = (high - low) / Double(ScaleChoice.steps)
        var sum = 0.0
        for (bin, count) in histogram.counts.enumerated() where count > 0 {
            let center = histogram.center(bin)
            let beyond = max(low - center, center - high, 0)
            sum += Double(count) * (beyond > 0 ? beyond * beyond : step * step / 12)
        }
        return sum
    }
}

/// Looks for the range whose 256 levels tell least apart from the numbers themselves.
struct EntropySearch {
    let histogram: Histogram
    private static let levels = ScaleChoice.steps + 1
    /// Bins by which the range shrinks from one candidate to the next.
    private static let stride = 16
    /// Stands for the probability of a level that holds nothing.
    private static let floor = 1e-9

    func range() -> Extent {
        let zero = (0 - histogram.low) / max(histogram.width, .leastNormalMagnitude)
        var best = (loss: Double.infinity, first: 0, end: Histogram.bins)
        for bins in Swift.stride(from: Histogram.bins, through: Self.levels, by: -Self.stride) {
            // Both ends draw towards zero alike.
            let share = Double(bins) / Double(Histogram.bins)
            let first = min(Int((zero * (1 - share)).rounded()), Histogram.bins - bins)
            let loss = loss(first, first + bins)
            if loss < best.loss { best = (loss, first, first + bins) }
        }
        return Extent(
            low: Float(min(histogram.low + Double(best.first) * histogram.width, 0)),
            high: Float(max(histogram.low + Double(best.end) * histogram.width, 0)))
    }

    /// Divergence of the levels within `first..<end` from the numbers, those outside counted at the ends.
    func loss(_ first: Int, _ end: Int) -> Double {
        let counts = histogram.counts
        var numbers = counts[first..<end].map(Double.init)
        numbers[0] += Double(counts[..<first].reduce(0, +))
        numbers[numbers.count - 1] += Double(counts[end...].reduce(0, +))
        var levels = [Double](repeating: 0, count: end - first)
        for level in 0..<Self.levels {
            let group = level * levels.count / Self.levels..<(level + 1) * levels.count / Self.levels
            let filled = group.filter { counts[first + $0] > 0 }
            let total = filled.reduce(0) { $0 + counts[first + $1] }
            for bin in filled { levels[bin] = Double(total) / Double(filled.count) }
        }
        let (all, held) = (numbers.reduce(0, +), levels.reduce(0, +))
        guard all > 0, held > 0 else { return .infinity }
        return zip(numbers, levels).reduce(0) { sum, pair in
            guard pair.0 > 0 else { return sum }
            let probability = pair.0 / all
            return sum + probability * log(probability / max(pair.1 / held, Self.floor))
        }
    }
}
