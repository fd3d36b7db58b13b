internal import Profiles

/// How a layer is cut so that a piece of its input, of its weights and of its output fit the memory beside the multipliers,
/// each twice: one is worked on while the other is moved.
package struct Tiling: Hashable, Sendable {
    /// Output rows, columns and channels of a tile; the last ones may be smaller.
    package var rows: Int
    package var columns: Int
    package var channels: Int
    /// Input channels of one step; all of them unless not even one tile's weights have room beside the multipliers. Sums
    /// then wait in 32 bits for the next step.
    package var depth: Int
    package var order: Order
    package var tiles: Int
    /// Of one tile, once.
    package var pieces: Pieces
    /// Moved between DRAM and the tiles, seams and what is read again included.
    package var trafficBytes: Int

    /// What stays where it is while the other is exchanged.
    package enum Order: String, Hashable, Sendable, CaseIterable {
        /// Weights of some channels, while all of the image goes by.
        case weightsStay = "weights stay"
        /// A part of the image, while all weights go by.
        case imageStays = "image stays"
    }

    /// Bytes of each kind, channels filled up to whole blocks.
    package struct Pieces: Hashable, Sendable {
        package var input: Int
        package var residual: Int
        package var weights: Int
        package var output: Int
        /// Sums that wait for the next step; 0 where there is one step.
        package var sums: Int
        /// All of them twice, but for sums, which stay.
        package var doubled: Int { 2 * (input + residual + weights + output) + sums }
    }

    package enum Outcome: Hashable, Sendable {
        case fits(Tiling)
        /// Even the smallest tile is larger than what there is.
        case tooLarge(need: Int, have: Int)
        /// Nobody says how much memory there is, or the layer has no windows to cut.
        case notCut
    }

    /// Of two ways whose costs differ by less than this share the one with fewer tiles is taken: what starting one costs is
    /// not known.
    private static let worthTiles = 0.05

    /// The way that fits and costs least, and of those as good the one with the fewest tiles.
    static func of(_ work: LayerWork, _ profile: ChipProfile) -> Outcome {
        guard let memory = profile.onChipBytes, work.isCut else { return .notCut }
        let cutter = TileCutter(work, profile)
        var fitting: [(tiling: Tiling, cost: Double)] = []
        var least = Int.max
        for depth in cutter.depthChoices {
            // Fewer inputs a step only where it cannot be otherwise: sums then wait, and everything is fetched again.
            guard fitting.isEmpty else { break }
            cutter.collect(depth: depth, in: memory.value, &fitting, &least)
        }
        let bound = (fitting.map(\.cost).min() ?? 0) * (1 + worthTiles)
        let best = fitting.filter { $0.cost <= bound }.min {
            ($0.tiling.tiles, $0.tiling.trafficBytes) < ($1.tiling.tiles, $1.tiling.trafficBytes)
        }
        return best.map { .fits($0.tiling) } ?? .tooLarge(need: least, have: memory.value)
    }
}

/// The sizes of tiles of one layer on one chip.
struct TileCutter {
    let work: LayerWork
    let height: Int
    let width: Int
    private let channels: Int
    /// Channels of an activation, and output channels of weights, that stand together.
    private let featureBlock: Int
    private let channelBlock: Int
    let weightOrder: WeightOrder?
    private let engine: Engine?
    private let bytesPerCycle: Double?

    init(_ work: LayerWork, _ profile: ChipProfile) {
        self.work = work
        let shape = work.imageShape
        (height, width, channels) = (shape[1], shape[2], shape[3])
        weightOrder =
            work.kind == .depthwise ? profile.layout?.depthwiseWeights?.value : profile.layout?.weights?.value
        featureBlock = Self.featureBlock(profile)
        engine = profile.engine
        bytesPerCycle = profile.movedBytesPerCycle?.value
        channelBlock = max(featureBlock, weightOrder?.blockSize(of: .output) ?? 1)
    }

    private static func featureBlock(_ profile: ChipProfile) -> Int {
        if let block = profile.layout?.channelBlock { return block.value }
        switch profile.engine {
        case .convolutionTile(_, let outputs, _, _, _): return outputs.value
        case .lanes(let count, _, _, _, _): return count.value
        case .cube(_, _, let n): return n.value
        case .multiplyAccumulators, .vectorUnit, nil: return 1
        }
    }

    /// Every way to cut with so many input channels a step that has room.
    /// - Parameter least: becomes the bytes of the smallest tile, whether it has room or not.
    func collect(depth: Int, in memory: Int, _ fitting: inout [(tiling: Tiling, cost: Double)], _ least: inout Int) {
        for channels in channelChoices {
            for rows in halvings(height) {
                // Columns are cut only when single rows are too long.
                for columns in rows == 1 ? halvings(width) : [width] {
                    let pieces = pieces(rows: rows, columns: columns, channels: channels, depth: depth)
                    least = min(least, pieces.doubled)
                    guard pieces.doubled <= memory else { continue }
                    for order in Tiling.Order.allCases {
                        let tiling = tiling(rows, columns, channels, depth, order, pieces)
                        fitting.append((tiling, cost(of: tiling)))
                    }
                }
            }
        }
    }

    /// All inputs of a sum, half of them and so on in whole blocks; all where a sum has groups or windows of its own.
    var depthChoices: [Int] {
        let inputs = work.inputChannels
        guard work.kind == .product, work.groups == 1 else { return [inputs] }
        let block = max(featureBlock, weightOrder?.blockSize(of: .input) ?? 1)
        return halvings(EngineCycles.parts(inputs, block)).map { min($0 * block, inputs) }
    }

