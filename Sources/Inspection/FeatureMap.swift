/// What the network makes of one picture: int8 features of each place of a grid.
package struct FeatureMap: Sendable, Equatable {
    package var columns: Int
    package var rows: Int
    package var channels: Int
    /// [row][column][channel].
    package var values: [Int8]

    package init(columns: Int, rows: Int, channels: Int, values: [Int8]) {
        precondition(values.count == columns * rows * channels)
        self.columns = columns
        self.rows = rows
        self.channels = channels
        self.values = values
    }

    package var places: Int { columns * rows }

    /// Means over squares of so many places a side, to the nearest, halves up; at the right and below over what is there.
    func squares(_ side: Int) -> FeatureMap {
        guard side > 1 else { return self }
        let (width, height) = ((columns + side - 1) / side, (rows + side - 1) / side)
        var means = [Int8](repeating: 0, count: width * height * channels)
        var sums = [Int](repeating: 0, count: channels)
        for row in 0..<height {
            for column in 0..<width {
                let (bottom, right) = (min((row + 1) * side, rows), min((column + 1) * side, columns))
                for channel in 0..<channels { sums[channel] = 0 }
                for y in row * side..<bottom {
                    for x in column * side..<right {
                        let from = (y * columns + x) * channels
                        for channel in 0..<channels { sums[channel] += Int(values[from + channel]) }
                    }
                }
                let count = (bottom - row * side) * (right - column * side)
                let to = (row * width + column) * channels
                for channel in 0..<channels {
                    // Half a count added, then rounded down, below zero too.
                    let doubled = 2 * sums[channel] + count
                    let mean = doubled >= 0 ? doubled / (2 * count) : -((2 * count - 1 - doubled) / (2 * count))
                    means[to + channel] = Int8(clamping: mean)
                }
            }
        }
        return FeatureMap(columns: width, rows: height, channels: channels, values: means)
    }
}
