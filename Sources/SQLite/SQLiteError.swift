internal import CSQLite

/// What SQLite refused, with the statement and the file it was about.
package struct SQLiteError: Error, Hashable, Sendable {
    /// Primary result code, for example 13 (SQLITE_FULL).
    package var code: Int32
    /// Extended result code, for example 1034 (SQLITE_IOERR_FSYNC); equal to ``code`` where SQLite gives no more.
    package var extendedCode: Int32
    package var message: String
    /// The statement, nil where none was involved.
    package var sql: String?
    /// Path of the main database file, empty for one in memory.
    package var file: String

    package init(extendedCode: Int32, message: String, sql: String? = nil, file: String) {
        self.code = extendedCode & 0xFF
        self.extendedCode = extendedCode
        self.message = message
        self.sql = sql
        self.file = file
    }

    /// Neither the disk nor the page limit left room.
    package var isFull: Bool { code == SQLITE_FULL }
    /// Another connection held a lock for longer than the busy timeout.
    package var isBusy: Bool { code == SQLITE_BUSY || code == SQLITE_LOCKED }
    /// The operating system failed a read, write, lock or sync: the connection must not be used further.
    package var isInputOutput: Bool { code == SQLITE_IOERR }
    /// The file could not be read, as opposed to written: its medium fails.
    package var isReading: Bool { Self.readingCodes.contains(extendedCode) }
    /// SQLITE_IOERR_READ and SQLITE_IOERR_SHORT_READ, which Swift does not import.
    private static let readingCodes = [SQLITE_IOERR | 1 << 8, SQLITE_IOERR | 2 << 8]
    /// Somebody asked for an end.
    package var isInterrupt: Bool { code == SQLITE_INTERRUPT }
    /// The file is not a database, or its structure is damaged.
    package var isDamage: Bool { code == SQLITE_CORRUPT || code == SQLITE_NOTADB }
    /// The statement does not fit the schema: an unknown table or column, or bad SQL.
    package var isLogic: Bool { code == SQLITE_ERROR }
    /// What ``isDamage`` is made of, for a layer above that finds damage by its own means.
    package static var damageCode: Int32 { SQLITE_CORRUPT }
    /// A uniqueness, check, type or foreign key rule of the schema.
    package var isConstraint: Bool { code == SQLITE_CONSTRAINT }
}

extension SQLiteError: CustomStringConvertible {
    package var description: String {
        let name = String(cString: sqlite3_errstr(extendedCode))
        var text = "sqlite error \(extendedCode) (\(name)) in \(file.isEmpty ? "memory" : file)"
        if message != name { text += ": \(message)" }
        if let sql { text += " [\(sql)]" }
        return text
    }
}