    /// A number, half of it, a quarter and so on, rounded up, down to 1.
    func halvings(_ count: Int) -> [Int] {
        var all = [count]
        while let last = all.last, last > 1 { all.append((last + 1) / 2) }
        return all
    }

    /// The same in whole blocks, where there is more than one.
    var channelChoices: [Int] {
        halvings(EngineCycles.parts(channels, channelBlock)).map { min($0 * channelBlock, channels) }
    }

    func padded(_ count: Int) -> Int { EngineCycles.parts(count, featureBlock) * featureBlock }

    /// Of one output channel's weights: of all inputs of its group, or its own alone.
    /// - Parameter inputs: of one step; all of a group's unless given.
    func weightBlocks(outputs: Int, inputs: Int? = nil) -> WeightBlocks? {
        guard work.weightBytes > 0, let order = weightOrder ?? WeightBlocks.plain else { return nil }
        return WeightBlocks(
            order: order, outputs: outputs, inputs: work.kind == .depthwise ? 1 : inputs ?? work.inputChannels,
            height: work.kernelHeight, width: work.kernelWidth)
    }

    /// Input channels that `channels` output channels read.
    func inputChannels(of channels: Int) -> Int {
        work.isByChannel ? channels : work.inputChannels * work.groups
    }

    func pieces(rows: Int, columns: Int, channels: Int, depth: Int) -> Tiling.Pieces {
        let tall = (rows - 1) * work.strideHeight + work.reachHeight
        let wide = (columns - 1) * work.strideWidth + work.reachWidth
        let output = rows * columns * padded(channels)
        let isCut = depth < work.inputChannels
        return Tiling.Pieces(
            input: tall * wide * padded(isCut ? depth : inputChannels(of: channels)),
            residual: work.hasResidual ? output : 0,
            weights: weightBlocks(outputs: channels, inputs: depth)?.byteCount ?? 0, output: output,
            sums: isCut ? 4 * output : 0)
    }

    /// Cycles until the last byte is written, where it is known how fast things are moved and multiplied: the slower of the
    /// two, and what comes before the first multiplication and after the last. Else bytes of traffic.
    func cost(of tiling: Tiling) -> Double {
        guard let bytesPerCycle, let engine, let cycles = cycles(of: tiling, on: engine) else {
            // Less than all once is no gain: it is had where a stride leaves out rows, which a mover can leave out as well.
            let whole = self.tiling(
                height, width, channels, work.inputChannels, .weightsStay,
                pieces(rows: height, columns: width, channels: channels, depth: work.inputChannels))
            return Double(max(tiling.trafficBytes, whole.trafficBytes))
        }
        let alone = tiling.pieces.input + tiling.pieces.residual + tiling.pieces.weights + tiling.pieces.output
        return max(Double(cycles * tiling.tiles), Double(tiling.trafficBytes) / bytesPerCycle)
            + Double(alone) / bytesPerCycle
    }

    /// Of one whole tile.
    private func cycles(of tiling: Tiling, on engine: Engine) -> Int? {
        EngineCycles.of(
            work, positions: tiling.rows * tiling.columns, channels: tiling.channels, depth: tiling.depth, on: engine)
    }

    func tiling(
        _ rows: Int, _ columns: Int, _ channels: Int, _ depth: Int, _ order: Tiling.Order, _ pieces: Tiling.Pieces
    ) -> Tiling {
        let shape = work.imageShape
        let places = shape[0] * EngineCycles.parts(height, rows) * EngineCycles.parts(width, columns)
        let parts = EngineCycles.parts(self.channels, channels)
        // What is read of the image when all of it goes by once, seams included.
        let from = work.inputImageShape
        let tall = extent(height, rows, work.strideHeight, work.reachHeight, work.top, from[1])
        let wide = extent(width, columns, work.strideWidth, work.reachWidth, work.left, from[2])
        let image =
            shape[0] * tall * wide
            * (work.isByChannel ? filled(channels) { work.stored(inputs: $0) } : work.stored(inputs: from[3]))
        let weights = work.weightBytes + filled(channels) { work.records(of: $0) }
        var traffic =
            shape[0] * height * width * filled(channels) { work.stored(outputs: $0) } * (work.hasResidual ? 2 : 1)
        let steps = EngineCycles.parts(work.inputChannels, depth)
        switch order {
        // With several steps a tile nothing stays.
        case _ where steps > 1:
            traffic += image * parts + work.weightBytes * places + (weights - work.weightBytes) * places
        case .weightsStay: traffic += weights + image * (work.isByChannel || places == 1 ? 1 : parts)
        case .imageStays: traffic += image + weights * (parts == 1 ? 1 : places)
        }
        return Tiling(
            rows: rows, columns: columns, channels: channels, depth: depth, order: order, tiles: places * parts * steps,
            pieces: pieces, trafficBytes: traffic)
    }

    /// Of all channels in parts of a size, each filled up by itself.
    private func filled(_ size: Int, _ fill: (Int) -> Int) -> Int {
        let rest = channels % size
        return channels / size * fill(size) + (rest > 0 ? fill(rest) : 0)
    }

    /// Rows of the input that all pieces read together.
    private func extent(_ count: Int, _ size: Int, _ stride: Int, _ reach: Int, _ padding: Int, _ from: Int) -> Int {
        Swift.stride(from: 0, to: count, by: size).reduce(0) { sum, first in
            sum + TilePiece.read(first..<min(first + size, count), stride, reach, padding, from).count
        }
    }
}
