/// One picture in a few thousand numbers: mean, spread, least and largest of each feature, over all of it and over each ninth.
enum PictureDescriptor {
    /// Squares a side, besides the whole; no map has fewer places a side.
    static let squares = 3
    private static let kinds = 4

    static func count(channels: Int) -> Int { kinds * channels * (1 + squares * squares) }

    /// What views of one picture have in common: the mean of what is said of each.
    static func values(of views: [FeatureMap]) -> [Float] {
        var values = Self.values(of: views[0])
        for other in views.dropFirst() {
            for (index, value) in Self.values(of: other).enumerated() { values[index] += value }
        }
        let share = 1 / Float(views.count)
        return values.map { $0 * share }
    }

    static func values(of features: FeatureMap) -> [Float] {
        func edge(_ square: Int, _ places: Int) -> Int { square * places / squares }
        var whole = Sums(channels: features.channels)
        let parts = (0..<squares * squares).map { number in
            let (row, column) = number.quotientAndRemainder(dividingBy: squares)
            var part = Sums(channels: features.channels)
            part.add(
                features,
                Box(
                    left: edge(column, features.columns), top: edge(row, features.rows),
                    right: edge(column + 1, features.columns), bottom: edge(row + 1, features.rows)))
            whole.add(part)
            return part
        }
        return ([whole] + parts).flatMap(\.values)
    }

    /// Over some places, each with a number a channel.
    private struct Sums {
        private var places = 0
        private var sums: [Int]
        private var squares: [Int]
        private var least: [Int16]
        private var most: [Int16]

        init(channels: Int) {
            sums = [Int](repeating: 0, count: channels)
            squares = sums
            least = [Int16](repeating: 127, count: channels)
            most = [Int16](repeating: -128, count: channels)
        }

        /// Mean, spread, least and largest.
        var values: [Float] {
            let count = Double(places)
            let means = sums.map { Float(Double($0) / count) }
            let spreads = zip(sums, squares).map { sum, squares in
                let mean = Double(sum) / count
                return Float(max(Double(squares) / count - mean * mean, 0).squareRoot())
            }
            return means + spreads + least.map(Float.init) + most.map(Float.init)
        }

        mutating func add(_ other: Sums) {
            places += other.places
            for channel in sums.indices {
                sums[channel] += other.sums[channel]
                squares[channel] += other.squares[channel]
                least[channel] = min(least[channel], other.least[channel])
                most[channel] = max(most[channel], other.most[channel])
            }
        }

        mutating func add(_ features: FeatureMap, _ box: Box) {
            places += box.area
            var (rowSums, rowSquares) = (
                [Int32](repeating: 0, count: sums.count), [Int32](repeating: 0, count: sums.count)
            )
            for row in box.top..<box.bottom {
                let cells = (row * features.columns + box.left)..<(row * features.columns + box.right)
                features.values.withUnsafeBufferPointer { values in
                    Self.sum(values, cells, &rowSums, &rowSquares)
                    Self.compare(values, cells, &least, &most)
                }
                for channel in sums.indices {
                    sums[channel] += Int(rowSums[channel])
                    squares[channel] += Int(rowSquares[channel])
                    (rowSums[channel], rowSquares[channel]) = (0, 0)
                }
            }
        }

        /// A row at a time: its squares are at most 1,024 * 2^14, which 32 bits hold.
        // SAFETY: cells lie in the map, and both arrays have a number a channel.
        private static func sum(
            _ values: UnsafeBufferPointer<Int8>, _ cells: Range<Int>, _ sums: inout [Int32], _ squares: inout [Int32]
        ) {
            let channels = sums.count
            precondition(squares.count == channels && cells.upperBound * channels <= values.count)
            sums.withUnsafeMutableBufferPointer { sums in
                squares.withUnsafeMutableBufferPointer { squares in
                    for cell in cells {
                        // A sum that is checked for overflow keeps the compiler from taking many at a time.
                        let at = cell &* channels
                        for channel in 0..<channels {
                            let value = Int16(values[at &+ channel])
                            sums[channel] &+= Int32(value)
                            squares[channel] &+= Int32(value &* value)
                        }
                    }
                }
            }
        }

        // SAFETY: cells lie in the map, and both arrays have a number a channel.
        private static func compare(
            _ values: UnsafeBufferPointer<Int8>, _ cells: Range<Int>, _ least: inout [Int16], _ most: inout [Int16]
        ) {
            let channels = least.count
            precondition(most.count == channels && cells.upperBound * channels <= values.count)
            least.withUnsafeMutableBufferPointer { least in
                most.withUnsafeMutableBufferPointer { most in
                    for cell in cells {
                        let at = cell &* channels
                        for channel in 0..<channels {
                            let value = Int16(values[at &+ channel])
                            least[channel] = min(least[channel], value)
                            most[channel] = max(most[channel], value)
                        }
                    }
                }
            }
        }
    }
}
