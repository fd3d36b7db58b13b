import CFieldIO
import Glibc
import Plant

/// A folder that is open: what lies there, and what the kernel says of it.
final class PictureFolder {
    /// More names than this are not looked at in one go: 65,535 files are what the receipts of a link can tell apart.
    static let maxNames = 65_535

    struct Listing {
        var names: [String] = []
        /// Whether there are more than are listed.
        var isCut = false
        /// Names that are no text: nobody can say them in a message or a configuration.
        var unreadableNames = 0
    }

    let path: String
    private let folder: Int32
    /// Nil where the kernel watches no folder for us.
    private let notifications: Int32?
    /// Whether the kernel has lost events, so that the folder must be looked through.
    private(set) var hasLostEvents = false
    /// Whether the folder itself has gone.
    private(set) var isGone = false

    init(_ path: String) throws(LinkFailure) {
        self.path = path
        folder = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw .file(path: path, code: errno) }
        let descriptor = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
        // By its descriptor: the path may lead elsewhere by now.
        let events = UInt32(IN_CLOSE_WRITE) | UInt32(IN_MOVED_TO) | UInt32(IN_DELETE_SELF) | UInt32(IN_MOVE_SELF)
        if descriptor >= 0, inotify_add_watch(descriptor, "/proc/self/fd/\(folder)", events) >= 0 {
            notifications = descriptor
        } else {
            if descriptor >= 0 { close(descriptor) }
            notifications = nil
        }
    }

    deinit {
        close(folder)
        if let notifications { close(notifications) }
    }

    var isWatched: Bool { notifications != nil }

    /// What to wait for, for news of the folder.
    var descriptor: Int32 { notifications ?? -1 }

    /// Names of files that were closed after writing, or moved here, since the last call.
    func news() -> [String] {
        guard let notifications else { return [] }
        var names: [String] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(notifications, &buffer, buffer.count)
            guard count > 0 else { return names }
            var at = 0
            let headBytes = MemoryLayout<inotify_event>.size
            while at + headBytes <= count {
                // SAFETY: a head is plain numbers, and all of it lies before `count`.
                let head = buffer.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: at, as: inotify_event.self) }
                let end = min(count, at + headBytes + Int(head.len))
                if head.mask & UInt32(IN_Q_OVERFLOW) != 0 { hasLostEvents = true }
                if head.mask & (UInt32(IN_DELETE_SELF) | UInt32(IN_MOVE_SELF) | UInt32(IN_IGNORED)) != 0 {
                    isGone = true
                }
                let name = buffer[(at + headBytes)..<end].prefix { $0 != 0 }
                // What is no text is found, and counted, when the folder is looked through.
                if !name.isEmpty, let name = String(validating: name, as: UTF8.self) { names.append(name) }
                at = end
            }
        }
    }

    /// Looks through the folder.
    func list() throws(LinkFailure) -> Listing {
        hasLostEvents = false
        let descriptor = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0, let stream = fdopendir(descriptor) else {
            throw .file(path: path, code: errno)
        }
        defer { closedir(stream) }
        var listing = Listing()
        errno = 0
        while let entry = readdir(stream) {
            // SAFETY: the name ends with a zero inside of the entry, which stays until the next call.
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(validatingCString: $0) }
            }
            guard let name else {
                listing.unreadableNames += 1
                continue
            }
            if name == "." || name == ".." { continue }
            guard listing.names.count < Self.maxNames else {
                listing.isCut = true
                return listing
            }
            listing.names.append(name)
        }
        guard errno == 0 else { throw .file(path: path, code: errno) }
        return listing
    }

    func identity(of name: String) throws(FileFault) -> FileIdentity {
        var status = stat()
        guard fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
            throw errno == ENOENT ? .vanished : .unreadable
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return FileIdentity(name: name, status)
        case S_IFLNK: throw .symlink
        default: throw .notAFile
        }
    }

    func open(_ name: String) throws(FileFault) -> PictureFile { try PictureFile(name, in: folder) }

    /// Whether the file's name still leads to it, as it was when it was opened.
    func holds(_ file: PictureFile) -> Bool { file.isStill(in: folder) }

    /// - Returns: whether the file has gone; one that is another by now is left alone.
    func delete(_ file: PictureFile) throws(LinkFailure) -> Bool {
        guard file.isStill(in: folder) else { return false }
        guard unlinkat(folder, file.identity.name, 0) == 0 || errno == ENOENT else {
            throw .file(path: "\(path)/\(file.identity.name)", code: errno)
        }
        return true
    }

    /// Moves a file into another folder. One of its name there is left alone: then it gets a longer name.
    ///
    /// - Returns: whether the file has gone; one that is another by now is left alone.
    func move(_ file: PictureFile, to target: String) throws(LinkFailure) -> Bool {
        let there = Glibc.open(target, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard there >= 0 else { throw .file(path: target, code: errno) }
        defer { close(there) }
        try checkApart(there, target)
        guard file.isStill(in: folder) else { return false }
        for name in Self.names(for: file.identity) {
            var code = rename(file, to: name, in: there)
            if code == EXDEV { code = try moveAcross(file, to: name, in: there, target) }
            if code == 0 { return true }
            // What a kill between copy and removal has left is not copied again.
            if code == EEXIST, file.isSame(as: name, in: there) { return try delete(file) }
            guard code == EEXIST else { throw .file(path: "\(target)/\(name)", code: code) }
        }
        throw .file(path: "\(target)/\(file.identity.name)", code: EEXIST)
    }

    /// A folder that is moved into itself would bring the same pictures again and again.
    private func checkApart(_ there: Int32, _ target: String) throws(LinkFailure) {
        var (mine, its) = (stat(), stat())
        guard fstat(folder, &mine) == 0, fstat(there, &its) == 0 else { throw .file(path: target, code: errno) }
        if mine.st_dev == its.st_dev, mine.st_ino == its.st_ino { throw .sameFolder(target) }
    }

    /// The file's own name, then one that no other picture has.
    private static func names(for identity: FileIdentity) -> [String] {
        let mark = String(identity.receipt.digest, radix: 16)
        guard let point = identity.name.lastIndex(of: "."), point != identity.name.startIndex else {
            return [identity.name, "\(identity.name)-\(mark)"]
        }
        return [identity.name, "\(identity.name[..<point])-\(mark)\(identity.name[point...])"]
    }

    /// - Returns: an errno, or 0.
    private func rename(_ file: PictureFile, to name: String, in there: Int32) -> Int32 {
        guard mw_rename_new(folder, file.identity.name, there, name) != 0 else { return 0 }
        // File systems that cannot promise to leave another file alone (NFS, some of FUSE) can at least link.
        guard errno == EINVAL || errno == ENOSYS else { return errno }
        guard linkat(folder, file.identity.name, there, name, 0) == 0 else { return errno }
        return unlinkat(folder, file.identity.name, 0) == 0 ? 0 : errno
    }

    /// Copies to another file system: whole and durable under a name of ours first, so that nobody sees half of it.
    private func moveAcross(
        _ file: PictureFile, to name: String, in there: Int32, _ target: String
    ) throws(LinkFailure) -> Int32 {
        if faccessat(there, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0 { return EEXIST }
        let work = ".millwright-\(String(file.identity.receipt.digest, radix: 16)).part"
        var code = file.copy(to: work, in: there)
        guard code == 0 else { return code }
        if mw_rename_new(there, work, there, name) != 0 {
            code = errno
            // No such promise there; the name was free a moment ago, and nobody but us gives names in this folder.
            if code == EINVAL || code == ENOSYS { code = renameat(there, work, there, name) == 0 ? 0 : errno }
        }
        guard code == 0, fsync(there) == 0 else {
            let failed = code == 0 ? errno : code
            unlinkat(there, work, 0)
            return failed
        }
        _ = try delete(file)
        return 0
    }
}
