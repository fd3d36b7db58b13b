internal import CSQLite

/// One compiled statement: bind, step, read the columns, reset, use again.
///
/// Parameters count from 1 and columns from 0, as in SQLite. A column that does not exist is a programmer's error.
package final class Statement {
    /// How SQLite holds a value.
    package enum Storage: Sendable {
        case integer, real, text, blob, null
    }

    package let sql: String
    private let connection: Connection
    private let handle: OpaquePointer

    init(connection: Connection, sql: String) throws(SQLiteError) {
        let database = try connection.open()
        var made: OpaquePointer?
        var hasMore = false
        let code = sql.withCString { text in
            var rest: UnsafePointer<CChar>?
            // SAFETY: SQLite sets `rest` to a place inside `text`, which lives for the whole closure.
            let code = sqlite3_prepare_v3(database, text, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &made, &rest)
            if code == SQLITE_OK, let rest {
                hasMore = String(cString: rest).contains { !$0.isWhitespace && $0 != ";" }
            }
            return code
        }
        try connection.check(code, sql: sql)
        guard let made, !hasMore else {
            sqlite3_finalize(made)
            let reason = hasMore ? "more than one statement" : "no statement"
            throw SQLiteError(extendedCode: SQLITE_MISUSE, message: reason, sql: sql, file: connection.file)
        }
        handle = made
        self.connection = connection
        self.sql = sql
    }

    deinit { sqlite3_finalize(handle) }

    /// Parameters that it takes.
    package var parameterCount: Int { Int(sqlite3_bind_parameter_count(handle)) }
    package var columnCount: Int { Int(sqlite3_column_count(handle)) }
    package func columnName(at index: Int32) -> String {
        sqlite3_column_name(handle, index).map { String(cString: $0) } ?? ""
    }

    // MARK: Binding

    package func bind(_ index: Int32, _ value: Int64) throws(SQLiteError) {
        try check(sqlite3_bind_int64(handle, index, value))
    }

    /// Binds a number; SQLite has no NaN and would store NULL for it.
    package func bind(_ index: Int32, _ value: Double) throws(SQLiteError) {
        try check(sqlite3_bind_double(handle, index, value))
    }

    package func bind(_ index: Int32, _ value: Int64?) throws(SQLiteError) {
        if let value { try bind(index, value) } else { try bindNull(index) }
    }

    package func bind(_ index: Int32, _ value: Double?) throws(SQLiteError) {
        if let value { try bind(index, value) } else { try bindNull(index) }
    }

    package func bind(_ index: Int32, _ value: String) throws(SQLiteError) {
        var value = value
        let code = value.withUTF8 { utf8 in
            utf8.withMemoryRebound(to: CChar.self) { text in
                // SAFETY: SQLite copies the text before the call returns.
                mw_sqlite3_bind_text(handle, index, text.baseAddress ?? emptyText, UInt64(text.count))
            }
        }
        try check(code)
    }

    package func bind(_ index: Int32, _ value: String?) throws(SQLiteError) {
        if let value { try bind(index, value) } else { try bindNull(index) }
    }

    package func bind(_ index: Int32, _ value: [UInt8]) throws(SQLiteError) {
        // SAFETY: SQLite copies the bytes before the call returns.
        try check(value.withUnsafeBytes { mw_sqlite3_bind_blob(handle, index, $0.baseAddress, UInt64($0.count)) })
    }

    package func bind(_ index: Int32, _ value: [UInt8]?) throws(SQLiteError) {
        if let value { try bind(index, value) } else { try bindNull(index) }
    }

    /// Binds the bytes of `bytes` as a blob; they are copied.
    package func bind(_ index: Int32, bytes: UnsafeRawBufferPointer) throws(SQLiteError) {
        // SAFETY: SQLite copies the bytes before the call returns.
        try check(mw_sqlite3_bind_blob(handle, index, bytes.baseAddress, UInt64(bytes.count)))
    }

    package func bindNull(_ index: Int32) throws(SQLiteError) { try check(sqlite3_bind_null(handle, index)) }

    // MARK: Running

    /// Goes to the next row.
    ///
    /// - Returns: false when there is none; the statement is then reset.
    /// - Throws: after resetting the statement, with its bindings gone.
    package func step() throws(SQLiteError) -> Bool {
        _ = try connection.open()
        let code = sqlite3_step(handle)
        switch code {
        case SQLITE_ROW: return true
        case SQLITE_DONE:
            sqlite3_reset(handle)
            return false
        default:
            let error = connection.failure(code, sql: sql)
            reset()
            throw error
        }
    }

    /// Runs to the end, for statements whose rows do not matter, and keeps the bindings.
    package func run() throws(SQLiteError) {
        while try step() {}
    }

    /// Ends the run and forgets the bindings.
    package func reset() {
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
    }

    // MARK: Columns of the current row

    package func storage(at index: Int32) -> Storage {
        switch sqlite3_column_type(handle, index) {
        case SQLITE_INTEGER: .integer
        case SQLITE_FLOAT: .real
        case SQLITE_TEXT: .text
        case SQLITE_BLOB: .blob
        default: .null
        }
    }

    package func isNull(at index: Int32) -> Bool { sqlite3_column_type(handle, index) == SQLITE_NULL }

    /// The column as an integer; SQLite converts, and gives 0 for NULL.
    package func int64(at index: Int32) -> Int64 { sqlite3_column_int64(handle, index) }

    /// The column as a number; SQLite converts, and gives 0 for NULL.
    package func double(at index: Int32) -> Double { sqlite3_column_double(handle, index) }

    package func optionalInt64(at index: Int32) -> Int64? { isNull(at: index) ? nil : int64(at: index) }
    package func optionalDouble(at index: Int32) -> Double? { isNull(at: index) ? nil : double(at: index) }

    /// The column as text, nil for NULL; bytes that are no UTF-8 become replacement characters.
    package func text(at index: Int32) -> String? {
        guard let start = sqlite3_column_text(handle, index) else { return nil }
        // SAFETY: SQLite keeps the text until the next step or reset; it is copied here.
        let bytes = UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, index)))
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The column's bytes, nil for NULL.
    package func blob(at index: Int32) -> [UInt8]? {
        isNull(at: index) ? nil : withBytes(at: index) { Array($0) }
    }

    /// Hands the column's bytes to `body` without copying; they are gone when it returns.
    package func withBytes<Result>(at index: Int32, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        let start = sqlite3_column_blob(handle, index)
        // SAFETY: SQLite keeps the bytes until the next step or reset, which `body` cannot outlive.
        return body(
            UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : Int(sqlite3_column_bytes(handle, index))))
    }

    /// The same for the column's text in UTF-8.
    package func withTextBytes<Result>(at index: Int32, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        let start = sqlite3_column_text(handle, index)
        // SAFETY: as above.
        return body(
            UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : Int(sqlite3_column_bytes(handle, index))))
    }

    private func check(_ code: Int32) throws(SQLiteError) { try connection.check(code, sql: sql) }
}

extension Statement {
    /// A place for the address of an empty text, which Swift may give as nil and SQLite would take for NULL.
    private var emptyText: UnsafePointer<CChar> { sqlite3_libversion() }
}
