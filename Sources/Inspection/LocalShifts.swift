/// What is left of a part's displacement after it was placed as a whole, tile by tile: prints stretch, boards warp.
///
/// Found in pictures of half the size first, where a step reaches twice as far, then in the whole ones.
struct LocalShifts {
    /// Side of a tile, and distance of their middles, in pixels of the whole picture.
    private static let tile = 64
    private static let pitch = 32
    /// Searched in each direction at either size, in pixels.
    private static let reach = 3
    /// A tile whose squared difference grows by less than this for a pixel of shift, in squares of full contrast a pixel,
    /// says nothing about its shift.
    private static let leastSlope: Float = 0.0005

    private let columns: Int
    private let rows: Int
    /// [rows x columns], in pixels, what is to be added to a place in the picture to find it in the expected one.
    private var x: [Float]
    private var y: [Float]

    /// - Parameters:
    ///   - expected: of the picture's size.
    init(expected: Plane, picture: Plane) {
        columns = max(1, (picture.width - Self.tile) / Self.pitch + 1)
        rows = max(1, (picture.height - Self.tile) / Self.pitch + 1)
        x = [Float](repeating: 0, count: columns * rows)
        y = x
        guard picture.width >= Self.tile, picture.height >= Self.tile else { return }
        search(expected.halved(), picture.halved(), size: 2, sampling: 1)
        search(applied(to: expected), picture, size: 1, sampling: 2)
    }

    /// Adds what each tile has moved between two pictures that are `size` times smaller.
    private mutating func search(_ expected: Plane, _ picture: Plane, size: Int, sampling: Int) {
        var foundX = [Float](repeating: 0, count: columns * rows)
        var foundY = foundX
        var isKnown = [Bool](repeating: false, count: columns * rows)
        let costs = TileCosts(expected: expected, picture: picture, sampling: sampling, reach: Self.reach)
        for row in 0..<rows {
            for column in 0..<columns {
                let tile = Box(
                    left: column * Self.pitch / size, top: row * Self.pitch / size,
                    right: (column * Self.pitch + Self.tile) / size, bottom: (row * Self.pitch + Self.tile) / size)
                guard let shift = Self.shift(costs.of(tile)) else { continue }
                foundX[row * columns + column] = shift.x * Float(size)
                foundY[row * columns + column] = shift.y * Float(size)
                isKnown[row * columns + column] = true
            }
        }
        guard isKnown.contains(true) else { return }
        fill(&foundX, &foundY, isKnown)
        for row in 0..<rows {
            for column in 0..<columns {
                let around = neighbours(row, column)
                x[row * columns + column] += Self.median(around.map { foundX[$0] })
                y[row * columns + column] += Self.median(around.map { foundY[$0] })
            }
        }
    }

    /// The least of the squared differences over all shifts, and a parabola through its neighbours.
    private static func shift(_ costs: [Float]) -> (x: Float, y: Float)? {
        let width = 2 * reach + 1
        guard let least = costs.indices.min(by: { costs[$0] < costs[$1] }) else { return nil }
        let (row, column) = (least / width, least % width)
        // At the edge of the search there is no parabola; the tile says at least which way it has moved.
        func vertex(_ at: Int, _ step: Int, _ isInside: Bool) -> Float? {
            guard isInside else { return costs[at] < costs[(width * width) / 2] - leastSlope ? 0 : nil }
            let bend = costs[at - step] - 2 * costs[at] + costs[at + step]
            // An edge in one direction only says nothing about the other one.
            guard bend > leastSlope else { return nil }
            return min(max((costs[at - step] - costs[at + step]) / (2 * bend), -0.5), 0.5)
        }
        let across = vertex(least, 1, column > 0 && column < width - 1)
        let down = vertex(least, width, row > 0 && row < width - 1)
        guard across != nil || down != nil else { return nil }
        return (
            across.map { Float(column - reach) + $0 } ?? 0, down.map { Float(row - reach) + $0 } ?? 0
        )
    }

