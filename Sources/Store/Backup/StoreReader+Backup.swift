internal import Glibc
internal import Logging
internal import Plant
internal import SQLite

/// Copies of a store, made while the daemon goes on.
///
/// Pages are copied, not rows (as `VACUUM INTO` would): it is as fast as the medium, what is damaged is copied as it is
/// and can be salvaged later, and the list of tables stays the one whose checksum is noted. One read transaction is held
/// meanwhile, so that the copy is of one moment whatever the daemon commits; its log cannot start anew until the end.
extension StoreReader {
    /// Writes a file that is a store of its own, with the files in it that belong to it, and reads all of it again.
    ///
    /// - Parameter replaces: whether a file of that name may be there.
    /// - Returns: what the reading found; also a copy of damaged rows is kept, because the rest of it is sound.
    /// - Throws: when there is no copy; nothing of it is then left, and a file of that name is as it was.
    package func backup(
        to path: String, replaces: Bool, onProgress: @Sendable (BackupProgress) -> Void = { _ in }
    ) throws(BackupError) -> BackupReport {
        let target = BackupTarget(path: path)
        try target.check(replaces: replaces, store: file)
        do throws(BackupError) {
            let taken = clock.wall()
            let (files, leftOut) = try copyPages(to: target, onProgress)
            let missing = leftOut + (try complete(target, files, taken))
            try target.sync()
            var check = try Self.check(target.temporary, clock, logger, onProgress)
            for fault in missing { check.add(fault) }
            try target.finish(replaces: replaces)
            return BackupReport(
                path: path, check: check,
                isOnSameFileSystem: Files.isOnSameFileSystem(file, path))
        } catch {
            target.abandon()
            throw error
        }
    }

    /// Looks at every checksum in a backup, or in a store beside its daemon, and changes nothing.
    package func check(
        onProgress: @Sendable (BackupProgress) -> Void = { _ in }
    ) throws(BackupError) -> CheckReport {
        try Self.check(file, clock, logger, onProgress)
    }

    // MARK: Steps

    /// - Returns: files that belong to the moment that was copied, and those that cannot be carried.
    private func copyPages(
        to target: BackupTarget, _ onProgress: (BackupProgress) -> Void
    ) throws(BackupError) -> (files: [CarriedFile], leftOut: [StoreFault]) {
        let source = database.connection
        let pageBytes = try reading(target) { () throws(SQLiteError) in
            try source.begin(.deferred)
            return try source.pragmaInteger("page_size")
        }
        defer { source.rollback() }
        // The first read of the file itself fixes the moment that is copied.
        let pages = try reading(target) { () throws(SQLiteError) in try source.pragmaInteger("page_count") }
        let carried: (files: [CarriedFile], leftOut: [StoreFault])
        do throws(StoreError) { carried = try CarriedFile.all(in: directory) } catch { throw .store(error) }
        try target.needs(pages * pageBytes + carried.files.reduce(0) { $0 + $1.bytes })
        try reading(target) { () throws(SQLiteError) in
            let copy = try Connection(path: target.temporary, access: .create)
            defer { copy.close() }
            // Nothing to undo and no order to keep: the file counts only when it was synced and has its name.
            try copy.pragma("journal_mode", "OFF")
            try copy.pragma("synchronous", "OFF")
            try source.backup(into: copy) { done, total in
                onProgress(.copying(bytes: done * pageBytes, of: total * pageBytes))
                return !Task.isCancelled
            }
        }
        return carried
    }

    /// Puts in what makes one file enough for a restore, and makes it a file that needs no log beside it, so that it can
    /// be read from a medium that cannot be written.
    ///
    /// - Returns: what could not be put in.
    private func complete(
        _ target: BackupTarget, _ files: [CarriedFile], _ taken: WallTime
    ) throws(BackupError) -> [StoreFault] {
        try reading(target) { () throws(SQLiteError) in
            let copy = try Connection(path: target.temporary, access: .readWrite)
            defer { copy.close() }
            // Alone on the file: no memory is shared through a file beside it, which not every medium can.
            try copy.pragma("locking_mode", "EXCLUSIVE")
            try copy.pragma("journal_mode", "DELETE")
        }
        do throws(StoreError) {
            let copy = try Database(beside: target.temporary, access: .readWrite, clock: clock, logger: logger)
            defer { copy.connection.close() }
            return try copy.becomeBackup(at: taken, carrying: files, from: directory)
        } catch {
            switch error {
            case .damaged: return [StoreFault(place: "structure", row: 0, reason: "\(error)")]
            case .full: throw full(target)
            default: throw .store(error)
            }
        }
    }

    private static func check(
        _ file: String, _ clock: any PlantClock, _ logger: Logger, _ onProgress: (BackupProgress) -> Void
    ) throws(BackupError) -> CheckReport {
        let database: Database
        do throws(StoreError) {
            database = try Database(beside: file, access: .readOnly, clock: clock, logger: logger)
        } catch {
            throw .store(error)
        }
        defer { database.connection.close() }
        let size = Files.size(file) ?? 0
        var report = CheckReport()
        try withoutActuallyEscaping(onProgress) { (onProgress) throws(BackupError) in
            var walk = ChecksumWalk(database) { bytes in
                onProgress(.checking(bytes: min(bytes, size), of: size))
                return !Task.isCancelled
            }
            try walk.run()
            report = walk.report
            report.bytes = size
        }
        return report
    }

    // MARK: Errors

    private func reading<Result>(
        _ target: BackupTarget, _ body: () throws(SQLiteError) -> Result
    ) throws(BackupError) -> Result {
        do throws(SQLiteError) {
            return try body()
        } catch {
            if error.isInterrupt { throw .cancelled }
            if error.isReading { throw .unreadable(path: file, reason: error.description) }
            if error.isFull { throw full(target) }
            guard error.file == target.temporary else { throw .store(StoreError(error)) }
            throw .unwritable(path: target.path, reason: error.description)
        }
    }

    private func full(_ target: BackupTarget) -> BackupError {
        .unwritable(path: target.path, reason: "no space left, or a limit on the size of files")
    }
}
