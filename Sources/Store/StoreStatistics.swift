internal import SQLite

/// What a store holds and has done, for `millwright status`.
package struct StoreStatistics: Sendable {
    /// Samples in the file.
    package var samples: Int64
    /// Of these, packed ones; what they take in the file, and how many blocks they are in.
    package var archivedSamples: Int64
    package var archivedBytes: Int64
    package var blocks: Int64
    package var rollupBytes: Int64
    /// Number of the last sample ever stored.
    package var lastSample: Int64
    package var alerts: Int64
    package var databaseBytes: Int64
    /// Part of it that is free for new rows.
    package var freeBytesInDatabase: Int64
    package var logBytes: Int64
    package var diskFreeBytes: Int64
    package var outbox: [OutboxKind: OutboxTotals]
    /// Rows ever quarantined in this file.
    package var quarantined: Int64
    /// Damaged rows met since the start; more than quarantined ones only in a reader.
    package var damagedSinceStart: Int64
    package var gaps: Int64
    package var schema: Int
    /// Since the start; zero in a reader.
    package var counters: StoreCounters
    /// No room: the oldest samples give way to new ones, or those are refused.
    package var isShort: Bool
}

/// What a store has done since its start.
package struct StoreCounters: Sendable, Equatable {
    package var samples: Int64 = 0
    package var commits: Int64 = 0
    /// Samples in a commit, on average.
    package var samplesPerCommit: Double { commits == 0 ? 0 : Double(samples) / Double(commits) }
    package var checkpoints: Int64 = 0
    /// Checkpoints that the writer had to make itself, because the log had grown to its bound.
    package var ownCheckpoints: Int64 = 0
    package var failedCheckpoints: Int64 = 0
    /// Times that the file was closed and opened again because the disk failed.
    package var reopened: Int64 = 0
    /// Times that the file was made anew from its sound rows because its structure was damaged.
    package var rebuilt: Int64 = 0
    /// Times that space ran out.
    package var shortages: Int64 = 0
    /// Samples refused for want of space; a batch that is offered again counts again.
    package var refusedSamples: Int64 = 0
    /// Samples that gave way to new ones for want of space.
    package var droppedForRoom: Int64 = 0
    /// Samples packed into blocks.
    package var archived: Int64 = 0
    /// Samples dropped by age or size.
    package var retired: Int64 = 0
}

extension Database {
    func statistics(directory: String, counters: StoreCounters, isShort: Bool) throws(StoreError) -> StoreStatistics {
        let pageBytes = try pragma("page_size")
        let archive = try archiveState()
        return StoreStatistics(
            samples: try recentSamples(archive) + archive.samples, archivedSamples: archive.samples,
            archivedBytes: archive.bytes, blocks: archive.blocks, rollupBytes: archive.rollupBytes,
            lastSample: try newestSample(), alerts: try integer("SELECT count(*) FROM alerts") ?? 0,
            databaseBytes: try pragma("page_count") * pageBytes,
            freeBytesInDatabase: try pragma("freelist_count") * pageBytes,
            logBytes: Files.size("\(connection.file)-wal") ?? 0,
            diskFreeBytes: Files.freeBytes(directory), outbox: try outboxTotals(), quarantined: try quarantinedEver(),
            damagedSinceStart: Int64(damagedRows), gaps: try integer("SELECT count(*) FROM gaps") ?? 0,
            schema: Int(try pragma("user_version")), counters: counters, isShort: isShort)
    }
}

extension Store {
    package func statistics() throws(StoreError) -> StoreStatistics {
        var counters = counters
        let progress = checkpointer.counters
        counters.checkpoints = Int64(progress.runs)
        counters.failedCheckpoints = Int64(progress.failures)
        let (directory, isShort) = (directory, isShort)
        return try read { (database) throws(StoreError) in
            try database.statistics(directory: directory, counters: counters, isShort: isShort)
        }
    }
}
