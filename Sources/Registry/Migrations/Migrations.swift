import SQLite

/// One numbered step of the schema. A released step is never edited: the next one corrects it.
struct Migration: Sendable {
    var number: Int
    var sql: String
}

/// Brings a database of any earlier version to the newest one, a step a transaction.
enum Migrations {
    static let all: [Migration] = [M0001_Initial.migration]

    /// Written into the file's header, so that a file of another program is not taken for a registry: "MWRG".
    private static let applicationID: Int64 = 0x4D57_5247

    static func run(on connection: Connection) throws(RegistryError) {
        let version: Int
        let application: Int64
        do throws(SQLiteError) {
            version = Int(try connection.pragmaInteger("user_version"))
            application = try connection.pragmaInteger("application_id")
        } catch {
            throw RegistryError(error)
        }
        let newest = all.last?.number ?? 0
        guard version <= newest, application == applicationID || (version == 0 && application == 0) else {
            throw .directory(
                path: connection.file, expected: "a registry of schema \(newest) or before",
                found: "schema \(version) of application \(application)")
        }
        do throws(SQLiteError) {
            for migration in all where migration.number > version {
                try connection.transaction { () throws(SQLiteError) in
                    // Another program may have brought the file up to date while this one waited for the lock.
                    guard try connection.pragmaInteger("user_version") < migration.number else { return }
                    try connection.execute(migration.sql)
                    try connection.pragma("application_id", "\(applicationID)")
                    try connection.pragma("user_version", "\(migration.number)")
                }
            }
        } catch {
            throw RegistryError(error)
        }
    }
}
