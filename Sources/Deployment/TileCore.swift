internal import Graph
internal import Profiles

/// One core with its memory: fetches pieces of a layer into buffers, works on them there, and writes results back.
///
/// The buffers lie one behind the other in exactly as many bytes as the tiling says, so that a piece that is larger than it
/// was reckoned destroys its neighbour, which shows in the result.
struct TileCore {
    private let node: any Operator
    private let work: LayerWork
    private let cutter: TileCutter
    private let sizes: Tiling.Pieces

    init(_ node: any Operator, _ work: LayerWork, _ tiling: Tiling, _ profile: ChipProfile) {
        self.node = node
        self.work = work
        cutter = TileCutter(work, profile)
        sizes = tiling.pieces
    }

    /// Where a kind of piece lies: two buffers, used in turn.
    private struct Buffers {
        var start: Int
        var size: Int
        var turn = 1
        var current: Int { start + turn * size }
        mutating func next() { turn = 1 - turn }
    }

    /// - Parameter operands: the image, and the second operand of a fused addition.
    /// - Returns: the whole output.
    func run(_ operands: [[Int8]], _ pieces: [TilePiece]) -> [Int8] {
        var memory = [Int8](repeating: 0, count: sizes.doubled)
        var input = Buffers(start: 0, size: sizes.input)
        var residual = Buffers(start: 2 * sizes.input, size: sizes.residual)
        var weights = Buffers(start: residual.start + 2 * sizes.residual, size: sizes.weights)
        var output = Buffers(start: weights.start + 2 * sizes.weights, size: sizes.output)
        var sums: [Int32] = []
        var result = [Int8](repeating: 0, count: work.imageShape.reduce(1, *))
        for piece in pieces {
            if piece.loadsInput {
                input.next()
                fetch(operands[0], Region(inputOf: piece, work), into: &memory, at: input.current)
            }
            if work.hasResidual, piece.isLast {
                residual.next()
                fetch(operands[1], Region(outputOf: piece, work), into: &memory, at: residual.current)
            }
            if piece.loadsWeights {
                weights.next()
                fetchWeights(piece, into: &memory, at: weights.current)
            }
            if piece.isFirst { output.next() }
            switch node {
            case let tiled as any TiledOperator:
                multiply(tiled, piece, memory, input: input.current, weights: weights.current, &sums)
                guard piece.isLast else { continue }
                finish(
                    tiled, piece, sums, &memory, residual: work.hasResidual ? residual.current : nil,
                    output: output.current)
            case let pool as Pool: gather(pool, piece, &memory, input: input.current, output: output.current)
            default: preconditionFailure("\(type(of: node).name) is not cut")
            }
            store(memory, at: output.current, Region(outputOf: piece, work), into: &result)
        }
        return result
    }

    // MARK: movers

    /// A part of an image in DRAM.
    private struct Region {
        var image: Int
        var rows: Range<Int>
        var columns: Range<Int>
        var channels: Range<Int>
        var shape: [Int]

        init(inputOf piece: TilePiece, _ work: LayerWork) {
            (image, rows, columns) = (piece.image, piece.inputRows, piece.inputColumns)
            channels = piece.inputChannels
            shape = work.inputImageShape
        }

        init(outputOf piece: TilePiece, _ work: LayerWork) {
            (image, rows, columns, channels) = (piece.image, piece.rows, piece.columns, piece.channels)
            shape = work.imageShape
        }

        func offset(_ row: Int, _ column: Int) -> Int {
            ((image * shape[1] + row) * shape[2] + column) * shape[3] + channels.lowerBound
        }
    }

    private func fetch(_ from: [Int8], _ region: Region, into memory: inout [Int8], at start: Int) {
        let pitch = cutter.padded(region.channels.count)
        var to = start
        for row in region.rows {
            for column in region.columns {
                let offset = region.offset(row, column)
                for channel in 0..<region.channels.count { memory[to + channel] = from[offset + channel] }
                to += pitch
            }
        }
    }

    private func store(_ memory: [Int8], at start: Int, _ region: Region, into result: inout [Int8]) {
        let pitch = cutter.padded(region.channels.count)
        var from = start
        for row in region.rows {
            for column in region.columns {
                let offset = region.offset(row, column)
                for channel in 0..<region.channels.count { result[offset + channel] = memory[from + channel] }
                from += pitch
            }
        }
    }

    /// In the chip's order; what blocks are filled up with is the weights' zero point, so that it adds nothing.
    private func fetchWeights(_ piece: TilePiece, into memory: inout [Int8], at start: Int) {
        guard let tiled = node as? any TiledOperator,
            let blocks = blocks(of: piece)
        else { return }
        let first = firstInput(of: piece)
        var to = start
        blocks.forEach { place in
            defer { to += 1 }
            guard let place else {
                memory[to] = 0
                return
            }
            let channel = piece.channels.lowerBound + place.output
            memory[to] =
                place.input < blocks.inputs
                ? tiled.weight(channel, place.row, place.column, first + place.input)
                : Int8(tiled.weightZeroPoint(channel))
        }
    }

    /// Weights of a piece: all inputs of a sum, or those of one step.
    private func blocks(of piece: TilePiece) -> WeightBlocks? {
        cutter.weightBlocks(
            outputs: piece.channels.count, inputs: piece.isFirst && piece.isLast ? nil : piece.inputChannels.count)
    }

