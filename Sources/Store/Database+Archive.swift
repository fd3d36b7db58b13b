internal import Plant
internal import SQLite

/// The archiver: samples leave the chunks oldest first, in runs. A run is packed by tag, some tags a transaction; then
/// its chunks are removed.
extension Database {
    // MARK: What is to be done

    func nextArchiveStep(_ rule: ArchiveRule) throws(StoreError) -> ArchiveStep {
        try snapshot { () throws(StoreError) in
            let state = try archiveState()
            guard let oldest = try oldestRecent() else { return .nothing }
            guard state.tag == ArchiveState.everyTag else {
                if let run, run.first == oldest, run.end == state.number {
                    return try step(run, after: state, rule)
                }
                return try step(try survey(from: oldest, through: state.number).run, after: state, rule)
            }
            if oldest <= state.number { return .removeChunks }
            guard let end = try nextRun(rule, from: oldest) else { return .nothing }
            return try step(try narrowed(end, from: oldest), after: state, rule)
        }
    }

    /// Number of the last sample of the next run: half of what is unpacked when that is too much, else what is too old.
    private func nextRun(_ rule: ArchiveRule, from oldest: Int64) throws(StoreError) -> Int64? {
        let hot = try newestSample() - oldest + 1
        // Those that read by number find what they have not had in the chunks, but not without end.
        let limit = hot > rule.hotSamples * Bound.patience ? Int64.max : rule.lowWater
        let isFull = hot > rule.hotSamples
        guard isFull || rule.before != nil else { return nil }
        let wanted = max(1, rule.hotSamples / 2)
        return try sql { () throws(SQLiteError) in
            // The length of a blob is known without its bytes, but not when they arrived.
            let asksForArrival = !isFull || limit < .max
            let columns = asksForArrival ? "id, length(data), data" : "id, length(data)"
            let statement = try connection.statement("SELECT \(columns) FROM chunks ORDER BY id LIMIT ?")
            defer { statement.reset() }
            try statement.bind(1, wanted)
            var end: Int64?
            while try statement.step() {
                let chunk = statement.int64(at: 0)
                let last = chunk + max(1, statement.int64(at: 1) / Int64(SampleRecord.bytes)) - 1
                guard end == nil || last - oldest < wanted else { break }
                if asksForArrival {
                    let newest = statement.withBytes(at: 2) { SampleRecord.newestArrival($0, chunk: chunk) }
                    let isExpired = rule.expired.map { newest < $0.nanoseconds } ?? false
                    let isOld = rule.before.map { newest < $0.nanoseconds } ?? false
                    guard isExpired || last <= limit && (isFull || isOld) else { break }
                }
                end = last
            }
            return end
        }
    }

    /// What is in a run, made smaller while one tag has too much in it for one transaction.
    private func narrowed(_ end: Int64, from oldest: Int64) throws(StoreError) -> ArchiveRun {
        var end = end
        while true {
            let (run, isTooMuch) = try survey(from: oldest, through: end)
            guard isTooMuch else { return run }
            let half = try integer(
                "SELECT max(id + length(data) / \(SampleRecord.bytes) - 1) FROM chunks WHERE id<=?",
                [.integer(oldest + (end - oldest) / 2 - 1)])
            // A single chunk is packed whatever is in it.
            guard let half, half < end, half >= oldest else { return run }
            end = half
        }
    }

    /// Looks at every record of a run.
    ///
    /// - Returns: what is in it, and whether one tag has more than goes into one transaction.
    private func survey(
        from first: Int64, through end: Int64
    ) throws(StoreError) -> (run: ArchiveRun, isTooMuch: Bool) {
        var tags: [Int32: SurveyedTag] = [:]
        try eachRecord(from: first) { (number, record) throws(StoreError) in
            guard number <= end else { return false }
            tags[record.tag, default: SurveyedTag()].add(record)
            return true
        }
        let sorted = tags.map { (tag: $0.key, samples: $0.value.samples) }.sorted { $0.tag < $1.tag }
        return (ArchiveRun(first: first, end: end, tags: sorted), tags.contains { $0.value.isTooMuch })
    }

