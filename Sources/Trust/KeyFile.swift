import Glibc

/// Private keys and other secrets in files that only their owner may read.
package enum KeyFile {
    /// Writes a new file with mode 0600 and makes it durable; a file that is there already is never replaced.
    ///
    /// - Throws: `.file`; its `errno` is `EEXIST` when the file is there.
    package static func create(_ path: String, bytes: [UInt8]) throws(TrustError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .file(path: path, operation: "create", errno: errno) }
        defer { close(descriptor) }
        // The process may run with a umask that opens more than it should.
        guard fchmod(descriptor, 0o600) == 0 else { throw .file(path: path, operation: "chmod", errno: errno) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 || errno == EINTR else { throw .file(path: path, operation: "write", errno: errno) }
            rest = rest.dropFirst(max(0, count))
        }
        guard fsync(descriptor) == 0 else { throw .file(path: path, operation: "fsync", errno: errno) }
    }

    /// Reads a secret file, at most 64 KiB.
    ///
    /// - Throws: `.file`; `.exposedKey` when group or others may read or write it; `.tooLarge`.
    package static func read(_ path: String) throws(TrustError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .file(path: path, operation: "open", errno: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .file(path: path, operation: "stat", errno: errno) }
        guard status.st_mode & 0o077 == 0 else { throw .exposedKey(path: path, mode: status.st_mode & 0o777) }
        var bytes = [UInt8](repeating: 0, count: 64 * 1_024 + 1)
        var filled = 0
        while filled < bytes.count {
            let start = filled
            let count = bytes.withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress?.advanced(by: start), $0.count - start)
            }
            if count == 0 { break }
            guard count > 0 || errno == EINTR else { throw .file(path: path, operation: "read", errno: errno) }
            filled += max(0, count)
        }
        guard filled < bytes.count else { throw .tooLarge(limitBytes: bytes.count - 1, foundBytes: filled) }
        return Array(bytes[..<filled])
    }
}

extension PrivateKey {
    /// Reads a PEM file that only its owner may read.
    package init(file path: String) throws(TrustError) {
        try self.init(pem: try KeyFile.read(path))
    }

    /// Writes the key to a new PEM file with mode 0600.
    package func create(file path: String) throws(TrustError) {
        try KeyFile.create(path, bytes: try pem())
    }
}
