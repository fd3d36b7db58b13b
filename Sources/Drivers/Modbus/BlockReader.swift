import Plant

/// The state of one block of a slave: when it is due, and in which requests it is read.
///
/// A block is one request, until the slave refuses it with "illegal data address", or does not answer it while it answers
/// others: then it is cut in halves until the value that the slave does not have stands alone, and the others come as before.
/// When all of its values come again, it is one request again.
struct BlockReader {
    /// One request.
    struct Part: Hashable {
        var id: Int
        var start: Int
        var count: Int
        /// Indices into the block's values.
        var values: [Int]
        /// Not to be asked before this time; a part that keeps failing must not cost the others their rate.
        var notBefore: MonotonicTime?
        var failures = 0
        /// How often it was asked again since its last result.
        var retries = 0
        /// Timeouts in a row, and how many good replies the slave had given when they began.
        var timeouts = 0
        var repliesAtTimeout = 0
        /// The slave's count of good replies when it failed last.
        var repliesAtFailure = 0
    }

    /// A part that fails is asked again after twice the time, up to this.
    static let longestPause: Duration = .seconds(30)
    /// A timeout may be a lost frame; as many in a row as this, while other requests are answered, are the addresses' fault.
    static let timeoutsToSplit = 2
    /// How long a block that was cut stays cut at least, doubled each time that it had to be cut again, up to the limit: a slave
    /// that gives each half and never the whole is not asked for the whole again and again.
    static let firstJoinPause: Duration = .seconds(60)
    static let longestJoinPause: Duration = .seconds(3_600)

    let block: ModbusBlock
    let tags: [TagID]
    var schedule: ScanSchedule
    private(set) var parts: [Part]
    private var nextID = 1
    /// Parts of the round that is under way and that are still to be asked; nil between rounds.
    private var pending: [Int]?
    private var asked = 0
    private var joinNotBefore: MonotonicTime?
    private var joinPause = Self.firstJoinPause

    init(block: ModbusBlock, tags: [TagID], start: MonotonicTime) {
        self.block = block
        self.tags = tags
        schedule = ScanSchedule(interval: block.scanInterval, start: start)
        parts = [Part(id: 0, start: block.start, count: block.count, values: Array(block.values.indices))]
    }

    /// From when on there may be something to ask; nil while replies are awaited.
    var ready: MonotonicTime? {
        guard let pending else { return schedule.due }
        return pending.isEmpty ? nil : schedule.due
    }

    /// The part to ask next; the round begins with the first one.
    ///
    /// - Returns: nil when nothing is due, or every part waits.
    mutating func next(_ now: MonotonicTime) -> Part? {
        guard schedule.isDue(now) else { return nil }
        if pending == nil {
            joinAgain(now)
            pending = parts.filter { $0.notBefore.map { $0 <= now } ?? true }.map(\.id)
        }
        guard pending?.isEmpty == false, let id = pending?.removeFirst() else { return nil }
        asked += 1
        return part(id)
    }

    /// Ends the round when nothing of it is awaited any more.
    ///
    /// - Returns: how many rounds were missed; nil while it goes on.
    mutating func finishRound(_ now: MonotonicTime) -> Int? {
        guard pending?.isEmpty == true, asked == 0 else { return nil }
        pending = nil
        return schedule.advance(now)
    }

    /// Puts a part that was asked back: no fault of its own kept it from being answered.
    mutating func putBack(_ id: Int) {
        asked -= 1
        pending?.insert(id, at: 0)
    }

    /// Asks the part once more in this round, unless it was already as often as that.
    mutating func retry(_ id: Int, atMost limit: Int) -> Bool {
        guard let index = index(id), parts[index].retries < limit else { return false }
        parts[index].retries += 1
        putBack(id)
        return true
    }

    mutating func succeed(_ id: Int) {
        asked -= 1
        guard let index = index(id) else { return }
        (parts[index].failures, parts[index].retries, parts[index].timeouts) = (0, 0, 0)
        parts[index].notBefore = nil
    }