    // MARK: Packing

    /// Packs the next tags of a run.
    private func step(
        _ run: ArchiveRun, after state: ArchiveState, _ rule: ArchiveRule
    ) throws(StoreError) -> ArchiveStep {
        guard foundDamage.isEmpty else { return takeDamage() }
        self.run = run
        let tag = state.tag == ArchiveState.everyTag ? 0 : state.tag
        var (chosen, total) = ([(tag: Int32, samples: Int)](), 0)
        let left = run.tags[run.tags.partitioningIndex { $0.tag > tag }...]
        for (tag, count) in left {
            total += count
            guard chosen.isEmpty || (total <= Bound.samplesPerPlan && chosen.count < rule.tagsPerPlan) else { break }
            chosen.append((tag, count))
        }
        let isLast = chosen.count == left.count
        var plan = ArchivePlan(
            first: run.first, before: state, number: run.end,
            tag: isLast ? ArchiveState.everyTag : chosen.last?.tag ?? tag)
        let samples = try samples(of: chosen.map(\.tag), in: run)
        guard samples.map(\.count) == chosen.map(\.samples) else {
            // The tag of a record was damaged since, and it was passed over: look at all of them again.
            self.run = nil
            return takeDamage()
        }
        for (tag, samples) in zip(chosen.map(\.tag), samples) {
            try pack(samples, of: tag, rule, into: &plan)
        }
        return foundDamage.isEmpty ? .plan(plan) : takeDamage()
    }

    /// What a run holds of some tags, for each in the order of the numbers.
    private func samples(of tags: [Int32], in run: ArchiveRun) throws(StoreError) -> [[HistorySample]] {
        let places = Dictionary(uniqueKeysWithValues: zip(tags, tags.indices))
        var samples = [[HistorySample]](repeating: [], count: tags.count)
        let selection = TagSelection(Set(tags.map { TagID(rawValue: $0) }))
        try eachRecord(from: run.first, of: selection) { (number, record) throws(StoreError) in
            guard number <= run.end else { return false }
            if let place = places[record.tag] { samples[place].append(HistorySample(record, number: number)) }
            return true
        }
        return samples
    }

    private func takeDamage() -> ArchiveStep {
        defer { foundDamage = [] }
        return .damage(foundDamage)
    }

    private func pack(
        _ samples: [HistorySample], of tag: Int32, _ rule: ArchiveRule, into plan: inout ArchivePlan
    ) throws(StoreError) {
        let spans = Dictionary(grouping: samples) { Rollup.start(of: $0.time, width: rule.span) }
        var full: [HistorySample] = []
        if spans.count > Bound.spansPerTag {
            full = add(samples, of: tag, rule, to: &plan)
        } else {
            for (start, new) in spans.sorted(by: { $0.key < $1.key }) {
                full += add(try joined(new, of: tag, in: start, rule, &plan), of: tag, rule, to: &plan)
            }
        }
        guard hasRollups(tag), !full.isEmpty else { return }
        for width in RollupWidth.allCases { plan.rollups += try rolledUp(full, of: tag, width) }
    }

