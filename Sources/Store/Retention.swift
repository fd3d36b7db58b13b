internal import Plant
internal import SQLite

/// What one call of ``Store/maintain()`` did.
package struct MaintenanceReport: Sendable, Equatable {
    /// Samples dropped by age or size.
    package var retiredSamples: Int64 = 0
    /// Rows of rollups dropped by age or size.
    package var retiredRollups: Int64 = 0
    /// Steps of the archiver.
    package var archiveSteps = 0
    /// Pages given back to the file system.
    package var freedPages: Int64 = 0
    /// Nothing is left to do now.
    package var isDone = true
}

/// Notices when the wall clock steps, because retention by age must not believe a clock that has just jumped.
struct RetentionClock {
    /// A step larger than this is no correction by a time server.
    private static let largestStep = Duration.seconds(600)
    /// How long age is not judged after a step: long enough for somebody to see and correct it.
    private static let distrust = Duration.seconds(86_400)
    /// Times before 2020 come from a dead clock.
    static let earliestPlausible = WallTime(nanoseconds: 1_577_836_800_000_000_000)

    private var last: (wall: WallTime, monotonic: MonotonicTime)?
    private var trustedFrom: MonotonicTime?

    /// Whether the age of a row may be judged by the clock now.
    mutating func trusts(_ clock: any PlantClock) -> Bool {
        let (wall, monotonic) = (clock.wall(), clock.monotonic())
        defer { last = (wall, monotonic) }
        if let last {
            let step = (wall - last.wall) - (monotonic - last.monotonic)
            if step > Self.largestStep || step < .zero - Self.largestStep { trustedFrom = monotonic + Self.distrust }
        }
        if let trustedFrom, monotonic < trustedFrom { return false }
        return wall > Self.earliestPlausible
    }
}

/// What one step of retention drops: the oldest there is.
enum Retirement {
    case blocks([BlockHead])
    case chunks(through: Int64)
}

extension Store {
    /// Steps of each kind in one call, so that a call ends soon also after a long time without one.
    private static let stepsPerCall = 64
    /// How long the archiver may go on in one call: what waits for the call besides has a watchdog.
    private static let archiveTime = Duration.milliseconds(500)

    /// Keeps the bounds: packs samples, drops old ones in small steps, gives free pages back, looks
    /// whether space has returned. Commits go in between the steps.
    package nonisolated func maintain() async throws(StoreError) -> MaintenanceReport {
        var report = MaintenanceReport()
        await endShortage()
        let judgesAge = await trustsClock()
        let start = clock.monotonic()
        var progress = ArchiveProgress.done
        for step in 0..<Self.stepsPerCall {
            progress = try await archiveStep(judgesAge: judgesAge)
            guard progress == .mayBeMore else { break }
            report.archiveSteps += 1
            guard clock.monotonic() - start < Self.archiveTime, step < Self.stepsPerCall - 1 else {
                report.isDone = false
                break
            }
        }
        try await lookAround()
        await historian.giveBackMemory()
        for step in 0..<Self.stepsPerCall {
            let retired = try await retireStep(judgesAge: judgesAge, after: progress)
            report.retiredSamples += retired
            if retired == 0 { break }
            if step == Self.stepsPerCall - 1 { report.isDone = false }
        }
        for step in 0..<Self.stepsPerCall {
            let retired = try await retireRollups(judgesAge: judgesAge)
            report.retiredRollups += retired
            if retired == 0 { break }
            if step == Self.stepsPerCall - 1 { report.isDone = false }
        }
        for step in 0..<Self.stepsPerCall {
            let freed = try await vacuumStep()
            report.freedPages += freed
            if freed == 0 { break }
            if step == Self.stepsPerCall - 1 { report.isDone = false }
        }
        await endShortage()
        return report
    }

    private func endShortage() {
        endShortageIfPossible()
        // Where even that finds no room it is tried again with the next call.
        if isShort { try? recordRefusals() }
    }

