/// What the network makes of one picture: int8 features of each cell of a grid.
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

    package var cells: Int { columns * rows }
}