    /// New samples of one span of time, and those of the small blocks that they replace.
    ///
    /// Blocks of a size are joined when there are some of them, or when it makes a full one, so that a sample is packed again
    /// only two or three times.
    private func joined(
        _ new: [HistorySample], of tag: Int32, in start: Int64, _ rule: ArchiveRule, _ plan: inout ArchivePlan
    ) throws(StoreError) -> [HistorySample] {
        var gathered: [[HistorySample]] = [new]
        var count = Int64(new.count)
        let (end, overflow) = start.addingReportingOverflow(rule.span)
        var small = try blocks(
            "WHERE tag=? AND from_ns>=? AND from_ns<? AND rolled=0", [Int64(tag), start, overflow ? .max : end]
        ).filter { $0.tag == tag }.sorted { $0.lastNumber > $1.lastNumber }[...]
        while true {
            let level = small.prefix { $0.samples <= 2 * count }
            let total = level.reduce(count) { $0 + $1.samples }
            guard
                !level.isEmpty, level.count + 1 >= Bound.blocksPerLevel || total >= Int64(rule.samplesPerBlock)
            else { break }
            for block in level { gathered.append(try unpack(block)) }
            plan.removed += level
            count = total
            small = small[level.endIndex...]
        }
        return gathered.reversed().flatMap(\.self)
    }

    /// Cuts samples into blocks.
    ///
    /// - Returns: those of the full ones. Nothing joins them any more, so that they go into the rollups now; all before
    ///   them of their span have gone there, because what makes a full block joins all that is small.
    private func add(
        _ samples: [HistorySample], of tag: Int32, _ rule: ArchiveRule, to plan: inout ArchivePlan
    ) -> [HistorySample] {
        var full: [HistorySample] = []
        for start in stride(from: 0, to: samples.count, by: rule.samplesPerBlock) {
            let part = Array(samples[start..<min(start + rule.samplesPerBlock, samples.count)])
            let isFull = part.count == rule.samplesPerBlock
            if isFull { full += part }
            let data = HistoryCodec.encode(part)
            plan.added.append((BlockHead(id: 0, tag: tag, samples: part, bytes: data.count, isRolled: isFull), data))
        }
        return full
    }

    // MARK: Writing

    /// Writes what was planned, in the open transaction.
    ///
    /// - Returns: whether it was; not when samples of the run, a block that it replaces or a row of rollups have changed
    ///   meanwhile.
    func carryOut(_ plan: ArchivePlan) throws(StoreError) -> Bool {
        var state = try archiveState()
        guard state == plan.before, try oldestRecent() ?? plan.number + 1 == plan.first else { return false }
        for block in plan.removed where try blocks("WHERE id=?", [block.id]) != [block] { return false }
        for block in plan.removed {
            try remove(block)
            state.remove(block)
        }
        var id = try nextID(of: .blocks)
        for (var block, data) in plan.added {
            block.id = id
            id += 1
            try insert(block, data)
            state.add(block)
        }
        for (row, data) in plan.rollups { state.rollupBytes += try write(row, data) }
        (state.number, state.tag) = (plan.number, plan.tag)
        state.underWay = plan.tag == ArchiveState.everyTag ? 0 : state.underWay + plan.samples
        try write(state)
        return true
    }

    /// Removes some of the chunks whose samples are all in blocks.
    func removeArchivedChunks() throws(StoreError) {
        let state = try archiveState()
        guard state.tag == ArchiveState.everyTag else { return }
        try run(
            "DELETE FROM chunks WHERE id IN (SELECT id FROM chunks WHERE id<=? ORDER BY id LIMIT ?)",
            [.integer(state.number), .integer(Bound.chunksPerTrim)])
    }
}

/// What is in a run, as the survey found it.
struct ArchiveRun: Sendable {
    var first: Int64
    /// Number of its last sample.
    var end: Int64
    /// In the order of the tags.
    var tags: [(tag: Int32, samples: Int)]
}

/// What a run has of one tag.
private struct SurveyedTag {
    var samples = 0
    private var hours: Set<Int64> = []
    private var hour: Int64?

    var isTooMuch: Bool { samples > Bound.samplesPerPlan || hours.count > Bound.hoursPerTag }

    mutating func add(_ record: SampleRecord) {
        samples += 1
        let start = Rollup.start(of: record.time, width: RollupWidth.minute.rowNanoseconds)
        // Most follow one of the same hour.
        if start != hour { hours.insert(start) }
        hour = start
    }
}