    /// - Parameter goodReplies: the slave's count so far: when nothing else is answered either, it is not this part's fault,
    ///   and it is not made to wait.
    mutating func fail(_ id: Int, now: MonotonicTime, goodReplies: Int) {
        asked -= 1
        guard let index = index(id) else { return }
        parts[index].retries = 0
        guard goodReplies > parts[index].repliesAtFailure else { return }
        parts[index].repliesAtFailure = goodReplies
        parts[index].failures += 1
        let step = block.scanInterval * Double(1 << min(parts[index].failures, 20))
        parts[index].notBefore = now + min(step, Self.longestPause)
    }

    /// Counts a timeout.
    ///
    /// - Returns: whether it has become likely that some of its addresses are at fault.
    mutating func timeOut(_ id: Int, goodReplies: Int) -> Bool {
        guard let index = index(id) else { return false }
        if parts[index].timeouts == 0 { parts[index].repliesAtTimeout = goodReplies }
        parts[index].timeouts += 1
        return parts[index].timeouts >= Self.timeoutsToSplit && goodReplies > parts[index].repliesAtTimeout
    }

    /// Cuts a part that was asked in halves by its values; they are asked in the same round.
    ///
    /// - Returns: false when it is one value already.
    mutating func split(_ id: Int, now: MonotonicTime, goodReplies: Int) -> Bool {
        guard let index = index(id), parts[index].values.count > 1 else { return false }
        if parts.count == 1, joinNotBefore != nil { joinPause = min(joinPause * 2, Self.longestJoinPause) }
        joinNotBefore = now + joinPause
        let part = parts[index]
        let sorted = part.values.sorted { block.values[$0].address < block.values[$1].address }
        let middle = sorted.count / 2
        var halves = [half(Array(sorted[..<middle])), half(Array(sorted[middle...]))]
        // One timeout more, while the other half is answered, is enough.
        if part.timeouts > 0 {
            for index in halves.indices {
                (halves[index].timeouts, halves[index].repliesAtTimeout) = (1, goodReplies)
            }
        }
        parts.replaceSubrange(index...index, with: halves)
        asked -= 1
        pending?.insert(contentsOf: halves.map(\.id), at: 0)
        return true
    }

    /// A request for one value alone, which tells a slave that is silent from one that does not answer for some addresses.
    func probe(_ turn: Int) -> Part? {
        guard !block.values.isEmpty else { return nil }
        let index = turn % block.values.count
        let span = block.values[index].span
        return Part(id: -1, start: span.lowerBound, count: span.count, values: [index])
    }

    func part(_ id: Int) -> Part? { index(id).map { parts[$0] } }

    /// Parts that fail alone, as address ranges.
    var failing: [Range<Int>] {
        parts.filter { $0.failures > 0 }.map { $0.start..<($0.start + $0.count) }
    }

    /// Reads the values of a part out of the data of a reply.
    func decode(_ part: Part, _ data: ArraySlice<UInt8>, _ body: (TagID, Sample.Value, Quality) -> Void) {
        for index in part.values {
            let value = block.values[index]
            if block.table.isBits {
                let offset = value.address - part.start
                let isOn = data[data.startIndex + offset / 8] >> UInt8(offset % 8) & 1 == 1
                let (decoded, quality) = value.decode(bit: isOn)
                body(tags[index], decoded, quality)
            } else {
                let (decoded, quality) = value.decode(data, from: part.start)
                body(tags[index], decoded, quality)
            }
        }
    }

    private func index(_ id: Int) -> Int? { parts.firstIndex { $0.id == id } }

    private mutating func joinAgain(_ now: MonotonicTime) {
        guard parts.count > 1, let joinNotBefore, joinNotBefore <= now,
            parts.allSatisfy({ $0.failures == 0 && $0.timeouts == 0 })
        else { return }
        parts = [Part(id: nextID, start: block.start, count: block.count, values: Array(block.values.indices))]
        nextID += 1
    }

    private mutating func half(_ values: [Int]) -> Part {
        let start = values.map { block.values[$0].span.lowerBound }.min() ?? block.start
        let end = values.map { block.values[$0].span.upperBound }.max() ?? start + 1
        defer { nextID += 1 }
        return Part(id: nextID, start: start, count: end - start, values: values)
    }
}
