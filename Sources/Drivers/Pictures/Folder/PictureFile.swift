import Glibc
import Plant

/// Why a file is no picture that could be judged; the raw value is the name in the counters.
enum FileFault: String, Error, Sendable {
    case symlink
    /// A folder, a pipe, a socket, a device.
    case notAFile = "not_a_file"
    case unreadable
    case tooLarge = "too_large"
    /// It was there a moment ago.
    case vanished
    /// The name belongs to another file by now, or its content changed while it was read.
    case changed

    func reason(_ identity: FileIdentity?, limit: Int) -> String {
        switch self {
        case .symlink: "expected a file, found a symbolic link, which is not followed"
        case .notAFile: "expected a file, found a folder, a pipe or a device"
        case .unreadable: "expected a file that this program may read, found one that cannot be read"
        case .tooLarge: "expected a picture of at most \(limit) bytes, found \(identity?.bytes ?? 0)"
        case .vanished: "expected the file that was there a moment ago, found none"
        case .changed: "expected a file that stays as it is, found one that changes"
        }
    }
}

/// What tells one picture of a folder from all others, also those of the same name.
struct FileIdentity: Hashable, Sendable {
    var name: String
    var bytes: Int
    /// When its content was last written.
    var modified: WallTime

    init(name: String, _ status: stat) {
        self.name = name
        bytes = Int(status.st_size)
        modified = WallTime(nanoseconds: Int64(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_mtim.tv_nsec))
    }

    /// What is stored with its verdict, so that it is not judged again.
    var receipt: MessageReceipt {
        MessageReceipt(
            ofPicture: name, UInt64(bitPattern: Int64(bytes)), UInt64(bitPattern: modified.nanoseconds))
    }
}

/// A picture of a folder that has been opened.
final class PictureFile {
    let identity: FileIdentity
    let inode: ino_t
    private let descriptor: Int32

    /// Opens a file, never anything that would block or lead elsewhere.
    ///
    /// - Parameter folder: descriptor of its folder.
    init(_ name: String, in folder: Int32) throws(FileFault) {
        descriptor = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else {
            switch errno {
            case ELOOP: throw .symlink
            case ENOENT: throw .vanished
            // A socket, or a device without a driver.
            case ENXIO, ENODEV: throw .notAFile
            default: throw .unreadable
            }
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            // An initializer that throws runs no deinit.
            close(descriptor)
            throw .notAFile
        }
        identity = FileIdentity(name: name, status)
        inode = status.st_ino
    }

    deinit { close(descriptor) }

    /// All of it.
    ///
    /// - Throws: `.tooLarge` before anything is read, `.changed` when it is not the file any more that was opened.
    func bytes(limit: Int) throws(FileFault) -> [UInt8] {
        guard identity.bytes <= limit else { throw .tooLarge }
        var failure: FileFault?
        // One byte more than there should be shows that it has grown.
        let bytes = [UInt8](unsafeUninitializedCapacity: identity.bytes + 1) { buffer, count in
            // SAFETY: each read is told how much room is left, and `count` are the bytes that reads have written.
            count = 0
            while count < buffer.count {
                let got = read(descriptor, buffer.baseAddress?.advanced(by: count), buffer.count - count)
                if got < 0, errno == EINTR { continue }
                if got < 0 { failure = .unreadable }
                guard got > 0 else { return }
                count += got
            }
        }
        if let failure { throw failure }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .unreadable }
        guard FileIdentity(name: identity.name, status) == identity, bytes.count == identity.bytes else {
            throw .changed
        }
        return bytes
    }

    /// Whether its name still leads to this file, with this content.
    func isStill(in folder: Int32) -> Bool {
        var status = stat()
        return fstatat(folder, identity.name, &status, AT_SYMLINK_NOFOLLOW) == 0 && status.st_ino == inode
            && status.st_mode & S_IFMT == S_IFREG && FileIdentity(name: identity.name, status) == identity
    }

    /// Copies it to a new file.
    ///
    /// - Returns: an errno, or 0 when the copy is durable.
    func copy(to name: String, in folder: Int32) -> Int32 {
        // What a kill has left of an earlier try.
        unlinkat(folder, name, 0)
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return errno }
        let copy = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, status.st_mode & 0o777)
        guard copy >= 0 else { return errno }
        defer { close(copy) }
        let code = Self.copy(from: descriptor, to: copy, times: [status.st_atim, status.st_mtim])
        if code != 0 { unlinkat(folder, name, 0) }
        return code
    }

    private static func copy(from source: Int32, to target: Int32, times: [timespec]) -> Int32 {
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        var at: off_t = 0
        while true {
            let got = pread(source, &buffer, buffer.count, at)
            guard got >= 0 else { return errno }
            if got == 0 { break }
            var written = 0
            while written < got {
                let count = buffer.withUnsafeBytes { bytes in
                    // SAFETY: `written` is less than `got`, which is at most the buffer's length.
                    write(target, bytes.baseAddress?.advanced(by: written), got - written)
                }
                guard count > 0 else { return count < 0 ? errno : EIO }
                written += count
            }
            at += off_t(got)
        }
        guard futimens(target, times) == 0, fsync(target) == 0 else { return errno }
        return 0
    }

    /// Whether a file has this one's content, length and time.
    func isSame(as name: String, in folder: Int32) -> Bool {
        guard let other = try? PictureFile(name, in: folder), other.identity.bytes == identity.bytes,
            other.identity.modified == identity.modified
        else { return false }
        var (mine, its) = ([UInt8](repeating: 0, count: 1 << 16), [UInt8](repeating: 0, count: 1 << 16))
        var at: off_t = 0
        while true {
            let count = pread(descriptor, &mine, mine.count, at)
            guard count >= 0, pread(other.descriptor, &its, count, at) == count, mine[..<count] == its[..<count] else {
                return false
            }
            if count == 0 { return true }
            at += off_t(count)
        }
    }
}
