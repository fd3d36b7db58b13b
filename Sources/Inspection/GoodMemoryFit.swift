internal import Kernels

/// Chooses what is kept of good parts, and judges each of them without what is kept of itself.
struct GoodMemoryFit {
    /// Small defects, middle ones, and a part that is uneven; how often the statistics of a place are smoothed, for each.
    private static let sizes = [(side: 1, smoothing: 2), (side: 2, smoothing: 1), (side: 4, smoothing: 0)]
    /// Places that are chosen among.
    private static let mostCandidates = 40_000

    let memory: GoodMemory
    /// Of each good part.
    let maps: [Plane]

    /// - Parameter rows: places that are kept of each size.
    init(_ features: [FeatureMap], rows: Int, kernels: ByteKernels) {
        var levels: [GoodMemory.Level] = []
        var maps = [[Plane]](repeating: [], count: features.count)
        for (side, smoothing) in Self.sizes {
            let squares = features.map { $0.squares(side) }
            let (kept, owners) = Self.kept(squares, rows: rows, kernels: kernels)
            let channels = features[0].channels
            let distances = squares.indices.map { index in
                // A good part is compared with the others' places only, as a new part is.
                let others = Self.without(index, kept, owners, channels: channels)
                return GoodMemory.plane(
                    PreparedMemory(others, channels: channels, kernels: kernels).distances(of: squares[index].values),
                    squares[index])
            }
            let sums = UsualSums(distances)
            let usual = sums.usual(smoothing: smoothing)
            levels.append(.init(side: side, rows: kept, usual: usual, channels: channels, kernels: kernels))
            for index in features.indices {
                // What is usual among the others, too: a new part was not among those that say what is usual.
                maps[index].append(
                    sums.usual(without: distances[index], smoothing: smoothing).standard(distances[index])
                        .enlarged(side: side, width: features[index].columns, height: features[index].rows))
            }
        }
        memory = GoodMemory(levels: levels)
        self.maps = maps.map(GoodMemory.sum)
    }

    /// Places far from one another, and whose they are.
    private static func kept(_ squares: [FeatureMap], rows: Int, kernels: ByteKernels) -> ([Int8], [Int]) {
        let (places, channels) = (squares[0].places, squares[0].channels)
        let all = places * squares.count
        // Every n-th place, n odd so that no column is preferred.
        var step = (all + mostCandidates - 1) / mostCandidates
        step += 1 - step % 2
        var candidates: [Int8] = []
        var owners: [Int] = []
        for place in stride(from: 0, to: all, by: step) {
            let (picture, cell) = (place / places, place % places)
            candidates += squares[picture].values[cell * channels..<(cell + 1) * channels]
            owners.append(picture)
        }
        let chosen = Coreset.rows(of: candidates, channels: channels, count: rows, kernels: kernels)
        return (chosen.flatMap { candidates[$0 * channels..<($0 + 1) * channels] }, chosen.map { owners[$0] })
    }

    private static func without(_ picture: Int, _ kept: [Int8], _ owners: [Int], channels: Int) -> [Int8] {
        guard owners.contains(picture) else { return kept }
        var others: [Int8] = []
        others.reserveCapacity(kept.count)
        for (row, owner) in owners.enumerated() where owner != picture {
            others += kept[row * channels..<(row + 1) * channels]
        }
        // Where all that is kept is of this one part, nothing better is known.
        return others.isEmpty ? kept : others
    }
}
