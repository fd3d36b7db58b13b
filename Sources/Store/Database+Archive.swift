internal import Plant
internal import SQLite

/// The archiver: samples leave the chunks oldest first, in runs. A run is packed by tag, some tags a transaction; then
/// its chunks are removed.
extension Database {
    // MARK: What is to be done

    func nextArchiveStep(_ rule: ArchiveRule) throws(StoreError) -> ArchiveStep {
        try reloadTags()
        return try snapshot { () throws(StoreError) in
            let state = try archiveState()
            guard state.tag == ArchiveState.everyTag else {
                return try step(through: state.number, after: state.tag, rule)
            }
            if let oldest = try oldestRecent(), oldest <= state.number { return .removeChunks }
            guard let end = try nextRun(rule) else { return .nothing }
            return try step(through: try narrowed(end), after: 0, rule)
        }
    }

    /// Number of the last sample of the next run: half of what is unpacked when that is too much, else what is too old.
    private func nextRun(_ rule: ArchiveRule) throws(StoreError) -> Int64? {
        guard let oldest = try oldestRecent() else { return nil }
        let hot = try newestSample() - oldest + 1
        // Those that read by number find what they have not had in the chunks, but not without end.
        let limit = hot > rule.hotSamples * Bound.patience ? Int64.max : rule.lowWater
        let isFull = hot > rule.hotSamples
        guard isFull || rule.before != nil else { return nil }
        let wanted = max(1, rule.hotSamples / 2)
        return try sql { () throws(SQLiteError) in
            // The length of a blob is known without its bytes, but not when they arrived.
            let columns = isFull ? "id, length(data)" : "id, length(data), data"
            let statement = try connection.statement("SELECT \(columns) FROM chunks ORDER BY id LIMIT ?")
            defer { statement.reset() }
            try statement.bind(1, wanted)
            var end: Int64?
            while try statement.step() {
                let chunk = statement.int64(at: 0)
                let last = chunk + max(1, statement.int64(at: 1) / Int64(SampleRecord.bytes)) - 1
                guard last <= limit, end == nil || last - oldest < wanted else { break }
                if !isFull, let before = rule.before {
                    let newest = statement.withBytes(at: 2) { SampleRecord.newestArrival($0, chunk: chunk) }
                    guard newest < before.nanoseconds else { break }
                }
                end = last
            }
            return end
        }
    }

    /// Makes a run smaller while one tag has too much in it for one transaction.
    private func narrowed(_ end: Int64) throws(StoreError) -> Int64 {
        guard let oldest = try oldestRecent() else { return end }
        var end = end
        while true {
            var counts: [Int32: Int] = [:]
            var hours: [Int32: Set<Int64>] = [:]
            try eachRecord(from: oldest) { (number, record) throws(StoreError) in
                guard number <= end else { return false }
                counts[record.tag, default: 0] += 1
                hours[record.tag, default: []].insert(
                    Rollup.start(of: record.time, width: RollupWidth.minute.rowNanoseconds))
                return true
            }
            guard
                counts.contains(where: { $0.value > Bound.samplesPerPlan })
                    || hours.contains(where: { $0.value.count > Bound.hoursPerTag })
            else { return end }
            let half = try integer(
                "SELECT max(id + length(data) / \(SampleRecord.bytes) - 1) FROM chunks WHERE id<=?",
                [.integer(oldest + (end - oldest) / 2 - 1)])
            // A single chunk is packed whatever is in it.
            guard let half, half < end, half >= oldest else { return end }
            end = half
        }
    }

    // MARK: Packing

