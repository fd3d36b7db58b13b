internal import Kernels

/// What good parts look like, place by place and at several sizes, and how far a part is from that.
struct GoodMemory {
    /// Places of one size.
    struct Level {
        /// A square of so many places a side is looked at as one.
        let side: Int
        /// [row][channel].
        let rows: [Int8]
        let usual: Usual
        private let memory: PreparedMemory

        init(side: Int, rows: [Int8], usual: Usual, channels: Int, kernels: ByteKernels) {
            self.side = side
            self.rows = rows
            self.usual = usual
            memory = PreparedMemory(rows, channels: channels, kernels: kernels)
        }

        /// How unusual each place is, in deviations.
        func map(of features: FeatureMap) -> Plane {
            let squares = features.squares(side)
            return usual.standard(GoodMemory.plane(memory.distances(of: squares.values), squares))
                .enlarged(side: side, width: features.columns, height: features.rows)
        }
    }

    let levels: [Level]

    /// Usual places lie around this score, so that scores are above zero.
    static let usualScore: Float = 10
    /// The score of a part is the mean of the worst of its places, this share of all.
    private static let worst = 1.0 / 150

    static func plane(_ squared: [Int32], _ features: FeatureMap) -> Plane {
        Plane(width: features.columns, height: features.rows, values: squared.map { Float($0).squareRoot() })
    }

    /// The sum over all sizes.
    func map(of features: FeatureMap) -> Plane { Self.sum(levels.map { $0.map(of: features) }) }

    static func sum(_ maps: [Plane]) -> Plane {
        var sum = Plane(width: maps[0].width, height: maps[0].height)
        for map in maps { for index in sum.values.indices { sum.values[index] += map.values[index] } }
        sum = sum.smoothed(1)
        for index in sum.values.indices { sum.values[index] = max(sum.values[index] + usualScore, 0) }
        return sum
    }

    static func score(_ map: Plane) -> Double {
        let count = max(1, Int((Double(map.values.count) * worst).rounded()))
        return map.values.sorted().suffix(count).reduce(0) { $0 + Double($1) } / Double(count)
    }
}
