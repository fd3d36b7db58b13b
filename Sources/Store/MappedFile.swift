internal import Glibc

/// A file as bytes in memory that nobody writes to, for as long as the object lives.
///
/// Mapped, it must not be cut short or written over meanwhile: reading beyond its new end would end the process. Files under
/// ``ModelFiles`` are never written again, and a command reads for a moment only; what people replace while a daemon runs on it
/// is to be copied.
// SAFETY: the mapping is read-only, set once in `init` and released in `deinit`; reading it from several threads at
// once is fine.
package final class MappedFile: @unchecked Sendable {
    package let path: String
    /// The whole file. Valid only while this object lives, and a temporary object does not live to the end of its
    /// statement: keep the object as long as the bytes, or use ``withBytes(_:)``.
    package let bytes: UnsafeRawBufferPointer

    /// - Throws: `.file` when it cannot be opened or mapped, or is no file.
    package convenience init(path: String) throws(StoreError) { try self.init(path, isCopied: false) }

    /// Its bytes as they are now, whatever becomes of the file.
    ///
    /// - Throws: as ``init(path:)``, and when it is cut short while it is read.
    package convenience init(copying path: String) throws(StoreError) { try self.init(path, isCopied: true) }

    private init(_ path: String, isCopied: Bool) throws(StoreError) {
        // A pipe would wait for its writer.
        let descriptor = try Files.open(path, O_RDONLY | O_NONBLOCK)
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Files.failure("fstat", path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw .file(operation: "read", path: path, errno: status.st_mode & S_IFMT == S_IFDIR ? EISDIR : EOPNOTSUPP)
        }
        let count = Int(status.st_size)
        self.path = path
        if count == 0 {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        let start =
            isCopied
            ? mmap(nil, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
            : mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0)
        guard let start, start != MAP_FAILED else { throw Files.failure("mmap", path) }
        if isCopied {
            // SAFETY: exactly the pages that were just mapped, of which nobody else knows.
            do throws(StoreError) {
                try Files.read(
                    into: UnsafeMutableRawBufferPointer(start: start, count: count), from: descriptor, path: path)
            } catch {
                munmap(start, count)
                throw error
            }
            mprotect(start, count, PROT_READ)
        }
        bytes = UnsafeRawBufferPointer(start: start, count: count)
    }

    /// Hands the whole file to `body`; the bytes must not leave it.
    package func withBytes<Value, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        defer { withExtendedLifetime(self) {} }
        return try body(bytes)
    }

    deinit {
        // SAFETY: exactly the range that `init` mapped; nobody holds the object any more.
        if let start = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: start), bytes.count) }
    }
}
