import Glibc
import Plant

/// Where an export goes: standard output as it comes, or a file that has its name only when it is whole.
final class ExportSink {
    /// Bytes that are written at once; what waits is never much more.
    static let pieceBytes = 256 << 10

    private let descriptor: Int32
    private let path: String
    private let temporary: String?
    private(set) var bytes: Int64 = 0

    /// - Parameter path: `-` for standard output.
    /// - Throws: where there is a file already that must not be replaced.
    init(path: String, replaces: Bool) throws {
        self.path = path
        guard path != "-" else {
            (descriptor, temporary) = (STDOUT_FILENO, nil)
            return
        }
        guard replaces || access(path, F_OK) != 0 else { throw ExportError.exists(path) }
        let name = "\(path).\(getpid()).part"
        descriptor = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        temporary = name
        guard descriptor >= 0 else { throw Self.refused(path) }
    }

    /// Without ``finish(replaces:)`` nothing is left.
    deinit {
        guard let temporary else { return }
        close(descriptor)
        unlink(temporary)
    }

    /// Writes what is in the buffer, and empties it.
    func write(_ buffer: inout [UInt8]) throws {
        var done = 0
        while done < buffer.count {
            // SAFETY: within the array, which does not change meanwhile.
            let written = buffer.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress.map { $0 + done }, buffer.count - done)
            }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw Self.refused(path) }
            done += written
        }
        bytes += Int64(buffer.count)
        buffer.removeAll(keepingCapacity: true)
    }

    /// Gives the file its name.
    func finish(replaces: Bool) throws {
        guard let temporary else { return }
        guard fsync(descriptor) == 0 else { throw Self.refused(path) }
        guard replaces || access(path, F_OK) != 0 else { throw ExportError.exists(path) }
        guard rename(temporary, path) == 0 else { throw Self.refused(path) }
        let folder = open(TextFile.directory(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw Self.refused(path) }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw Self.refused(path) }
    }

    private static func refused(_ path: String) -> OutputFileError {
        OutputFileError(path: path == "-" ? "standard output" : path, reason: String(cString: strerror(errno)))
    }
}

enum ExportError: Error, CustomStringConvertible {
    case exists(String)
    case noTag(String)

    var description: String {
        switch self {
        case .exists(let path): "\(path) exists already; --force replaces it"
        case .noTag(let pattern): "no tag is named \(pattern); `millwright tags` lists them"
        }
    }
}
