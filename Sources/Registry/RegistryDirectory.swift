import Glibc
import SQLite
package import Trust

/// Where a registry keeps its things: one directory, mode 0700.
///
/// `registry.sqlite` database, `targets/<digest>` published files, `keys/targets.pem` signing key (mode 0600) with
/// `keys/targets.pub` beside it, `admin-token` (mode 0600). Serving reads neither key nor token file, so `keys/` may be
/// kept on another machine and brought only to publish.
package struct RegistryDirectory: Sendable {
    package let path: String

    package init(_ path: String) { self.path = path }

    package var database: String { "\(path)/registry.sqlite" }
    package var targets: String { "\(path)/targets" }
    package var keys: String { "\(path)/keys" }
    package var privateKey: String { "\(keys)/targets.pem" }
    package var publicKey: String { "\(keys)/targets.pub" }
    package var adminToken: String { "\(path)/admin-token" }

    package func target(_ digest: Digest) -> String { "\(targets)/\(digest.hex)" }

    /// Makes a new registry: directories, key pair, administrator's token, database.
    ///
    /// May be run again after a cut: what is there stays as it is, what is missing is made.
    /// - Returns: the public key that devices must be told to trust.
    package func initialize() throws(RegistryError) -> PublicKey {
        for directory in [path, targets, keys] { try Files.makeDirectory(directory) }
        let key: PublicKey
        let tokenDigest: Digest
        do throws(TrustError) {
            if access(privateKey, F_OK) != 0 { try PrivateKey.generate().create(file: privateKey) }
            if access(adminToken, F_OK) != 0 {
                try KeyFile.create(adminToken, bytes: Array("\(Token.random().text)\n".utf8))
            }
            key = try PrivateKey(file: privateKey).publicKey
            tokenDigest = try Token(text: String(decoding: try KeyFile.read(adminToken), as: UTF8.self)).digest()
        } catch {
            throw .trust(error)
        }
        try Files.replace(publicKey, with: Array("\(key.hex)\n".utf8))
        let connection = try open(access: .create)
        do throws(SQLiteError) {
            let statement = try connection.statement("INSERT OR REPLACE INTO settings VALUES('admin_token_sha256', ?)")
            try statement.bind(1, tokenDigest.hex)
            try statement.run()
        } catch {
            throw RegistryError(error)
        }
        return key
    }

    /// Opens the database and brings its schema up to date.
    func open(access mode: Connection.Access) throws(RegistryError) -> Connection {
        guard mode == .create || Glibc.access(database, F_OK) == 0 else {
            throw .directory(path: path, expected: "a registry made by \"init\"", found: "no registry.sqlite")
        }
        let connection: Connection
        do throws(SQLiteError) {
            connection = try Connection(path: database, access: mode)
            try connection.pragma("journal_mode", "WAL")
            // What was answered with 2xx survives a power cut.
            try connection.pragma("synchronous", "FULL")
            try connection.pragma("foreign_keys", "ON")
        } catch {
            throw RegistryError(error)
        }
        try Migrations.run(on: connection)
        return connection
    }
}
