internal import Logging
package import Plant
internal import SQLite

extension Store {
    // MARK: Reading

    /// Samples with numbers above `id` in the order of storing, at most `limit` (and at most 100,000), whether they are
    /// packed already or not.
    ///
    /// - Parameter tags: only samples of these; nil for those of all.
    /// - Parameter reader: a name under which the archiver knows that everything up to `id` was read; see
    ///   ``note(reader:through:)``.
    package nonisolated func samples(
        after id: Int64, limit: Int, of tags: Set<TagID>? = nil, reader: String? = nil
    ) async throws(StoreError) -> SamplePage {
        let tags = tags.map(TagSelection.init)
        if let reader { await note(reader: reader, through: id) }
        if let page = try await recentSamples(after: id, limit: limit, of: tags) { return page }
        return try await readHistory { (database) throws(StoreError) in
            try database.samples(after: id, limit: limit, of: tags)
        }
    }

    /// Samples of one tag with a time in `from ..< to`, in the order of their times, at most `limit` (and at most
    /// 100,000).
    ///
    /// - Parameter position: what came before: ``HistoryPage/next`` of the page before; nil for the first.
    package nonisolated func history(
        _ tag: TagID, from: WallTime, to: WallTime, after position: HistoryPosition? = nil, limit: Int
    ) async throws(StoreError) -> HistoryPage {
        try await readHistory { (database) throws(StoreError) in
            try database.history(tag, from: from, to: to, after: position, limit: limit)
        }
    }

    /// The buckets of a tag that begin in `from ..< to` and have samples, in their order; none for texts and waveforms.
    package nonisolated func rollups(
        _ tag: TagID, _ width: RollupWidth, from: WallTime, to: WallTime
    ) async throws(StoreError) -> [RollupBucket] {
        try await readHistory { (database) throws(StoreError) in
            try database.rollups(tag, width, from: from, to: to)
        }
    }

    /// Every tag that was ever declared, also those whose unit has changed since.
    package func tagRecords() throws(StoreError) -> [TagRecord] {
        try read { (database) throws(StoreError) in database.tagRecords() }
    }

    private nonisolated func readHistory<Value: Sendable>(
        _ body: @Sendable (Database) throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let (value, damage) = try await historian.read(body)
        try await repair(damage)
        return value
    }

    func repair(_ damage: Set<DamagedPlace>) throws(StoreError) {
        guard !damage.isEmpty else { return }
        try read { (database) throws(StoreError) in try database.repair(damage) }
    }

    /// - Returns: nil when they are in the archive.
    private func recentSamples(
        after id: Int64, limit: Int, of tags: TagSelection?
    ) throws(StoreError) -> SamplePage? {
        try read { (database) throws(StoreError) in
            guard try database.isRecent(id + 1) else { return nil }
            return try database.samples(after: id, limit: limit, of: tags)
        }
    }

    // MARK: Readers by number

    /// Says how far a reader by number has come; nil when it reads no more.
    ///
    /// Contract: samples above the lowest of these numbers stay in chunks, where reading by number is fast, as long as
    /// no more than four times ``Limits/hotSamples`` are there. Beyond it they are packed all the same; a reader still
    /// gets each of them once and in order, and what retention drops before it was read is recorded as a gap
    /// `reader:<name>`.
    package func note(reader: String, through number: Int64?) { readers[reader] = number }

    // MARK: Packing

    /// What a step of the archiver leaves.
    enum ArchiveProgress {
        /// All that is to be packed is packed.
        case done
        case mayBeMore
        /// There is something to be packed, and no room for it.
        case noRoom
    }

    /// One step of the archiver.
    nonisolated func archiveStep(judgesAge: Bool) async throws(StoreError) -> ArchiveProgress {
        guard let rule = await archiveRule(judgesAge: judgesAge) else { return .noRoom }
        let (step, _) = try await historian.read { (database) throws(StoreError) in
            try database.nextArchiveStep(rule)
        }
        return try await carryOut(step)
    }

    /// Nil while there is no room: packed samples need some before the others are gone, and what is left is for alerts.
    private func archiveRule(judgesAge: Bool) -> ArchiveRule? {
        guard !isShort, !isClosed else { return nil }
        return ArchiveRule(
            hotSamples: max(2, limits.packsBeyond), lowWater: readers.values.min() ?? .max,
            expired: judgesAge ? clock.wall() + (.zero - limits.maximumAge) : nil,
            before: judgesAge ? clock.wall() + (.zero - limits.packsAfter) : nil,
            span: max(1, limits.blockSpan.wholeNanoseconds), tagsPerPlan: limits.tagsPerPlan,
            samplesPerBlock: limits.samplesPerBlock)
    }

    private func carryOut(_ step: ArchiveStep) throws(StoreError) -> ArchiveProgress {
        do throws(StoreError) {
            switch step {
            case .nothing: return .done
            case .damage(let places): try repair(places)
            case .removeChunks:
                try transact { (database) throws(StoreError) in try database.removeArchivedChunks() }
            case .plan(let plan):
                let isDone = try transact { (database) throws(StoreError) in try database.carryOut(plan) }
                if isDone { counters.archived += plan.samples }
            }
            return .mayBeMore
        } catch .full {
            // It is not for the archiver to have telemetry refused; retention makes room.
            return .noRoom
        }
    }
}
