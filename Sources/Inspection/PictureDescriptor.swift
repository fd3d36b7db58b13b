/// One picture in a few thousand numbers: mean, spread, least and largest of each feature, over all of it and over each ninth.
enum PictureDescriptor {
    /// Squares a side, besides the whole.
    private static let squares = 3
    private static let kinds = 4

    static func count(channels: Int) -> Int { kinds * channels * (1 + squares * squares) }

    static func values(of features: FeatureMap) -> [Float] {
        var values: [Float] = []
        values.reserveCapacity(count(channels: features.channels))
        let whole = Box(left: 0, top: 0, right: features.columns, bottom: features.rows)
        append(features, whole, to: &values)
        for row in 0..<squares {
            for column in 0..<squares {
                let (top, bottom) = edges(row, features.rows)
                let (left, right) = edges(column, features.columns)
                append(features, Box(left: left, top: top, right: right, bottom: bottom), to: &values)
            }
        }
        return values
    }

    /// At least one place.
    private static func edges(_ square: Int, _ places: Int) -> (first: Int, end: Int) {
        let first = min(square * places / squares, places - 1)
        return (first, max((square + 1) * places / squares, first + 1))
    }

    private static func append(_ features: FeatureMap, _ box: Box, to values: inout [Float]) {
        let channels = features.channels
        var sums = [Int](repeating: 0, count: channels)
        var squares = sums
        var least = [Int](repeating: 127, count: channels)
        var most = [Int](repeating: -128, count: channels)
        for row in box.top..<box.bottom {
            for column in box.left..<box.right {
                let at = (row * features.columns + column) * channels
                for channel in 0..<channels {
                    let value = Int(features.values[at + channel])
                    sums[channel] += value
                    squares[channel] += value * value
                    least[channel] = min(least[channel], value)
                    most[channel] = max(most[channel], value)
                }
            }
        }
        let count = Double(box.area)
        for channel in 0..<channels { values.append(Float(Double(sums[channel]) / count)) }
        for channel in 0..<channels {
            let mean = Double(sums[channel]) / count
            values.append(Float(max(Double(squares[channel]) / count - mean * mean, 0).squareRoot()))
        }
        values += least.map(Float.init) + most.map(Float.init)
    }
}
