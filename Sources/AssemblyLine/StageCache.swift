internal import Glibc

/// Outcomes of stages by the digest of what they were made from: a folder with one file each.
///
/// An entry that cannot be read counts as absent. Writing goes through a temporary name, so that a run cut short leaves no
/// half entry.
struct StageCache {
    /// The plan with its receipt and a few thousand rows of features stay far below.
    private static let largestEntryBytes = 256 << 20
    let directory: String

    func read(_ stage: String, key: String) -> [UInt8]? {
        guard let file = fopen(path(stage, key), "rb") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&piece, 1, piece.count, file)
            bytes.append(contentsOf: piece[..<count])
            if count < piece.count { break }
            guard bytes.count <= Self.largestEntryBytes else { return nil }
        }
        return ferror(file) == 0 ? bytes : nil
    }

    func write(_ bytes: [UInt8], _ stage: String, key: String) throws(LineError) {
        guard mkdir(directory, 0o755) == 0 || errno == EEXIST else {
            throw .file(path: directory, operation: "mkdir", errno: errno)
        }
        let final = path(stage, key)
        let temporary = "\(final).\(getpid()).part"
        guard let file = fopen(temporary, "wb") else { throw .file(path: temporary, operation: "open", errno: errno) }
        let written = fwrite(bytes, 1, bytes.count, file)
        let flushed = fclose(file) == 0
        guard written == bytes.count, flushed, rename(temporary, final) == 0 else {
            let code = errno
            unlink(temporary)
            throw .file(path: final, operation: "write", errno: code)
        }
    }

    private func path(_ stage: String, _ key: String) -> String { "\(directory)/\(stage)-\(key.prefix(32))" }
}