    /// Packs the next tags of a run.
    private func step(through end: Int64, after tag: Int32, _ rule: ArchiveRule) throws(StoreError) -> ArchiveStep {
        var counts: [Int32: Int] = [:]
        let oldest = try oldestRecent() ?? end + 1
        try eachRecord(from: oldest) { (number, record) throws(StoreError) in
            guard number <= end else { return false }
            if record.tag > tag { counts[record.tag, default: 0] += 1 }
            return true
        }
        guard foundDamage.isEmpty else { return takeDamage() }
        var (chosen, total) = (Set<Int32>(), 0)
        for (tag, count) in counts.sorted(by: { $0.key < $1.key }) {
            total += count
            guard chosen.isEmpty || (total <= Bound.samplesPerPlan && chosen.count < rule.tagsPerPlan) else { break }
            chosen.insert(tag)
        }
        let isLast = chosen.count == counts.count
        var plan = ArchivePlan(first: oldest, number: end, tag: isLast ? ArchiveState.everyTag : chosen.max() ?? tag)
        var samples: [Int32: [HistorySample]] = [:]
        try eachRecord(from: oldest) { (number, record) throws(StoreError) in
            guard number <= end else { return false }
            if chosen.contains(record.tag) {
                samples[record.tag, default: []].append(HistorySample(record, number: number))
            }
            return true
        }
        for (tag, samples) in samples.sorted(by: { $0.key < $1.key }) {
            try pack(samples, of: tag, span: rule.span, into: &plan)
            if hasRollups(tag) { try rollUp(samples, of: tag, into: &plan) }
        }
        return foundDamage.isEmpty ? .plan(plan) : takeDamage()
    }

    private func takeDamage() -> ArchiveStep {
        defer { foundDamage = [] }
        return .damage(foundDamage)
    }

    private func pack(
        _ samples: [HistorySample], of tag: Int32, span: Int64, into plan: inout ArchivePlan
    ) throws(StoreError) {
        let spans = Dictionary(grouping: samples) { Rollup.start(of: $0.time, width: span) }
        guard spans.count <= Bound.spansPerTag else { return add(samples, of: tag, to: &plan) }
        for (start, new) in spans.sorted(by: { $0.key < $1.key }) {
            var gathered: [[HistorySample]] = [new]
            var count = new.count
            let (end, overflow) = start.addingReportingOverflow(span)
            let small = try blocks(
                "WHERE tag=? AND from_ns>=? AND from_ns<? AND samples<\(HistoryCodec.maximumSamples)",
                [Int64(tag), start, overflow ? .max : end])
            // Joined when it is not much larger than what comes: so a sample is packed again only a few times.
            for block in small.sorted(by: { $0.lastNumber > $1.lastNumber }) {
                guard block.tag == tag, block.samples <= 2 * Int64(count) else { break }
                gathered.append(try unpack(block))
                count += Int(block.samples)
                plan.removed.append(block)
            }
            add(gathered.reversed().flatMap(\.self), of: tag, to: &plan)
        }
    }

    private func add(_ samples: [HistorySample], of tag: Int32, to plan: inout ArchivePlan) {
        for start in stride(from: 0, to: samples.count, by: HistoryCodec.maximumSamples) {
            let part = Array(samples[start..<min(start + HistoryCodec.maximumSamples, samples.count)])
            let data = HistoryCodec.encode(part)
            plan.added.append((BlockHead(id: 0, tag: tag, samples: part, bytes: data.count), data))
        }
    }

    private func rollUp(
        _ samples: [HistorySample], of tag: Int32, into plan: inout ArchivePlan
    ) throws(StoreError) {
        for width in RollupWidth.allCases {
            var rows: [Int64: [Int64: Rollup]] = [:]
            for sample in samples {
                let row = Rollup.start(of: sample.time, width: width.rowNanoseconds)
                let bucket = Rollup.start(of: sample.time, width: width.nanoseconds)
                rows[row, default: [:]][bucket, default: Rollup()].add(sample.goodValue, at: sample.time)
            }
            for (from, buckets) in rows.sorted(by: { $0.key < $1.key }) {
                let stored = try rollupRows(
                    "WHERE tag=? AND minutes=? AND from_ns=?", [Int64(tag), width.rawValue, from]
                ).first { $0.tag == tag && $0.width == width && $0.from == from }
                var row = stored ?? RollupRow(tag: tag, width: width, from: from)
                row.merge(buckets)
                plan.rollups.append((row, row.data))
            }
        }
    }

    // MARK: Writing

    /// Writes what was planned, in the open transaction.
    ///
    /// - Returns: whether it was; not when samples of the run, or a block that it replaces, have gone meanwhile.
    func carryOut(_ plan: ArchivePlan) throws(StoreError) -> Bool {
        let first = try oldestRecent()
        guard first ?? plan.number + 1 == plan.first else { return false }
        for block in plan.removed where try blocks("WHERE id=?", [block.id]) != [block] { return false }
        var state = try archiveState()
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