    private func trustsClock() -> Bool { retention.trusts(clock) }

    /// Drops the oldest samples, if they are too old or the file is too large: blocks before chunks.
    private func retireStep(judgesAge: Bool, after progress: ArchiveProgress) throws(StoreError) -> Int64 {
        let cutoff = judgesAge ? clock.wall() + (.zero - limits.maximumAge) : nil
        let maximumBytes = limits.maximumBytes
        let step = try read { (database) throws(StoreError) in
            try database.nextToRetire(before: cutoff, after: progress, maximumBytes: maximumBytes)
        }
        guard let step else { return 0 }
        let readers = readers
        let retired = try write { (database) throws(StoreError) in try database.retire(step, unlessReadBy: readers) }
        counters.retired += retired
        return retired
    }

    /// Drops the oldest rollups, if they are too old or take too large a part of the file.
    private func retireRollups(judgesAge: Bool) throws(StoreError) -> Int64 {
        let cutoff = judgesAge ? clock.wall() + (.zero - limits.rollupAge) : nil
        let maximumBytes = limits.rollupBytes
        let rows = try read { (database) throws(StoreError) in
            try database.rollupsToRetire(before: cutoff, maximumBytes: maximumBytes)
        }
        guard !rows.isEmpty else { return 0 }
        return try write { (database) throws(StoreError) in try database.retire(rows) }
    }

    /// Looks at some blocks, whoever asks for them or not, so that damage shows while there may be a copy.
    private func lookAround() throws(StoreError) {
        let from = lookedThrough
        lookedThrough = try read { (database) throws(StoreError) in try database.lookAtBlocks(after: from) }
    }

    private func vacuumStep() throws(StoreError) -> Int64 {
        try read { (database) throws(StoreError) in try database.giveBackPages() }
    }
}

extension Database {
    /// Part of the file that may be free before pages are given back: new samples use them again.
    private static let freeShare: Int64 = 4

    /// The oldest chunks, as many as go in one step.
    private func oldestChunks() throws(StoreError) -> [(first: Int64, count: Int64, newest: Int64)] {
        try sql { () throws(SQLiteError) in
            let statement = try connection.statement("SELECT id, data FROM chunks ORDER BY id LIMIT ?")
            defer { statement.reset() }
            try statement.bind(1, Bound.chunksPerTrim)
            var chunks: [(first: Int64, count: Int64, newest: Int64)] = []
            while try statement.step() {
                let first = statement.int64(at: 0)
                let newest = statement.withBytes(at: 1) { SampleRecord.newestArrival($0, chunk: first) }
                let bytes = statement.withBytes(at: 1) { $0.count }
                chunks.append((first, Int64(bytes / SampleRecord.bytes), newest))
            }
            return chunks
        }
    }

    /// What the next step of retention drops, nil when nothing is to go.
    ///
    /// - Parameter progress: of the archiver. What it has still to pack does not go by its age: its rollups, which stay
    ///   longer, are not made yet. Size waits until a run is done, where there is room for that.
    func nextToRetire(
        before cutoff: WallTime?, after progress: Store.ArchiveProgress, maximumBytes: Int64
    ) throws(StoreError) -> Retirement? {
        let blocks = try blocks("ORDER BY last_number LIMIT ?", [Bound.blocksPerTrim])
        let chunks = try oldestChunks()
        let excess = try usedBytes() - maximumBytes
        // What a run that is under way has packed is in chunks as well, and goes when it is in blocks alone: else a sample would
        // be found by number and not by tag.
        let firstInChunks = chunks.first?.first ?? .max
        if excess > 0 {
            let mayGo = blocks.filter { $0.lastNumber < firstInChunks }
            // The run ends in a moment; only a full disk cannot wait for it.
            guard !mayGo.isEmpty || blocks.isEmpty || progress == .noRoom else { return nil }
            // No more than must go: in a small file these may be most of it.
            var bytes: Int64 = 0
            let oldest = mayGo.prefix { block in
                defer { bytes += block.bytes }
                return bytes < excess
            }
            if !oldest.isEmpty { return .blocks(Array(oldest)) }
            return chunks.last.map { .chunks(through: $0.first + $0.count - 1) }
        }
        guard let cutoff else { return nil }
        // Samples of a dead clock go together with the first ones after them whose time means something.
        func isOld(_ newest: Int64) -> Bool {
            newest < cutoff.nanoseconds && newest >= RetentionClock.earliestPlausible.nanoseconds
        }
        if let last = blocks.lastIndex(where: { isOld($0.arrived) && $0.lastNumber < firstInChunks }) {
            return .blocks(Array(blocks[...last]))
        }
        guard progress == .done, let chunk = chunks.last(where: { isOld($0.newest) }) else { return nil }
        let end = chunk.first + chunk.count - 1
        let before = blocks.filter { $0.lastNumber <= end }
        return before.isEmpty ? .chunks(through: end) : .blocks(before)
    }

