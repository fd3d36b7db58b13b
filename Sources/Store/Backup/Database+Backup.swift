internal import Glibc
internal import Logging
internal import Plant
internal import SQLite
internal import Trust

extension Database {
    /// When the file was made as a backup; there until it has been opened as a store again.
    private static let backupKey = "backup.taken"
    /// Numbers of the outbox that are passed over when a backup is opened as a store: after the backup the box gave some
    /// of them to other content, and the registry knows them. More than any box gives between two backups: a thousand
    /// a second for 49 days. The registry takes numbers up to 2^53.
    private static let outboxNumbersPassedOver: Int64 = 1 << 32

    /// Notes that this file is a copy, and puts the files into it that belong to it.
    ///
    /// - Returns: what could not be put in.
    func becomeBackup(
        at time: WallTime, carrying files: [CarriedFile], from directory: String
    ) throws(StoreError) -> [StoreFault] {
        try transaction { () throws(StoreError) in
            try set(Self.backupKey, String(time.nanoseconds))
            var missing: [StoreFault] = []
            for file in files {
                do throws(StoreError) {
                    try carry(file, from: directory)
                } catch {
                    guard case .file = error else { throw error }
                    missing.append(StoreFault(place: "file", row: 0, reason: "\(file.path): \(error)"))
                }
            }
            return missing
        }
    }

    func backupTime() throws(StoreError) -> WallTime? {
        try value(Self.backupKey).flatMap { Int64($0) }.map { WallTime(nanoseconds: $0) }
    }

    private func carry(_ carried: CarriedFile, from directory: String) throws(StoreError) {
        let file = try MappedFile(path: "\(directory)/\(carried.path)")
        try file.withBytes { (bytes) throws(StoreError) in try carry(bytes, as: carried.name) }
    }

    // SAFETY: SQLite copies the bytes when they are bound; the caller keeps them until this returns.
    func carry(_ bytes: UnsafeRawBufferPointer, as name: String) throws(StoreError) {
        let id = try nextID(of: .files)
        try sql { () throws(SQLiteError) in
            let statement = try connection.statement(Table.files.insert)
            var checksum = RowChecksum(table: Table.files.rawValue)
            checksum.add(id)
            checksum.add(name)
            checksum.add(blob: bytes)
            try statement.bind(1, id)
            try statement.bind(2, name)
            try statement.bind(3, bytes: bytes)
            try statement.bind(4, Int64(checksum.value))
            try statement.run()
            statement.reset()
        }
    }

    /// A picture that cannot be written is no reason not to start, but for want of room, which passes.
    private func restore(_ bytes: [UInt8], as name: String, in directory: String) throws(StoreError) {
        do throws(StoreError) { try CarriedFile.restore(bytes, as: name, in: directory) } catch {
            guard case .file = error else { throw error }
            logger.error("a file in the backup cannot be written and is left out", metadata: ["error": "\(error)"])
        }
    }

    /// Makes a backup that was put in the store's place the store; does nothing to any other file.
    ///
    /// A kill in between begins again: files are written whole, the rest is one transaction.
    func adoptBackup(into directory: String, models: ModelFiles) throws(StoreError) {
        guard let taken = try backupTime() else { return }
        for id in try rows(of: .files, decode: { $0.int64(at: 0) }) {
            // One at a time: they may be large.
            let file = try row(of: .files, "WHERE id=?", [.integer(id)]) { row in
                row.text(at: 1).flatMap { name in row.blob(at: 2).map { (name, $0) } }
            }
            guard let (name, bytes) = file else { continue }
            guard CarriedFile.isModel(name) else {
                if StoreFolder.holds(name) {
                    try restore(bytes, as: name, in: directory)
                } else {
                    logger.error(
                        "a file in the backup has a name that no backup gives, and is left out",
                        metadata: ["file": "\(name)"])
                }
                continue
            }
            let digest = String(name.prefix { $0 != "." })
            guard (try? Digest(of: bytes))?.hex == digest else {
                logger.error("a model file in the backup is damaged and left out", metadata: ["file": "\(name)"])
                continue
            }
            if try !models.contains(digest) { try models.write(bytes, digest: digest) }
        }
        let now = clock.wall()
        try transaction { () throws(StoreError) in
            let next = try nextID(of: .outbox)
            try run("DELETE FROM sqlite_sequence WHERE name='outbox'")
            try run(
                "INSERT INTO sqlite_sequence(name, seq) VALUES('outbox', ?)",
                [.integer(next - 1 + Self.outboxNumbersPassedOver)])
            try run("DELETE FROM files")
            try set(Self.backupKey, nil)
            try record(Gap(subject: "store", from: min(taken, now), to: now, count: 1, reason: .restored))
        }
        logger.notice("the store was a backup and goes on from it", metadata: ["taken": "\(ISO8601.string(taken))"])
    }
}
