internal import Profiles

/// How a layer is cut so that a piece of its input, of its weights and of its output fit the memory beside the multipliers,
/// each twice: one is worked on while the other is moved.
package struct Tiling: Hashable, Sendable {
    /// Output rows, columns and channels of a tile; the last ones may be smaller.
    package var rows: Int
    package var columns: Int
    package var channels: Int
    package var tiles: Int
    /// Of one tile, twice.
    package var bytes: Int

    package enum Outcome: Hashable, Sendable {
        case fits(Tiling)
        /// Even the smallest tile is larger than what there is.
        case tooLarge(need: Int, have: Int)
        /// Nobody says how much memory there is, or the layer has no windows to cut.
        case notCut
    }

    /// - Parameter block: output channels that stand together.
    static func of(_ work: LayerWork, _ profile: ChipProfile) -> Outcome {
        guard let memory = profile.onChipBytes, work.kind != .elementwise,
            work.outputShape.count == 4 || work.kind == .product
        else { return .notCut }
        let block = max(channelBlock(profile), 1)
        let shape = work.outputShape.count == 4 ? work.outputShape : [1, 1, work.positions, work.outputChannels]
        var tile = (rows: shape[1], columns: shape[2], channels: shape[3])
        func need() -> Int { 2 * bytes(work, rows: tile.rows, columns: tile.columns, channels: tile.channels, block) }
        // Channels first: then input is read again and again, but never with a seam. Rows next, columns last.
        while need() > memory.value {
            if tile.channels > block {
                tile.channels = max(half(tile.channels, multiple: block), block)
            } else if tile.rows > 1 {
                tile.rows = (tile.rows + 1) / 2
            } else if tile.columns > 1 {
                tile.columns = (tile.columns + 1) / 2
            } else {
                return .tooLarge(need: need(), have: memory.value)
            }
        }
        let count =
            EngineCycles.parts(shape[1], tile.rows) * EngineCycles.parts(shape[2], tile.columns)
            * EngineCycles.parts(shape[3], tile.channels) * shape[0]
        return .fits(
            Tiling(rows: tile.rows, columns: tile.columns, channels: tile.channels, tiles: count, bytes: need()))
    }

    private static func half(_ count: Int, multiple: Int) -> Int {
        EngineCycles.parts(EngineCycles.parts(count, 2), multiple) * multiple
    }

    /// Input with its seam, weights and output of one tile, channels padded to whole blocks.
    private static func bytes(_ work: LayerWork, rows: Int, columns: Int, channels: Int, _ block: Int) -> Int {
        let height = (rows - 1) * work.strideHeight + work.kernelHeight
        let width = (columns - 1) * work.strideWidth + work.kernelWidth
        func padded(_ count: Int) -> Int { EngineCycles.parts(count, block) * block }
        let perChannel = work.kind == .depthwise || work.kind == .window
        let inputs = perChannel ? padded(channels) : padded(work.inputChannels)
        let weights =
            work.weightBytes == 0
            ? 0
            : work.kernelHeight * work.kernelWidth * padded(channels) * (perChannel ? 1 : padded(work.inputChannels))
        return height * width * inputs + weights + rows * columns * padded(channels)
    }

    static func channelBlock(_ profile: ChipProfile) -> Int {
        if let block = profile.layout?.channelBlock { return block.value }
        switch profile.engine {
        case .convolutionTile(_, let outputs, _, _, _): return outputs.value
        case .lanes(let count, _, _, _, _): return count.value
        case .cube(_, _, let n): return n.value
        case .multiplyAccumulators, .vectorUnit, nil: return 1
        }
    }
}
