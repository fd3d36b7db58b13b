/// What is usual at each place of good parts: mean and deviation of a map.
struct Usual: Sendable, Equatable {
    var mean: Plane
    var deviation: Plane

    /// Part of the overall deviation that is added at each place, so that few good pictures do not claim too much.
    private static let caution: Float = 0.25
    /// A map that never changes says nothing, and must not divide by zero.
    private static let leastDeviation: Float = 1e-3

    init(mean: Plane, deviation: Plane) {
        self.mean = mean
        self.deviation = deviation
    }

    /// - Parameters:
    ///   - maps: of good parts, 1 at least.
    ///   - smoothing: how often the statistics of a place are smoothed with those around.
    init(_ maps: [Plane], smoothing: Int) {
        let (width, height) = (maps[0].width, maps[0].height)
        let count = Double(maps.count)
        var sums = [Double](repeating: 0, count: width * height)
        for map in maps { for index in sums.indices { sums[index] += Double(map.values[index]) } }
        let means = sums.map { $0 / count }
        let overall = means.reduce(0, +) / Double(means.count)
        var squares = [Double](repeating: 0, count: width * height)
        var total = 0.0
        for map in maps {
            for index in squares.indices {
                let value = Double(map.values[index])
                squares[index] += (value - means[index]) * (value - means[index])
                total += (value - overall) * (value - overall)
            }
        }
        let extra = Self.caution * Float((total / (count * Double(means.count))).squareRoot()) + Self.leastDeviation
        mean = Plane(width: width, height: height, values: means.map(Float.init)).smoothed(smoothing)
        deviation = Plane(width: width, height: height, values: squares.map { Float(($0 / count).squareRoot()) })
            .smoothed(smoothing)
        for index in deviation.values.indices { deviation.values[index] += extra }
    }

    func standard(_ map: Plane) -> Plane {
        var result = map
        for index in result.values.indices {
            result.values[index] = (map.values[index] - mean.values[index]) / deviation.values[index]
        }
        return result
    }

    var numbers: [Float] { mean.values + deviation.values }
}
