import Glibc
package import Plant
import SQLite
package import Trust

/// What a publication has put out.
package struct Publication: Sendable, Hashable {
    package var pack: String
    /// Of the signed metadata; goes up with each publication.
    package var version: Int64
    /// Of the model; stays when the same file is signed anew.
    package var release: Int64
    package var digest: Digest
    package var lengthBytes: Int64
    package var expires: WallTime
}

extension Ledger {
    /// Largest model file: the same limit that devices have.
    package static let largestModelBytes: Int64 = 64 << 20
    /// Releases listed in a pack's metadata, newest first; older ones can no longer be fetched by name.
    private static let releasesListed = 8

    /// Signs and publishes a model file. Readers see the old statement or the new one, never a statement without its file.
    ///
    /// The newest file published again keeps its release and gets a later expiry.
    /// - Throws: `.unfit`, `.trust`, `.file`, `.busy`.
    package func publish(
        file: String, pack: String, key: PrivateKey, in directory: RegistryDirectory, expiresIn life: Duration,
        at now: WallTime
    ) throws(RegistryError) -> Publication {
        guard TargetFile.isValid(component: pack) else {
            throw .unfit(
                what: "pack", expected: "1 to 100 letters, digits, '.', '-', '_', not beginning with '.'", found: pack)
        }
        let (digest, length) = try Self.digest(ofFile: file)
        guard (1...Self.largestModelBytes).contains(length) else {
            throw .unfit(
                what: "file", expected: "1 to \(Self.largestModelBytes) bytes", found: "\(length) bytes in \(file)")
        }
        // The file first: an interrupted publication leaves a file that nobody asks for.
        let stored = directory.target(digest)
        if access(stored, F_OK) != 0 || (try? Self.digest(ofFile: stored).digest) != digest {
            try Files.copy(file, to: stored)
            // The source may have changed between the two readings.
            let copied = try Self.digest(ofFile: stored).digest
            guard copied == digest else { throw .trust(.wrongDigest(expected: digest, found: copied)) }
        }
        let database = try database()
        do throws(SQLiteError) { try database.begin(.immediate) } catch { throw RegistryError(error) }
        defer { database.rollback() }
        do {
            let publication = try record(pack, digest, length, key, life, now, database)
            try database.commit()
            return publication
        } catch let error as RegistryError {
            throw error
        } catch let error as TrustError {
            throw .trust(error)
        } catch let error as SQLiteError {
            throw RegistryError(error)
        } catch {
            throw .database("\(error)")
        }
    }

    private func record(
        _ pack: String, _ digest: Digest, _ length: Int64, _ key: PrivateKey, _ life: Duration, _ now: WallTime,
        _ database: Connection
    ) throws -> Publication {
        let newest = try database.statement("SELECT version, release, digest FROM models WHERE pack=?")
        try newest.bind(1, pack)
        var (version, release, isNew): (Int64, Int64, Bool) = (1, 1, true)
        if try newest.step() {
            version = newest.int64(at: 0) + 1
            isNew = newest.text(at: 2) != digest.hex
            release = newest.int64(at: 1) + (isNew ? 1 : 0)
        }
        newest.reset()
        if isNew {
            let target = try database.statement("INSERT INTO targets VALUES(?,?,?,?,?)")
            try target.bind(1, pack)
            try target.bind(2, release)
            try target.bind(3, digest.hex)
            try target.bind(4, length)
            try target.bind(5, now.nanoseconds)
            try target.run()
        }
        // Metadata counts in whole seconds; a life of less than one would be expired at once.
        let expires = WallTime(nanoseconds: (now + life).nanoseconds / 1_000_000_000 * 1_000_000_000)
        let targets = Targets(version: version, expires: expires, files: try files(of: pack, database))
        let envelope = try targets.signed(by: [key])
        let model = try database.statement("INSERT OR REPLACE INTO models VALUES(?,?,?,?,?,?,?)")
        try model.bind(1, pack)
        try model.bind(2, version)
        try model.bind(3, release)
        try model.bind(4, digest.hex)
        try model.bind(5, expires.nanoseconds)
        try model.bind(6, now.nanoseconds)
        try model.bind(7, envelope)
        try model.run()
        return Publication(
            pack: pack, version: version, release: release, digest: digest, lengthBytes: length, expires: expires)
    }

    private func files(of pack: String, _ database: Connection) throws -> [TargetFile] {
        let rows = try database.statement(
            "SELECT release, digest, bytes FROM targets WHERE pack=? ORDER BY release DESC LIMIT ?")
        try rows.bind(1, pack)
        try rows.bind(2, Int64(Self.releasesListed))
        var files: [TargetFile] = []
        while try rows.step() {
            let release = rows.int64(at: 0)
            guard let digest = rows.text(at: 1).flatMap({ Digest(hex: $0) }) else { continue }
            files.append(
                TargetFile(
                    path: "\(pack)/\(release).mwplan", lengthBytes: rows.int64(at: 2), digest: digest,
                    custom: .object([.init("pack", .string(pack)), .init("release", .integer(release))])))
        }
        return files
    }

    private static func digest(ofFile path: String) throws(RegistryError) -> (digest: Digest, lengthBytes: Int64) {
        do { return try Digest.ofFile(path) } catch { throw .trust(error) }
    }
}
