internal import CSQLite

/// One open database. Not thread-safe: it stays where it was opened, inside one actor or one thread.
package final class Connection {
    package enum Access: Sendable {
        case readOnly
        case readWrite
        /// Makes the file if it is missing; the directory must exist.
        case create
    }

    package enum Locking: String, Sendable {
        case deferred = "DEFERRED"
        /// Takes the write lock at once, so that a transaction that will write never fails half-way for a lock.
        case immediate = "IMMEDIATE"
    }

    /// Path as given; empty for one in memory.
    package let file: String
    var handle: OpaquePointer?
    private var cache: [String: Statement] = [:]
    // SAFETY: allocated once in `init`, freed in `deinit` after the connection that writes to it is gone.
    private let pagesInLog: UnsafeMutablePointer<Int32>

    /// Opens a database file.
    ///
    /// - Parameter path: a file, or `:memory:`.
    /// - Parameter busyTimeout: how long a statement waits for another connection's lock.
    /// - Throws: `SQLiteError` when the file cannot be opened. That it is no database shows only at the first
    ///   statement.
    package init(
        path: String, access: Access = .create, busyTimeout: Duration = .seconds(5)
    ) throws(SQLiteError) {
        let mode =
            switch access {
            case .readOnly: SQLITE_OPEN_READONLY
            case .readWrite: SQLITE_OPEN_READWRITE
            case .create: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
            }
        file = path == ":memory:" ? "" : path
        pagesInLog = .allocate(capacity: 1)
        pagesInLog.initialize(to: 0)
        // SQLite's own mutexes are left out: a connection is used from one place at a time by contract.
        let code = sqlite3_open_v2(path, &handle, mode | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
        guard code == SQLITE_OK else {
            let message = handle.map { String(cString: sqlite3_errmsg($0)) } ?? String(cString: sqlite3_errstr(code))
            sqlite3_close_v2(handle)
            handle = nil
            throw SQLiteError(extendedCode: code, message: message, file: file)
        }
        let (seconds, attoseconds) = busyTimeout.components
        let milliseconds = seconds * 1_000 + attoseconds / 1_000_000_000_000_000
        sqlite3_busy_timeout(handle, Int32(clamping: milliseconds))
    }

    deinit {
        close()
        pagesInLog.deallocate()
    }

    /// Closes the file; every later call on it throws. Statements still held elsewhere release it when they go.
    package func close() {
        cache.removeAll()
        if let handle { sqlite3_close_v2(handle) }
        handle = nil
    }

    package var isOpen: Bool { handle != nil }

    /// Compiles one statement; the caller keeps it and uses it again.
    ///
    /// - Throws: `SQLiteError` for bad SQL, a missing table, or text after the first statement.
    package func prepare(_ sql: String) throws(SQLiteError) -> Statement {
        try Statement(connection: self, sql: sql)
    }

    /// A statement compiled at its first use and kept until ``close()``, reset and without bindings.
    ///
    /// One statement exists for each text: do not ask for the same text again while stepping it.
    package func statement(_ sql: String) throws(SQLiteError) -> Statement {
        if let kept = cache[sql] {
            kept.reset()
            return kept
        }
        let made = try prepare(sql)
        cache[sql] = made
        return made
    }

    /// Runs statements separated by semicolons; rows are ignored.
    package func execute(_ sql: String) throws(SQLiteError) {
        try check(sqlite3_exec(try open(), sql, nil, nil, nil), sql: sql)
    }

    /// Sets a pragma and returns what SQLite answers: the first column of the first row, nil when it answers nothing.
    @discardableResult
    package func pragma(_ name: String, _ value: String? = nil) throws(SQLiteError) -> String? {
        let statement = try prepare(value.map { "PRAGMA \(name)=\($0)" } ?? "PRAGMA \(name)")
        let answer = try statement.step() ? statement.text(at: 0) : nil
        // Some pragmas act only when stepped to their end.
        while try statement.step() {}
        return answer
    }

    /// Reads a pragma with a number for an answer.
    package func pragmaInteger(_ name: String) throws(SQLiteError) -> Int64 {
        let statement = try prepare("PRAGMA \(name)")
        return try statement.step() ? statement.int64(at: 0) : 0
    }

    /// Changes whenever another connection, in this process or another, has committed to the file.
    package func dataVersion() throws(SQLiteError) -> Int64 {
        let statement = try statement("PRAGMA data_version")
        defer { statement.reset() }
        return try statement.step() ? statement.int64(at: 0) : 0
    }

    package func begin(_ locking: Locking = .immediate) throws(SQLiteError) {
        try run("BEGIN \(locking.rawValue)")
    }

    /// Returns when the transaction is as durable as `PRAGMA synchronous` promises. After a throw the transaction may
    /// still be open: call ``rollback()``.
    package func commit() throws(SQLiteError) { try run("COMMIT") }

    /// Undoes the open transaction; does nothing where SQLite has already undone it itself.
    package func rollback() {
        if let handle, sqlite3_get_autocommit(handle) == 0 { sqlite3_exec(handle, "ROLLBACK", nil, nil, nil) }
    }

    package var isInTransaction: Bool { handle.map { sqlite3_get_autocommit($0) == 0 } ?? false }

    /// Runs `body` in one transaction: all of it or nothing.
    ///
    /// - Throws: what `body` throws, or what the commit throws; both after the transaction is undone.
    package func transaction<Result>(
        _ locking: Locking = .immediate, _ body: () throws(SQLiteError) -> Result
    ) throws(SQLiteError) -> Result {
        try begin(locking)
        do throws(SQLiteError) {
            let result = try body()
            try commit()
            return result
        } catch {
            rollback()
            throw error
        }
    }

    /// Rows that the last INSERT, UPDATE or DELETE touched.
    package var changes: Int { handle.map { Int(sqlite3_changes($0)) } ?? 0 }

    package var lastInsertRowID: Int64 { handle.map { sqlite3_last_insert_rowid($0) } ?? 0 }

    /// Runs a statement that gives no rows, compiled once.
    package func run(_ sql: String) throws(SQLiteError) {
        let statement = try statement(sql)
        try statement.run()
    }

    func open() throws(SQLiteError) -> OpaquePointer {
        guard let handle else {
            throw SQLiteError(extendedCode: SQLITE_MISUSE, message: "the database is closed", file: file)
        }
        return handle
    }

    func check(_ code: Int32, sql: String? = nil) throws(SQLiteError) {
        guard code != SQLITE_OK else { return }
        throw failure(code, sql: sql)
    }

    func failure(_ code: Int32, sql: String? = nil) -> SQLiteError {
        let message = handle.map { String(cString: sqlite3_errmsg($0)) } ?? String(cString: sqlite3_errstr(code))
        return SQLiteError(extendedCode: code, message: message, sql: sql, file: file)
    }

    /// Counts the pages in the write-ahead log after each commit of this connection and switches the automatic
    /// checkpoint off, so that the commit never pays for it.
    package func watchLog() throws(SQLiteError) {
        mw_sqlite3_watch_wal(try open(), pagesInLog)
    }

    /// Pages in the write-ahead log after the latest commit; 0 before ``watchLog()``.
    package var logPages: Int { Int(pagesInLog.pointee) }
}
