/// One tile of a layer on its way: what is fetched for it, and what it leaves.
package struct TilePiece: Hashable, Sendable {
    /// Number of the image in the batch.
    package var image: Int
    /// Of the output.
    package var rows: Range<Int>
    package var columns: Range<Int>
    package var channels: Range<Int>
    /// Of the input, without what lies outside the image.
    package var inputRows: Range<Int>
    package var inputColumns: Range<Int>
    package var inputChannels: Range<Int>
    /// Whether sums begin here, and whether they are finished and written here: not every step of a tile cut over its inputs.
    package var isFirst = true
    package var isLast = true
    /// Whether it differs from the piece before, so that it must be fetched.
    package var loadsInput: Bool
    package var loadsWeights: Bool
    /// In DRAM, so without fill; with the second operand of a fused addition.
    package var loadedInputBytes: Int
    package var loadedWeightBytes: Int
    package var outputBytes: Int
    package var positions: Int { rows.count * columns.count }

    /// The pieces of a layer in the order in which they are worked on.
    package static func all(of work: LayerWork, _ tiling: Tiling) -> [TilePiece] {
        let shape = work.imageShape
        func ranges(_ count: Int, _ size: Int) -> [Range<Int>] {
            stride(from: 0, to: count, by: size).map { $0..<min($0 + size, count) }
        }
        let places = (0..<shape[0]).flatMap { image in
            ranges(shape[1], tiling.rows).flatMap { rows in
                ranges(shape[2], tiling.columns).map { (image: image, rows: rows, columns: $0) }
            }
        }
        let channels = ranges(shape[3], tiling.channels)
        var pieces: [TilePiece] = []
        let steps = ranges(work.inputChannels, tiling.depth)
        func add(_ place: (image: Int, rows: Range<Int>, columns: Range<Int>), _ channels: Range<Int>) {
            for (number, step) in steps.enumerated() {
                var piece = TilePiece(work, place.image, place.rows, place.columns, channels)
                if steps.count > 1 {
                    piece.inputChannels = step
                    (piece.isFirst, piece.isLast) = (number == 0, number == steps.count - 1)
                }
                piece.compare(with: pieces.last, work)
                pieces.append(piece)
            }
        }
        switch tiling.order {
        case .weightsStay: for part in channels { for place in places { add(place, part) } }
        case .imageStays: for place in places { for part in channels { add(place, part) } }
        }
        return pieces
    }

    private init(
        _ work: LayerWork, _ image: Int, _ rows: Range<Int>, _ columns: Range<Int>, _ channels: Range<Int>
    ) {
        self.image = image
        self.rows = rows
        self.columns = columns
        self.channels = channels
        let from = work.inputImageShape
        inputRows = Self.read(rows, work.strideHeight, work.reachHeight, work.top, from[1])
        inputColumns = Self.read(columns, work.strideWidth, work.reachWidth, work.left, from[2])
        inputChannels = work.isByChannel ? channels : 0..<from[3]
        (loadsInput, loadsWeights) = (true, true)
        outputBytes = rows.count * columns.count * work.stored(outputs: channels.count)
        loadedInputBytes = 0
        loadedWeightBytes = 0
    }

    /// Rows of the input that output rows read.
    static func read(_ range: Range<Int>, _ stride: Int, _ reach: Int, _ padding: Int, _ size: Int) -> Range<Int> {
        let first = range.lowerBound * stride - padding
        let end = (range.upperBound - 1) * stride - padding + reach
        let low = min(max(first, 0), size)
        return low..<max(min(end, size), low)
    }

    private mutating func compare(with last: TilePiece?, _ work: LayerWork) {
        if let last {
            loadsInput =
                last.image != image || last.inputRows != inputRows || last.inputColumns != inputColumns
                || last.inputChannels != inputChannels
            loadsWeights = last.channels != channels || last.inputChannels != inputChannels && !isWhole
        }
        if work.weightBytes == 0 { loadsWeights = false }
        let input =
            loadsInput ? inputRows.count * inputColumns.count * work.stored(inputs: inputChannels.count) : 0
        if !isLast { outputBytes = 0 }
        loadedInputBytes = input + (work.hasResidual && isLast ? outputBytes : 0)
        guard loadsWeights else { return }
        let depth = isWhole ? work.inputChannels : inputChannels.count
        let each =
            work.kind == .depthwise
            ? work.kernelHeight * work.kernelWidth : work.kernelHeight * work.kernelWidth * depth
        // Bias and factors are needed once a tile.
        loadedWeightBytes = each * channels.count + (isLast ? work.records(of: channels.count) : 0)
    }

    /// Whether all inputs of a sum are in it.
    private var isWhole: Bool { isFirst && isLast }
}