    /// Drops samples.
    ///
    /// - Parameter readers: how far those have come who read by number; what one has not had is recorded as a gap.
    /// - Parameter keepsRollups: not when there is no room for them.
    /// - Returns: samples dropped.
    func retire(
        _ step: Retirement, unlessReadBy readers: [String: Int64], keepsRollups: Bool = true
    ) throws(StoreError) -> Int64 {
        switch step {
        case .blocks(let blocks):
            var dropped: Int64 = 0
            for block in blocks {
                try recordUnread(block.firstNumber, block.lastNumber, block.samples, readers)
                if !hasRollups(block.tag) {
                    try removeContents(of: block)
                } else if keepsRollups, !block.isRolled {
                    try keepRollups(of: block)
                }
                // A damaged one has gone by now, and is counted as such.
                guard try self.blocks("WHERE id=?", [block.id]) == [block] else { continue }
                try remove(block)
                retiredThrough = max(retiredThrough ?? 0, block.lastNumber)
                var state = try archiveState()
                state.remove(block)
                try write(state)
                dropped += block.samples
            }
            return dropped
        case .chunks(let last):
            let first = try oldestRecent() ?? last
            let state = try archiveState()
            guard first > state.number else { return try retireChunks(through: last, of: state, readers) }
            let count =
                try integer(
                    "SELECT sum(length(data)) / \(SampleRecord.bytes) FROM chunks WHERE id<=?", [.integer(last)]) ?? 0
            try recordUnread(first, last, count, readers)
            try run("DELETE FROM chunks WHERE id<=?", [.integer(last)])
            try run("DELETE FROM waveforms WHERE sample_id BETWEEN ? AND ?", [.integer(first), .integer(last)])
            try run("DELETE FROM texts WHERE sample_id BETWEEN ? AND ?", [.integer(first), .integer(last)])
            return count
        }
    }

    /// Drops chunks of a run that is under way: what is in blocks already stays there.
    private func retireChunks(
        through last: Int64, of state: ArchiveState, _ readers: [String: Int64]
    ) throws(StoreError) -> Int64 {
        var (first, packed, dropped) = (last, Int64(0), Int64(0))
        var contents: [Int64] = []
        try eachRecord(from: 0) { (number, record) throws(StoreError) in
            guard number <= last else { return false }
            if number <= state.number, record.tag <= state.tag {
                packed += 1
                return true
            }
            first = min(first, number)
            dropped += 1
            if !record.state.isPlain { contents.append(number) }
            return true
        }
        if dropped > 0 { try recordUnread(first, last, dropped, readers) }
        try run("DELETE FROM chunks WHERE id<=?", [.integer(last)])
        for number in contents {
            try run("DELETE FROM waveforms WHERE sample_id=?", [.integer(number)])
            try run("DELETE FROM texts WHERE sample_id=?", [.integer(number)])
        }
        if state.tag != ArchiveState.everyTag {
            var state = state
            state.underWay -= packed
            try write(state)
        }
        return dropped
    }

