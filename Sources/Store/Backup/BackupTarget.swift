internal import Glibc

/// The file that a backup becomes: written under another name, synced, read again, and only then renamed.
struct BackupTarget {
    let path: String
    let temporary: String
    private let folder: String

    /// Taken on top of what is counted: the pages of the rows that a backup adds.
    private static let marginBytes: Int64 = 1 << 20

    init(path: String) {
        self.path = path
        temporary = "\(path).\(getpid()).part"
        folder = Files.directory(of: path)
    }

    /// - Throws: before anything is written, for a name that must not be taken.
    func check(replaces: Bool, store: String) throws(BackupError) {
        if Files.isDirectory(path) { throw .notATarget(path: path, reason: "a folder") }
        guard Files.isDirectory(folder) else { throw .notATarget(path: path, reason: "no folder \(folder)") }
        guard !Files.isSame(folder, Files.directory(of: store)) else {
            throw .notATarget(path: path, reason: "a place in the store's own folder")
        }
        if Files.size(path) != nil, !replaces { throw .exists(path: path) }
    }

    /// - Throws: `.noRoom` unless so much fits.
    func needs(_ bytes: Int64) throws(BackupError) {
        let (needed, free) = (bytes + Self.marginBytes, Files.freeBytes(folder))
        guard free >= needed else { throw .noRoom(folder: folder, neededBytes: needed, freeBytes: free) }
    }

    /// Makes the content durable, and forgets what memory holds of it: the reading that follows is of the medium.
    func sync() throws(BackupError) {
        let descriptor = open(temporary, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { throw refused() }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw refused() }
        posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
    }

    func finish(replaces: Bool) throws(BackupError) {
        // Asked again: the copying may have taken minutes.
        if Files.size(path) != nil, !replaces { throw .exists(path: path) }
        guard rename(temporary, path) == 0 else { throw refused() }
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw refused() }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw refused() }
    }

    /// Leaves nothing behind.
    func abandon() {
        for suffix in ["", "-journal", "-wal", "-shm"] { unlink(temporary + suffix) }
    }

    private func refused() -> BackupError { .unwritable(path: path, reason: String(cString: strerror(errno))) }
}
