import SQLite

/// One numbered step of the schema. A released step is never edited: the next one corrects it.
struct Migration: Sendable {
    var number: Int
    var sql: String
    /// What SQL cannot do, after it and in the same transaction.
    var finish: (@Sendable (Connection) throws(SQLiteError) -> Void)?
}

/// Brings a file of any earlier version to the newest one, a step a transaction.
enum Migrations {
    static let all: [Migration] = [
        M0001_Initial.migration, M0002_Chunks.migration, M0003_Audit.migration, M0004_History.migration,
        M0005_Files.migration, M0006_Rolled.migration,
    ]

    /// Written into the file's header, so that a file of another program is not taken for a store: "MWST".
    static let applicationID: Int64 = 0x4D57_5354

    static var newest: Int { all.last?.number ?? 0 }

    /// The version of an open file; 0 for an empty one.
    ///
    /// - Throws: `.schema` for a newer file, `.damaged` or `.database` for one that is no store.
    static func version(of connection: Connection) throws(StoreError) -> Int {
        let version: Int
        let application: Int64
        let tables: Int64
        do throws(SQLiteError) {
            version = Int(try connection.pragmaInteger("user_version"))
            application = try connection.pragmaInteger("application_id")
            let count = try connection.prepare("SELECT count(*) FROM sqlite_schema")
            tables = try count.step() ? count.int64(at: 0) : 0
        } catch {
            throw StoreError(error)
        }
        guard version <= newest, version == 0 ? tables == 0 : application == applicationID else {
            throw .schema(found: version, known: newest, file: connection.file)
        }
        return version
    }

    static func run(on connection: Connection) throws(StoreError) {
        let version = try version(of: connection)
        for migration in all where migration.number > version {
            do throws(SQLiteError) {
                try connection.transaction { () throws(SQLiteError) in
                    try connection.execute(migration.sql)
                    try migration.finish?(connection)
                    // The list of tables is another one now; its checksum is noted anew.
                    try connection.execute("DELETE FROM state WHERE key='\(SchemaCheck.key)'")
                    try connection.pragma("application_id", "\(applicationID)")
                    try connection.pragma("user_version", "\(migration.number)")
                }
            } catch {
                throw StoreError(error)
            }
        }
    }
}