    /// Rolls up what a block holds, before it goes.
    private func keepRollups(of block: BlockHead) throws(StoreError) {
        let samples = try unpack(block)
        for width in RollupWidth.allCases {
            let rows = try rolledUp(samples, of: block.tag, width)
            // A minute with fewer than this many samples would take more room than they did; the hours tell enough.
            if width == .minute, samples.count < Bound.samplesPerMinute * Rollup.buckets(of: samples, width).count {
                continue
            }
            var state = try archiveState()
            for (row, data) in rows { state.rollupBytes += try write(row, data) }
            try write(state)
        }
    }

    /// Waveforms and texts lie under the numbers of their samples.
    private func removeContents(of block: BlockHead) throws(StoreError) {
        for sample in try unpack(block) {
            try run("DELETE FROM waveforms WHERE sample_id=?", [.integer(sample.number)])
            try run("DELETE FROM texts WHERE sample_id=?", [.integer(sample.number)])
        }
    }

    private func recordUnread(
        _ first: Int64, _ last: Int64, _ samples: Int64, _ readers: [String: Int64]
    ) throws(StoreError) {
        let now = clock.wall()
        for (reader, through) in readers where through < last {
            // Those of a block are spread evenly enough over its numbers.
            let unread = through < first ? samples : max(1, samples * (last - through) / (last - first + 1))
            try record(Gap(subject: "reader:\(reader)", from: now, to: now, count: unread, reason: .droppedUnread))
        }
    }

    /// The oldest rows of rollups that are to go, as many as go in one step.
    func rollupsToRetire(before cutoff: WallTime?, maximumBytes: Int64) throws(StoreError) -> [RollupRow] {
        let isLarge = try archiveState().rollupBytes > maximumBytes
        for width in RollupWidth.allCases {
            let last = isLarge ? Int64.max : cutoff.map { $0.nanoseconds - width.rowNanoseconds }
            guard let last else { continue }
            // Rows of a dead clock go when there are too many, not by age.
            let first = isLarge ? Int64.min : RetentionClock.earliestPlausible.nanoseconds
            let rows = try rollupRows(
                "WHERE minutes=? AND from_ns>=? AND from_ns<? ORDER BY from_ns LIMIT \(Bound.rollupsPerTrim)",
                [width.rawValue, first, last])
            if !rows.isEmpty { return rows }
        }
        return []
    }

    func retire(_ rows: [RollupRow]) throws(StoreError) -> Int64 {
        var state = try archiveState()
        for row in rows {
            try delete(.rollups, id: row.id)
            state.rollupBytes -= row.bytes
        }
        try write(state)
        return Int64(rows.count)
    }

    /// Unpacks the blocks that follow this one; damaged ones are put aside by that.
    ///
    /// - Returns: the last of them, 0 at the end.
    func lookAtBlocks(after id: Int64) throws(StoreError) -> Int64 {
        var last: Int64 = 0
        let found = try rows(
            of: .blocks, "WHERE id>? ORDER BY id LIMIT ?", [.integer(id), .integer(Bound.blocksPerLook)],
            onVisit: { last = $0 }, decode: BlockHead.init)
        for block in found { _ = try unpack(block) }
        return last
    }

    /// Gives some free pages back to the file system, when a good part of the file is free.
    func giveBackPages() throws(StoreError) -> Int64 {
        let free = try pragma("freelist_count")
        guard free > Int64(Bound.pagesPerVacuum), free * Self.freeShare > (try pragma("page_count")) else { return 0 }
        try sql { () throws(SQLiteError) in
            _ = try connection.pragma("incremental_vacuum(\(Bound.pagesPerVacuum))")
        }
        return free - (try pragma("freelist_count"))
    }
}
