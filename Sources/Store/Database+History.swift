internal import Plant
internal import SQLite

/// Samples and rollups by tag and time, from blocks and chunks together.
extension Database {
    /// Samples of one tag with a time in `from ..< to`, behind `position`, in the order of their times.
    func history(
        _ tag: TagID, from: WallTime, to: WallTime, after position: HistoryPosition?, limit: Int
    ) throws(StoreError) -> HistoryPage {
        let limit = min(max(1, limit), Bound.rowsPerRead)
        let bounds = HistoryBounds(from: from, to: to, after: position)
        return try snapshot { () throws(StoreError) in
            let blocks = try blocks(
                "WHERE tag=? AND from_ns<? AND to_ns>=? ORDER BY from_ns, id",
                [Int64(tag.rawValue), bounds.end, bounds.start])
            // Of a damaged index may come a block of another tag.
            let recent = try recent(tag, goesOn: position != nil)
            var merge = HistoryMerge(recent: recent.filter(bounds.contains).inOrderOfTime(), limit: limit)
            for block in blocks where block.tag == tag.rawValue {
                merge.drain(before: block.from)
                if merge.isFull { break }
                let samples = try unpack(block)
                merge.add(bounds.contains(block) ? samples : samples.filter(bounds.contains))
            }
            merge.drain(before: nil)
            let page = try page(tag, merge)
            if page.next == nil { recentSamples = nil }
            return page
        }
    }

    /// What chunks hold of a tag that no block holds, in the order of the numbers.
    ///
    /// - Parameter goesOn: whether it was asked before for the pages of the same question, so that only what has been
    ///   stored since is looked at.
    private func recent(_ tag: TagID, goesOn: Bool) throws(StoreError) -> [HistorySample] {
        let (state, oldest) = (try archiveState(), try oldestRecent())
        var found = RecentSamples(tag: tag, state: state, oldest: oldest, through: state.firstInChunks(of: tag) - 1)
        if goesOn, let kept = recentSamples, kept.isOf(tag, state, oldest) { found = kept }
        try eachRecord(from: found.through + 1) { (number, record) throws(StoreError) in
            found.through = number
            if record.tag == tag.rawValue { found.samples.append(HistorySample(record, number: number)) }
            return true
        }
        recentSamples = found.samples.count <= Bound.samplesPerPlan ? found : nil
        return found.samples
    }

    private func page(_ tag: TagID, _ merge: HistoryMerge) throws(StoreError) -> HistoryPage {
        var next: HistoryPosition?
        if merge.isFull, let last = merge.found.last {
            next = HistoryPosition(time: WallTime(nanoseconds: last.time), number: last.number)
        }
        var contents: [Int64: Sample.Value] = [:]
        var kept = tags[tag] == nil ? [] : merge.found
        // Of most tags every sample is a number.
        if !kept.allSatisfy({ SampleState(rawValue: $0.state).isPlain }) {
            kept = []
            for sample in merge.found {
                let state = SampleState(rawValue: sample.state)
                guard state.quality != nil, state.clock != nil else { continue }
                if state.kind == .waveform || state.kind == .text {
                    guard let content = try content(of: sample.number, state.kind) else { continue }
                    contents[sample.number] = content
                }
                kept.append(sample)
            }
        }
        return HistoryPage(
            samples: HistorySamples(of: tag, kept, contents: contents, thisBoot: try firstSampleOfThisBoot()),
            next: next)
    }

    // MARK: Rollups

    /// The buckets of a tag that begin in `from ..< to` and have samples, in their order.
    func rollups(_ tag: TagID, _ width: RollupWidth, from: WallTime, to: WallTime) throws(StoreError) -> [RollupBucket]
    {
        try snapshot { () throws(StoreError) in
            guard hasRollups(tag.rawValue) else { return [] }
            var buckets: [Int64: Rollup] = [:]
            let first = Rollup.start(of: from.nanoseconds, width: width.rowNanoseconds)
            let stored = try rollupRows(
                "WHERE tag=? AND minutes=? AND from_ns>=? AND from_ns<? ORDER BY from_ns",
                [Int64(tag.rawValue), width.rawValue, first, to.nanoseconds])
            for row in stored where row.tag == tag.rawValue && row.width == width {
                for bucket in row.buckets { buckets[bucket.start.nanoseconds] = bucket.rollup }
            }
            // Whatever the bucket is that holds the last of them, all of its samples count.
            let (end, overflow) = to.nanoseconds.addingReportingOverflow(width.nanoseconds)
            let others = try blocks(
                "WHERE tag=? AND rolled=0 AND from_ns<? AND to_ns>=? ORDER BY last_number",
                [Int64(tag.rawValue), overflow ? .max : end, from.nanoseconds])
            for block in others where block.tag == tag.rawValue {
                for (start, rollup) in Rollup.buckets(of: try unpack(block), width) {
                    buckets[start, default: Rollup()].merge(rollup)
                }
            }
            let firstInChunks = try archiveState().firstInChunks(of: tag)
            try eachRecord(from: firstInChunks) { (number, record) throws(StoreError) in
                guard record.tag == tag.rawValue else { return true }
                let sample = HistorySample(record, number: number)
                let start = Rollup.start(of: sample.time, width: width.nanoseconds)
                buckets[start, default: Rollup()].add(sample.goodValue, at: sample.time)
                return true
            }
            let wanted = buckets.filter { from.nanoseconds <= $0.key && $0.key < to.nanoseconds }
            return wanted.sorted { $0.key < $1.key }.map {
                RollupBucket(start: WallTime(nanoseconds: $0.key), rollup: $0.value)
            }
        }
    }

