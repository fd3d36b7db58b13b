internal import Plant
internal import SQLite

/// What one call of ``Store/maintain()`` did.
package struct MaintenanceReport: Sendable, Equatable {
    /// Samples dropped by age or size.
    package var retiredSamples: Int64 = 0
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

extension Store {
    /// Steps of each kind in one call, so that a call ends soon also after a long time without one.
    private static let stepsPerCall = 64

    /// Keeps the bounds: drops old samples in small steps, gives free pages back, looks
    /// whether space has returned. Commits go in between the steps.
    package nonisolated func maintain() async throws(StoreError) -> MaintenanceReport {
        var report = MaintenanceReport()
        await endShortage()
        let judgesAge = await trustsClock()
        for step in 0..<Self.stepsPerCall {
            let retired = try await retireStep(judgesAge: judgesAge)
            report.retiredSamples += retired
            if retired == 0 { break }
            report.isDone = step < Self.stepsPerCall - 1
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

    /// Drops the oldest samples, if they are too old or the file is too large.
    private func retireStep(judgesAge: Bool) throws(StoreError) -> Int64 {
        let cutoff = judgesAge ? clock.wall() + (.zero - limits.maximumAge) : nil
        let maximumBytes = limits.maximumBytes
        let last = try read { (database) throws(StoreError) in
            try database.lastToRetire(before: cutoff, maximumBytes: maximumBytes)
        }
        guard let last else { return 0 }
        let retired = try write { (database) throws(StoreError) in try database.retire(through: last) }
        counters.retired += retired
        return retired
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

    /// Number of the last sample of the next step of retention, nil when nothing is to go.
    func lastToRetire(before cutoff: WallTime?, maximumBytes: Int64) throws(StoreError) -> Int64? {
        let chunks = try oldestChunks()
        if try usedBytes() > maximumBytes { return chunks.last.map { $0.first + $0.count - 1 } }
        guard let cutoff else { return nil }
        // Samples of a dead clock go together with the first ones after them whose time means something.
        let old = chunks.last {
            $0.newest < cutoff.nanoseconds && $0.newest >= RetentionClock.earliestPlausible.nanoseconds
        }
        return old.map { $0.first + $0.count - 1 }
    }

    /// Drops the chunks up to this number.
    ///
    /// - Returns: samples dropped.
    func retire(through last: Int64) throws(StoreError) -> Int64 {
        let count = try integer(
            "SELECT sum(length(data)) / \(SampleRecord.bytes) FROM chunks WHERE id<=?", [.integer(last)])
        let first = try oldestRecent() ?? last
        try run("DELETE FROM chunks WHERE id<=?", [.integer(last)])
        try run("DELETE FROM waveforms WHERE sample_id BETWEEN ? AND ?", [.integer(first), .integer(last)])
        try run("DELETE FROM texts WHERE sample_id BETWEEN ? AND ?", [.integer(first), .integer(last)])
        return count ?? 0
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
