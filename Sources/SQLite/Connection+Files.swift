internal import CSQLite

/// What one run of a checkpoint reached.
package struct CheckpointResult: Sendable {
    /// False when another connection kept the checkpoint from finishing.
    package var isComplete: Bool
    /// Pages in the write-ahead log.
    package var logPages: Int
    /// Of these, pages now in the database file.
    package var movedPages: Int
}

extension Connection {
    package enum CheckpointMode: Sendable {
        /// Moves what it can without making anybody wait.
        case passive
        /// Waits for writers and readers, and makes the next writer start the log anew.
        case restart
        /// As `restart`, and cuts the log file to nothing.
        case truncate
    }

    /// Moves pages from the write-ahead log into the database file and syncs it.
    package func checkpoint(_ mode: CheckpointMode) throws(SQLiteError) -> CheckpointResult {
        let rawMode =
            switch mode {
            case .passive: SQLITE_CHECKPOINT_PASSIVE
            case .restart: SQLITE_CHECKPOINT_RESTART
            case .truncate: SQLITE_CHECKPOINT_TRUNCATE
            }
        // A connection that has read nothing yet does not know of the log, and the call would do nothing.
        let look = try statement("SELECT 1 FROM sqlite_schema LIMIT 1")
        _ = try look.step()
        look.reset()
        var logPages: Int32 = 0
        var movedPages: Int32 = 0
        let code = sqlite3_wal_checkpoint_v2(try open(), nil, rawMode, &logPages, &movedPages)
        let isBusy = code & 0xFF == SQLITE_BUSY
        if !isBusy { try check(code) }
        return CheckpointResult(
            isComplete: !isBusy && logPages == movedPages, logPages: max(0, Int(logPages)),
            movedPages: max(0, Int(movedPages)))
    }

    /// Copies the whole database into `target`, which is replaced; a writer may go on meanwhile.
    ///
    /// Begin a transaction and read something before, and the copy is of that moment; else it starts anew whenever
    /// another process has written.
    /// - Parameter pagesPerStep: pages copied under one read lock.
    /// - Parameter onStep: told how many of how many pages are copied; false ends the copying with `isInterrupt`.
    package func backup(
        into target: Connection, pagesPerStep: Int32 = 1_024,
        onStep: (_ pages: Int64, _ total: Int64) -> Bool = { _, _ in true }
    ) throws(SQLiteError) {
        guard let backup = sqlite3_backup_init(try target.open(), "main", try open(), "main") else {
            throw target.failure(sqlite3_extended_errcode(target.handle))
        }
        var code = SQLITE_OK
        while code == SQLITE_OK {
            code = sqlite3_backup_step(backup, pagesPerStep)
            let total = Int64(sqlite3_backup_pagecount(backup))
            let isToGoOn = onStep(total - Int64(sqlite3_backup_remaining(backup)), total)
            if code == SQLITE_OK, !isToGoOn { code = SQLITE_INTERRUPT }
        }
        let finished = sqlite3_backup_finish(backup)
        guard code == SQLITE_DONE else { throw target.failure(code) }
        try target.check(finished)
    }

    /// Walks the whole file and returns what is wrong with its structure, empty when nothing is.
    ///
    /// It does not see flipped bits inside a value; row checksums do.
    package func structureFaults(limit: Int = 100) throws(SQLiteError) -> [String] {
        let statement = try prepare("PRAGMA integrity_check(\(limit))")
        var faults: [String] = []
        while try statement.step() {
            let line = statement.text(at: 0) ?? ""
            if line != "ok" { faults.append(line) }
        }
        return faults
    }
}
