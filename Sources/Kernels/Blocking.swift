/// How a product of positions and channels is cut, so that what is read more than once comes from the second-level cache.
///
/// Only the order in which whole tiles are computed changes: the bytes are the same whatever the sizes.
package struct Blocking: Sendable {
    package enum Order: Hashable, Sendable {
        /// Nothing is cut: all of it fits, or is read once anyway.
        case whole
        /// Some blocks of weights stay while all positions go by; the input is read once for each such part.
        case weightsStay
        /// Some positions' input stays while all weights go by; those are read once for each such part.
        case inputStays
    }

    /// The parts of one thread's share.
    package struct Cut: Hashable, Sendable {
        package let order: Order
        /// Most positions, and most blocks of channels, that are computed in one call of the kernel.
        package let positions: Int
        package let blocks: Int
        /// Bytes of input and weights that come from behind the second level.
        package let traffic: Int
    }

    /// Whole tiles of every kernel, whose heights are 1, 2, 3, 4, 6, 8, 12 and 16.
    private static let tilePositions = 48
    /// No tile is higher; what is computed in one tile reads its weights once.
    private static let highestTile = 16
    /// Blocks that the widest tiles have, and those below which they would wait for loads.
    private static let tileBlocks = (most: 4, least: 2)

    private let room: Int
    private let blockBytes: Int
    /// Positions between which a cut costs nothing: whole tiles, or whole rows of the output.
    private let unit: Int
    /// Bytes of input from a unit to the next, and those that one unit reads.
    private let unitStride: Int
    private let unitBytes: Int
    /// Whether rows of positions follow each other without a gap.
    private let isFlat: Bool

    package init(_ shape: ConvolutionShape, caches: CacheSizes) {
        room = caches.level2Bytes
        blockBytes = ConvolutionKernel.packedBytes(
            channels: ConvolutionKernel.blockChannels, segments: shape.segmentOffsets.count,
            segmentLength: shape.segmentLength)
        isFlat = shape.rows == 1 || shape.rowStride == shape.columns * shape.columnStride
        unit = isFlat ? Self.tilePositions : shape.columns
        unitStride = isFlat ? unit * shape.columnStride : shape.rowStride
        let reach = (shape.segmentOffsets.max().map(Int.init) ?? 0) + shape.segmentLength
        unitBytes = (unit - 1) * shape.columnStride + reach
    }

    /// The cut with the least traffic.
    ///
    /// What stays gets half of the second level and what goes by a quarter; the rest is for the output, the stack, and
    /// what the cache's own choice of victims wastes.
    package func cut(positions: Int, blocks: Int) -> Cut {
        let weights = blocks * blockBytes
        let input = inputBytes(positions)
        guard positions > Self.highestTile, weights + input > room / 4 * 3 else {
            return Cut(order: .whole, positions: positions, blocks: blocks, traffic: weights + input)
        }
        let staying = evenly(blocks, most: tiles(room / 2 / blockBytes), unit: 1)
        let besides = evenly(positions, most: mostPositions(room / 4), unit: unit)
        let inputAgain = weights + parts(blocks, staying) * input
        let some = evenly(positions, most: mostPositions(room / 2), unit: unit)
        let passing = evenly(blocks, most: tiles(room / 4 / blockBytes), unit: 1)
        let weightsAgain = parts(positions, some) * (weights + inputBytes(some))
        return inputAgain <= weightsAgain
            ? Cut(order: .weightsStay, positions: besides, blocks: staying, traffic: inputAgain)
            : Cut(order: .inputStays, positions: some, blocks: passing, traffic: weightsAgain)
    }

    /// Calls `body` with every part in its order.
    package func forEachPart(
        positions: Range<Int>, blocks: Range<Int>, _ body: (_ positions: Range<Int>, _ blocks: Range<Int>) -> Void
    ) {
        let cut = cut(positions: positions.count, blocks: blocks.count)
        guard cut.order != .whole else { return body(positions, blocks) }
        // Parts end where rows of the output do, though the range may begin within one.
        let first = isFlat ? positions.lowerBound : positions.lowerBound / unit * unit
        var position = first
        var block = blocks.lowerBound
        while position < positions.upperBound && block < blocks.upperBound {
            body(
                max(position, positions.lowerBound)..<min(position + cut.positions, positions.upperBound),
                block..<min(block + cut.blocks, blocks.upperBound))
            if cut.order == .weightsStay {
                position += cut.positions
                if position >= positions.upperBound { (position, block) = (first, block + cut.blocks) }
            } else {
                block += cut.blocks
                if block >= blocks.upperBound { (position, block) = (position + cut.positions, blocks.lowerBound) }
            }
        }
    }

    /// That neighbouring positions read, from the first to the last.
    private func inputBytes(_ positions: Int) -> Int { unitBytes + (parts(positions, unit) - 1) * unitStride }

    /// The most in whole units, at least one, that read no more.
    private func mostPositions(_ inputBytes: Int) -> Int {
        inputBytes > unitBytes && unitStride > 0 ? unit * (1 + (inputBytes - unitBytes) / unitStride) : unit
    }

    private func tiles(_ blocks: Int) -> Int {
        let (most, least) = Self.tileBlocks
        return blocks >= most ? blocks / most * most : max(blocks, least)
    }

    private func parts(_ count: Int, _ size: Int) -> Int { (count + size - 1) / size }

    /// The size of as few parts as hold at most so many each, nearly equal.
    private func evenly(_ count: Int, most: Int, unit: Int) -> Int {
        let number = max(parts(count, most), 1)
        return max(min(parts(parts(count, number), unit) * unit, most), 1)
    }
}
