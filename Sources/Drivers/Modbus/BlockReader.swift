import Plant

/// The state of one block of a link: when it is due, and in which requests it is read.
///
/// A block is one request, until the device refuses it with "illegal data address": then it is cut in halves until the value
/// that the device does not have stands alone, and the others come as before.
struct BlockReader {
    /// One request.
    struct Part: Hashable {
        var start: Int
        var count: Int
        /// Indices into the block's values.
        var values: [Int]
        /// Not to be asked before this time; a part that keeps failing must not cost the others their rate.
        var notBefore: MonotonicTime?
        var failures = 0
        /// The link's count of good replies when it failed last.
        var repliesAtFailure = 0
    }

    /// A part that fails is asked again after twice the time, up to this.
    static let longestPause: Duration = .seconds(30)

    let block: ModbusBlock
    let tags: [TagID]
    var schedule: ScanSchedule
    private(set) var parts: [Part]

    init(block: ModbusBlock, tags: [TagID], start: MonotonicTime) {
        self.block = block
        self.tags = tags
        schedule = ScanSchedule(interval: block.scanInterval, start: start)
        parts = [Part(start: block.start, count: block.count, values: Array(block.values.indices))]
    }

    /// After a new connection: whole again, and due at once. Pauses of parts that fail alone stay.
    mutating func restart(at now: MonotonicTime) { schedule = ScanSchedule(interval: block.scanInterval, start: now) }

    mutating func succeed(_ index: Int) {
        parts[index].failures = 0
        parts[index].notBefore = nil
    }

    /// - Parameter goodReplies: the link's count so far: when nothing else is answered either, it is not this part's fault,
    ///   and it is not made to wait.
    mutating func fail(_ index: Int, now: MonotonicTime, goodReplies: Int) {
        guard goodReplies > parts[index].repliesAtFailure else { return }
        parts[index].repliesAtFailure = goodReplies
        parts[index].failures += 1
        let step = block.scanInterval * Double(1 << min(parts[index].failures, 20))
        parts[index].notBefore = now + min(step, Self.longestPause)
    }

    /// Cuts a part in halves by its values.
    ///
    /// - Returns: false when it is one value already.
    mutating func split(_ index: Int) -> Bool {
        let part = parts[index]
        guard part.values.count > 1 else { return false }
        let sorted = part.values.sorted { block.values[$0].address < block.values[$1].address }
        let middle = sorted.count / 2
        parts.replaceSubrange(index...index, with: [half(Array(sorted[..<middle])), half(Array(sorted[middle...]))])
        return true
    }

    private func half(_ values: [Int]) -> Part {
        let start = values.map { block.values[$0].span.lowerBound }.min() ?? block.start
        let end = values.map { block.values[$0].span.upperBound }.max() ?? start + 1
        return Part(start: start, count: end - start, values: values)
    }

    /// Reads the values of a part out of the data of a reply.
    func decode(_ part: Part, _ data: ArraySlice<UInt8>) -> [(tag: TagID, value: Sample.Value, quality: Quality)] {
        part.values.map { index in
            let value = block.values[index]
            guard block.table.isBits else {
                let (decoded, quality) = value.decode(data, from: part.start)
                return (tags[index], decoded, quality)
            }
            let offset = value.address - part.start
            let isOn = data[data.startIndex + offset / 8] >> UInt8(offset % 8) & 1 == 1
            let (decoded, quality) = value.decode(bit: isOn)
            return (tags[index], decoded, quality)
        }
    }
}
