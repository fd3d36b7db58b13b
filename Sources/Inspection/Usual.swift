/// What is usual at each place of good parts: mean and deviation of a map.
struct Usual: Sendable, Equatable {
    var mean: Plane
    var deviation: Plane

    func standard(_ map: Plane) -> Plane {
        var result = map
        for index in result.values.indices {
            result.values[index] = (map.values[index] - mean.values[index]) / deviation.values[index]
        }
        return result
    }

    var numbers: [Float] { mean.values + deviation.values }
}

/// Sums over maps of good parts, out of which each of them can be taken again: what is usual among the others.
struct UsualSums {
    private let width: Int
    private let height: Int
    private let count: Int
    private var sums: [Double]
    private var squares: [Double]

    /// Part of the overall deviation that is added at each place, so that few good pictures do not claim too much.
    private static let caution = 0.25
    /// A map that never changes says nothing, and must not divide by zero.
    static let leastDeviation: Float = 1e-3

    /// - Parameter maps: of good parts, 1 at least.
    init(_ maps: [Plane]) {
        (width, height, count) = (maps[0].width, maps[0].height, maps.count)
        sums = [Double](repeating: 0, count: width * height)
        squares = sums
        for map in maps {
            for index in sums.indices {
                let value = Double(map.values[index])
                sums[index] += value
                squares[index] += value * value
            }
        }
    }

    /// - Parameters:
    ///   - map: of the maps, one that does not count, unless it is the only one.
    ///   - smoothing: how often the statistics of a place are smoothed with those around.
    func usual(without map: Plane? = nil, smoothing: Int) -> Usual {
        let left = count > 1 ? map : nil
        let count = Double(left == nil ? self.count : self.count - 1)
        var (mean, deviation) = (Plane(width: width, height: height), Plane(width: width, height: height))
        var (sum, square) = (0.0, 0.0)
        for index in sums.indices {
            let value = left.map { Double($0.values[index]) } ?? 0
            let (own, ownSquare) = ((sums[index] - value) / count, (squares[index] - value * value) / count)
            mean.values[index] = Float(own)
            deviation.values[index] = Float(max(ownSquare - own * own, 0).squareRoot())
            sum += own
            square += ownSquare
        }
        let places = Double(sums.count)
        let overall = max(square / places - (sum / places) * (sum / places), 0).squareRoot()
        mean = mean.smoothed(smoothing)
        deviation = deviation.smoothed(smoothing)
        let extra = Float(Self.caution * overall) + Self.leastDeviation
        for index in deviation.values.indices { deviation.values[index] += extra }
        return Usual(mean: mean, deviation: deviation)
    }
}