    /// Gives tiles that say nothing the mean of their neighbours, from the known ones outwards.
    private func fill(_ x: inout [Float], _ y: inout [Float], _ isKnown: [Bool]) {
        var known = isKnown
        while known.contains(false) {
            var next = known
            for row in 0..<rows {
                for column in 0..<columns where !known[row * columns + column] {
                    let around = neighbours(row, column).filter { known[$0] }
                    guard !around.isEmpty else { continue }
                    let at = row * columns + column
                    x[at] = around.reduce(0) { $0 + x[$1] } / Float(around.count)
                    y[at] = around.reduce(0) { $0 + y[$1] } / Float(around.count)
                    next[at] = true
                }
            }
            known = next
        }
    }

    private func neighbours(_ row: Int, _ column: Int) -> [Int] {
        var all: [Int] = []
        for r in max(0, row - 1)...min(rows - 1, row + 1) {
            for c in max(0, column - 1)...min(columns - 1, column + 1) { all.append(r * columns + c) }
        }
        return all
    }

    private static func median(_ values: [Float]) -> Float {
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }

    /// The expected picture with every pixel fetched from where its tile has moved.
    func applied(to expected: Plane) -> Plane {
        var moved = expected
        let half = Float(Self.tile) / 2 - 0.5
        let width = expected.width
        func tiles(_ place: Int, _ count: Int) -> (low: Int, high: Int, share: Float) {
            let at = min(max((Float(place) - half) / Float(Self.pitch), 0), Float(count - 1))
            let low = min(Int(at), max(count - 2, 0))
            return (low, min(low + 1, count - 1), at - Float(low))
        }
        let across = (0..<width).map { tiles($0, columns) }
        expected.viewed { view in
            moved.changed { result in
                for row in 0..<expected.height {
                    let down = tiles(row, rows)
                    let (upper, lower) = (down.low * columns, down.high * columns)
                    for column in 0..<width {
                        let (left, right, share) = across[column]
                        func between(_ field: [Float]) -> Float {
                            let above = field[upper + left] * (1 - share) + field[upper + right] * share
                            let below = field[lower + left] * (1 - share) + field[lower + right] * share
                            return above + down.share * (below - above)
                        }
                        result[row * width + column] = view.value(
                            x: Float(column) + between(x), y: Float(row) + between(y))
                    }
                }
            }
        }
        return moved
    }
}

/// Mean squared differences of a tile between two pictures of one size, at every shift.
private struct TileCosts {
    private let expected: SampledColumns
    private let picture: SampledColumns
    private let width: Int
    private let height: Int
    private let sampling: Int
    private let reach: Int

    init(expected: Plane, picture: Plane, sampling: Int, reach: Int) {
        self.expected = SampledColumns(expected, every: sampling)
        self.picture = SampledColumns(picture, every: sampling)
        (width, height) = (picture.width, picture.height)
        self.sampling = sampling
        self.reach = reach
    }

    /// Row by row from the shift up and left.
    ///
    /// - Parameter tile: whose left and top are multiples of the sampling.
    func of(_ tile: Box) -> [Float] {
        var costs: [Float] = []
        costs.reserveCapacity((2 * reach + 1) * (2 * reach + 1))
        picture.viewed { picture in
            expected.viewed { expected in
                for dy in -reach...reach {
                    for dx in -reach...reach { costs.append(cost(picture, expected, tile, dx, dy)) }
                }
            }
        }
        return costs
    }

    // SAFETY: columns and rows are cut to what lies within both pictures; eight are read only where eight are left.
    private func cost(
        _ picture: SampledColumns.View, _ expected: SampledColumns.View, _ tile: Box, _ dx: Int, _ dy: Int
    ) -> Float {
        func aligned(_ place: Int) -> Int { (place + sampling - 1) / sampling * sampling }
        let first = aligned(max(tile.left, -dx))
        let columns = (min(tile.right, width - dx) - first + sampling - 1) / sampling
        var lanes = Lanes.Eight.zero
        var rest: Float = 0
        var count = 0
        for y in Swift.stride(
            from: aligned(max(tile.top, -dy)), to: min(tile.bottom, height - dy), by: sampling)
        {
            let from = picture.at(x: first, y: y)
            let to = expected.at(x: first + dx, y: y + dy)
            var column = 0
            while column + Lanes.count <= columns {
                let difference = Lanes.load(from + column) - Lanes.load(to + column)
                lanes += difference * difference
                column += Lanes.count
            }
            while column < columns {
                let difference = from[column] - to[column]
                rest += difference * difference
                column += 1
            }
            count += columns
        }
        return (Lanes.sum(lanes) + rest) / Float(max(count, 1))
    }
}