    private func firstInput(of piece: TilePiece) -> Int {
        piece.isFirst && piece.isLast ? 0 : piece.inputChannels.lowerBound
    }

    // MARK: multipliers

    /// A piece's weights less their zero points as `[output][row][column][input]`, read out of the chip's order.
    private func unblocked(_ tiled: any TiledOperator, _ piece: TilePiece, _ memory: [Int8], at start: Int) -> [Int16] {
        guard let blocks = blocks(of: piece) else { return [] }
        let zeroPoints = piece.channels.map { Int16(tiled.weightZeroPoint($0)) }
        var plain = [Int16](repeating: 0, count: blocks.outputs * blocks.height * blocks.width * blocks.inputs)
        var from = start
        blocks.forEach { place in
            defer { from += 1 }
            guard let place, place.input < blocks.inputs else { return }
            let index =
                ((place.output * blocks.height + place.row) * blocks.width + place.column) * blocks.inputs + place.input
            plain[index] = Int16(memory[from]) - zeroPoints[place.output]
        }
        return plain
    }

    /// Adds a piece's products to the sums of its tile, `[position][channel]`; the first step begins with the biases.
    private func multiply(
        _ tiled: any TiledOperator, _ piece: TilePiece, _ memory: [Int8], input: Int, weights: Int,
        _ sums: inout [Int32]
    ) {
        let weights = unblocked(tiled, piece, memory, at: weights)
        let taps = Taps(tiled.tileWindow, piece, pitch: cutter.padded(piece.inputChannels.count))
        let isWhole = piece.isFirst && piece.isLast
        let depth = work.kind == .depthwise ? 1 : isWhole ? work.inputChannels : piece.inputChannels.count
        let count = work.kernelHeight * work.kernelWidth * depth
        let firsts = piece.channels.map { channel in
            isWhole ? tiled.group(of: channel) * depth - piece.inputChannels.lowerBound : 0
        }
        let zeroPoint = tiled.inputZeroPoint
        if piece.isFirst {
            let biases = piece.channels.map { tiled.bias($0) }
            sums = Array((0..<piece.positions).map { _ in biases }.joined())
        }
        var next = 0
        for row in piece.rows {
            for column in piece.columns {
                let places = taps.inside(row, column)
                for local in 0..<piece.channels.count {
                    var sum = sums[next]
                    // SAFETY: places lie within the input's buffer and weights within theirs; both were sized for the piece.
                    memory.withUnsafeBufferPointer { memory in
                        weights.withUnsafeBufferPointer { weights in
                            for place in places {
                                let from = input + place.offset + firsts[local]
                                let by = local * count + place.tap * depth
                                for index in 0..<depth {
                                    sum &+= Int32(weights[by + index]) * (Int32(memory[from + index]) - zeroPoint)
                                }
                            }
                        }
                    }
                    sums[next] = sum
                    next += 1
                }
            }
        }
    }

    private func finish(
        _ tiled: any TiledOperator, _ piece: TilePiece, _ sums: [Int32], _ memory: inout [Int8], residual: Int?,
        output: Int
    ) {
        let pitch = cutter.padded(piece.channels.count)
        for position in 0..<piece.positions {
            for (local, channel) in piece.channels.enumerated() {
                let to = position * pitch + local
                memory[output + to] = tiled.finished(
                    sums[position * piece.channels.count + local], channel, residual: residual.map { memory[$0 + to] })
            }
        }
    }

    private func gather(_ pool: Pool, _ piece: TilePiece, _ memory: inout [Int8], input: Int, output: Int) {
        let taps = Taps(pool.window, piece, pitch: cutter.padded(piece.inputChannels.count))
        let pitch = cutter.padded(piece.channels.count)
        var to = output
        for row in piece.rows {
            for column in piece.columns {
                let places = taps.inside(row, column)
                for local in 0..<piece.channels.count {
                    memory[to + local] = pool.finished(places.map { Int32(memory[input + $0.offset + local]) })
                }
                to += pitch
            }
        }
    }
}

/// Where a window's taps lie in a piece of the input.
private struct Taps {
    private let window: Window
    private let piece: TilePiece
    private let pitch: Int

    init(_ window: Window, _ piece: TilePiece, pitch: Int) {
        self.window = window
        self.piece = piece
        self.pitch = pitch
    }

    /// Those within the image, each with its number and its offset in the buffer.
    func inside(_ row: Int, _ column: Int) -> [(tap: Int, offset: Int)] {
        var places: [(tap: Int, offset: Int)] = []
        for u in 0..<window.kernelHeight {
            let y = row * window.strideHeight + u * window.dilationHeight - window.top
            guard piece.inputRows.contains(y) else { continue }
            for v in 0..<window.kernelWidth {
                let x = column * window.strideWidth + v * window.dilationWidth - window.left
                guard piece.inputColumns.contains(x) else { continue }
                let pixel =
                    (y - piece.inputRows.lowerBound) * piece.inputColumns.count + x - piece.inputColumns.lowerBound
                places.append((u * window.kernelWidth + v, pixel * pitch))
            }
        }
        return places
    }
}
