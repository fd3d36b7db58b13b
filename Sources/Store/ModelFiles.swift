internal import Glibc

/// Model files under their SHA-256: `models/<digest>.mwplan`. A file under such a name is always whole: it is written
/// under another name, synced, renamed, and the directory synced.
package struct ModelFiles: Sendable {
    /// The `models` directory.
    package let directory: String

    /// Makes the directory where it is missing.
    package init(storeDirectory: String) throws(StoreError) {
        directory = "\(storeDirectory)/models"
        try Files.makeDirectory(directory)
        try Files.syncDirectory(storeDirectory)
    }

    package static func isDigest(_ text: String) -> Bool {
        text.utf8.count == 64
            && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || (97...102).contains($0) }
    }

    static func name(of digest: String) -> String { "\(digest).mwplan" }

    /// Where the file of a digest is, or would be.
    ///
    /// - Throws: `.notADigest`, so that no name from outside reaches a path.
    package func path(of digest: String) throws(StoreError) -> String {
        guard Self.isDigest(digest) else { throw .notADigest(digest) }
        return "\(directory)/\(Self.name(of: digest))"
    }

    /// Where to write a file while it is fetched, so that a cut transfer can be resumed; see ``adopt(_:)``.
    package func partialPath(of digest: String) throws(StoreError) -> String { "\(try path(of: digest)).part" }

    package func contains(_ digest: String) throws(StoreError) -> Bool { Files.size(try path(of: digest)) != nil }

    /// Gives a file its final name. The caller has verified that its content has this digest.
    ///
    /// May be called again after a cut at any place.
    /// - Throws: `.notFound` when neither a partial nor a final file is there.
    package func adopt(_ digest: String) throws(StoreError) {
        let (partial, final) = (try partialPath(of: digest), try path(of: digest))
        if Files.size(partial) != nil {
            try Files.sync(partial)
            try Files.rename(partial, to: final)
        } else if Files.size(final) == nil {
            throw .notFound(what: "model file", id: digest)
        }
        try Files.syncDirectory(directory)
    }

    /// Writes a whole file under its digest; the caller has verified the digest.
    package func write(_ bytes: [UInt8], digest: String) throws(StoreError) {
        try Files.write(bytes, toNew: try partialPath(of: digest))
        try adopt(digest)
    }

    /// Digests of the whole files.
    package func digests() throws(StoreError) -> [String] {
        try Files.names(in: directory).filter { $0.hasSuffix(".mwplan") }.map { String($0.dropLast(7)) }
            .filter(Self.isDigest)
    }

    /// Removes every file whose digest is not among `kept`, partial ones too.
    ///
    /// - Returns: names of the files removed.
    package func removeAll(except kept: Set<String>) throws(StoreError) -> [String] {
        let names = try Files.names(in: directory).filter { name in
            !kept.contains(String(name.prefix { $0 != "." }))
        }
        for name in names { try Files.remove("\(directory)/\(name)") }
        if !names.isEmpty { try Files.syncDirectory(directory) }
        return names
    }
}
