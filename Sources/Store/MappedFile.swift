internal import Glibc

/// A file mapped read-only into memory, for as long as the object lives.
///
/// The file must not be cut short meanwhile: reading beyond its new end would end the process. Files under
/// ``ModelFiles`` are never written again.
// SAFETY: the mapping is read-only, set once in `init` and released in `deinit`; reading it from several threads at
// once is fine.
package final class MappedFile: @unchecked Sendable {
    package let path: String
    /// The whole file. Valid only while this object lives, and a temporary object does not live to the end of its
    /// statement: keep the object as long as the bytes, or use ``withBytes(_:)``.
    package let bytes: UnsafeRawBufferPointer

    /// - Throws: `.file` when it cannot be opened or mapped.
    package init(path: String) throws(StoreError) {
        let descriptor = try Files.open(path, O_RDONLY)
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Files.failure("fstat", path) }
        let count = Int(status.st_size)
        self.path = path
        if count == 0 {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        guard let start = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED else {
            throw Files.failure("mmap", path)
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
