internal import SQLite

/// Whether the list of tables is the one that was written: a flipped bit in it renames a column, or lets a table begin
/// at another's page, and no row checksum could then be trusted to be of that table.
enum SchemaCheck {
    /// Where the checksum of the list is kept.
    static let key = "schema.checksum"

    /// - Throws: `.damaged` when the list differs from the one that was noted.
    static func run(on database: Database) throws(StoreError) {
        if let missing = try verify(database) {
            try database.transaction { () throws(StoreError) in try database.set(key, missing) }
        }
    }

    /// - Returns: the list's checksum where none was noted.
    /// - Throws: `.damaged` when the list differs from the one that was noted.
    static func verify(_ database: Database) throws(StoreError) -> String? {
        do throws(StoreError) {
            let found = try checksum(database)
            guard let noted = try database.value(key) else { return found }
            guard noted == found else {
                throw damage(database, "the list of tables is not the one that was written")
            }
            return nil
        } catch .database(let error) where error.isLogic {
            // SQL that is sound against a sound file: a name in the list of tables has changed.
            throw damage(database, error.message)
        }
    }

    private static func checksum(_ database: Database) throws(StoreError) -> String {
        try database.sql { () throws(SQLiteError) in
            let rows = try database.connection.prepare(
                "SELECT type, name, tbl_name, rootpage, coalesce(sql, '') FROM sqlite_schema ORDER BY rowid")
            var checksum = RowChecksum(table: "sqlite_schema")
            while try rows.step() {
                for column: Int32 in [0, 1, 2, 4] { checksum.add(rows.text(at: column) ?? "") }
                checksum.add(rows.int64(at: 3))
            }
            return String(checksum.value, radix: 16)
        }
    }

    private static func damage(_ database: Database, _ message: String) -> StoreError {
        .damaged(
            SQLiteError(extendedCode: SQLiteError.damageCode, message: message, file: database.connection.file))
    }

    /// Gives a damaged file its list of tables back, but for the pages where they begin.
    static func repair(_ damaged: Connection) throws(StoreError) {
        do throws(SQLiteError) {
            let fresh = try Connection(path: ":memory:")
            for migration in Migrations.all { try fresh.execute(migration.sql) }
            try damaged.pragma("writable_schema", "ON")
            let rows = try fresh.prepare("SELECT rowid, type, name, tbl_name, sql FROM sqlite_schema")
            while try rows.step() {
                let update = try damaged.prepare(
                    "UPDATE sqlite_schema SET type=?2, name=?3, tbl_name=?4, sql=?5 WHERE rowid=?1")
                try update.bindColumns(of: rows)
                try update.run()
            }
        } catch {
            throw StoreError(error)
        }
    }
}
