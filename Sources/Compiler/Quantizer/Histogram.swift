/// The least and the greatest of the numbers seen.
struct Extent: Hashable, Sendable {
    var low: Float
    var high: Float

    func joined(_ other: Extent) -> Extent { Extent(low: min(low, other.low), high: max(high, other.high)) }

    /// nil for no numbers; not finite where one of them is not.
    init?(of numbers: [Float]) {
        guard let first = numbers.first else { return nil }
        (low, high) = (first, first)
        for number in numbers {
            if number < low { low = number }
            if number > high { high = number }
            // A comparison with what is no number is false, and would hide it.
            if number != number { (low, high) = (number, number) }
            if low != low { return }
        }
    }

    init(low: Float, high: Float) {
        self.low = low
        self.high = high
    }

    var isFinite: Bool { low.isFinite && high.isFinite }
}

/// How often numbers fall into each of equally wide bins between their extremes and zero.
struct Histogram: Sendable {
    /// Eight bins a step of an int8 tensor: as fine as the search for its ends needs.
    static let bins = 2_048

    /// Of the first bin's lower edge; never above zero.
    let low: Double
    /// Of the last bin's upper edge; never below zero.
    let high: Double
    private(set) var counts = [Int](repeating: 0, count: bins)
    /// Numbers that are zero exactly. They are in no bin: every int8 tensor holds zero without an error, and behind a
    /// relu they would outweigh all else.
    private(set) var zeros = 0

    init(_ extent: Extent) {
        low = min(Double(extent.low), 0)
        high = max(Double(extent.high), 0)
    }

    var width: Double { (high - low) / Double(Self.bins) }

    func center(_ bin: Int) -> Double { low + (Double(bin) + 0.5) * width }

    func bin(of number: Double) -> Int {
        guard width > 0 else { return 0 }
        return min(max(Int((number - low) / width), 0), Self.bins - 1)
    }

    mutating func add(_ numbers: [Float]) {
        guard width > 0 else {
            zeros += numbers.count
            return
        }
        let perWidth = 1 / width
        for number in numbers {
            if number == 0 {
                zeros += 1
            } else {
                counts[min(max(Int((Double(number) - low) * perWidth), 0), Self.bins - 1)] += 1
            }
        }
    }

    /// The same numbers and their negatives.
    var mirrored: Histogram {
        let end = max(high, -low)
        var mirrored = Histogram(Extent(low: Float(-end), high: Float(end)))
        for (bin, count) in counts.enumerated() where count > 0 {
            mirrored.counts[mirrored.bin(of: center(bin))] += count
            mirrored.counts[mirrored.bin(of: -center(bin))] += count
        }
        mirrored.zeros = 2 * zeros
        return mirrored
    }

    /// The number that a share of all numbers, zeros among them, lies below; between bins' edges on a straight line.
    func quantile(_ share: Double) -> Double {
        let total = counts.reduce(zeros, +)
        var rest = share * Double(total)
        let zero = bin(of: 0)
        for (bin, count) in counts.enumerated() {
            let here = Double(count + (bin == zero ? zeros : 0))
            if here > 0, rest <= here { return low + (Double(bin) + rest / here) * width }
            rest -= here
        }
        return high
    }
}