    /// Texts and waveforms have none.
    func hasRollups(_ tag: Int32) -> Bool { tags[TagID(rawValue: tag)].map { $0.definition.kind == .number } ?? true }

    // MARK: The newest

    /// The newest sample of a tag among the last `depth` numbers, or else in its newest block.
    func latest(_ tag: TagID, depth: Int64) throws(StoreError) -> StoredSample? {
        try snapshot { () throws(StoreError) in
            var last: (number: Int64, record: SampleRecord)?
            let first = max(1, try newestSample() - depth + 1)
            try eachRecord(from: first, of: TagSelection([tag])) { (number, record) throws(StoreError) in
                if record.isNews { last = (number, record) }
                return true
            }
            if last == nil {
                let newest = try blocks("WHERE tag=? ORDER BY from_ns DESC LIMIT 1", [Int64(tag.rawValue)])
                for block in newest where block.tag == tag.rawValue {
                    let news = try unpack(block).last { $0.record(tag: block.tag).isNews }
                    last = news.map { ($0.number, $0.record(tag: block.tag)) }
                }
            }
            guard let last else { return nil }
            return try sample(last.record, number: last.number)
        }
    }

    /// Every tag that was ever declared.
    func tagRecords() -> [TagRecord] {
        tags.byNumber.compactMap { tag in
            tag.map { TagRecord(id: $0.id, definition: $0.definition, isRetired: $0.isRetired) }
        }
    }
}

/// What chunks held of a tag, kept from one page of an answer to the next, while nothing of it is packed.
struct RecentSamples {
    let tag: TagID
    let state: ArchiveState
    /// First number in chunks.
    let oldest: Int64?
    var through: Int64
    var samples: [HistorySample] = []

    func isOf(_ tag: TagID, _ state: ArchiveState, _ oldest: Int64?) -> Bool {
        self.tag == tag && self.state == state && self.oldest == oldest
    }
}

/// What a query of the history asks for.
private struct HistoryBounds {
    let from: Int64
    /// The first time that is not asked for any more.
    let end: Int64
    let position: HistoryPosition?

    init(from: WallTime, to: WallTime, after position: HistoryPosition?) {
        self.from = from.nanoseconds
        end = to.nanoseconds
        self.position = position
    }

    var start: Int64 { max(from, position?.time.nanoseconds ?? .min) }

    /// Whether every sample of a block is asked for.
    func contains(_ block: BlockHead) -> Bool {
        block.from >= from && block.to < end && position.map { block.from > $0.time.nanoseconds } ?? true
    }

    func contains(_ sample: HistorySample) -> Bool {
        let time = sample.time
        guard time >= from, time < end else { return false }
        guard let position else { return true }
        return (time, sample.number) > (position.time.nanoseconds, position.number)
    }
}

/// Brings what blocks and chunks hold of a tag into the order of the times; blocks come in the order of their first
/// times.
private struct HistoryMerge {
    private let recent: [HistorySample]
    private var nextRecent = 0
    private var unpacked: [HistorySample] = []
    private var nextUnpacked = 0
    private let limit: Int
    private(set) var found: [HistorySample] = []

    init(recent: [HistorySample], limit: Int) {
        self.recent = recent
        self.limit = limit
    }

    var isFull: Bool { found.count >= limit }

    mutating func add(_ samples: [HistorySample]) {
        let left = unpacked[nextUnpacked...]
        unpacked = (left.isEmpty ? samples : left + samples).inOrderOfTime()
        nextUnpacked = 0
    }

    /// Takes what is before a time, of which no block that is still to come has any; all of it for nil.
    mutating func drain(before time: Int64?) {
        while !isFull {
            let others = unpacked[nextUnpacked...]
            // Nothing recent comes in between, and the rest of the block is before the next one: it goes as a whole.
            if let last = others.last, nextRecent == recent.count || last.isBefore(recent[nextRecent]),
                time.map({ last.time < $0 }) ?? true
            {
                found += others.prefix(limit - found.count)
                nextUnpacked = unpacked.count
                continue
            }
            let takesRecent: Bool
            if nextUnpacked < unpacked.count {
                takesRecent = nextRecent < recent.count && recent[nextRecent].isBefore(unpacked[nextUnpacked])
            } else {
                guard nextRecent < recent.count else { return }
                takesRecent = true
            }
            let first = takesRecent ? recent[nextRecent] : unpacked[nextUnpacked]
            if let time, first.time >= time { return }
            found.append(first)
            if takesRecent { nextRecent += 1 } else { nextUnpacked += 1 }
        }
    }
}

extension Array where Element == HistorySample {
    /// Sorted by time, then number; most sources send in order, so that nothing moves.
    fileprivate func inOrderOfTime() -> Self {
        let isSorted = indices.dropFirst().allSatisfy { self[$0 - 1].isBefore(self[$0]) }
        return isSorted ? self : sorted { $0.isBefore($1) }
    }
}
