import CLibcrypto
import Glibc

/// A SHA-256 digest: 32 bytes.
package struct Digest: Hashable, Sendable, CustomStringConvertible {
    package let bytes: [UInt8]

    /// The digest of these bytes.
    package init(of bytes: some Collection<UInt8>) throws(TrustError) {
        var sum = try DigestSum()
        try sum.update(bytes)
        self = try sum.finish()
    }

    /// Reads 64 lower-case hexadecimal digits; nil for anything else.
    package init?(hex: String) {
        guard let bytes = Hex.bytes(hex), bytes.count == mw_sha256_bytes else { return nil }
        self.bytes = bytes
    }

    fileprivate init(bytes: [UInt8]) { self.bytes = bytes }

    package var hex: String { Hex.text(bytes) }
    package var description: String { hex }

    /// The digest and the length of a file, read in pieces. Blocks; call it on an executor of its own.
    ///
    /// - Throws: `.file`.
    package static func ofFile(_ path: String) throws(TrustError) -> (digest: Digest, lengthBytes: Int64) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .file(path: path, operation: "open", errno: errno) }
        defer { close(descriptor) }
        // Large enough that the calls do not matter, small enough for a box of 256 MB.
        var piece = [UInt8](repeating: 0, count: 256 * 1_024)
        var sum = try DigestSum()
        var length: Int64 = 0
        while true {
            let count = piece.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if count == 0 { break }
            guard count > 0 else {
                if errno == EINTR { continue }
                throw .file(path: path, operation: "read", errno: errno)
            }
            try sum.update(piece[..<count])
            length += Int64(count)
        }
        return (try sum.finish(), length)
    }
}

/// A SHA-256 over bytes that come in pieces.
package struct DigestSum: ~Copyable {
    // SAFETY: made in `init`, freed once in `deinit` (the type cannot be copied), never handed out.
    private let context: UnsafeMutableRawPointer

    package init() throws(TrustError) {
        guard let context = mw_sha256_new() else { throw .library(operation: "SHA-256 start") }
        self.context = context
    }

    deinit { mw_sha256_free(context) }

    package mutating func update(_ bytes: some Collection<UInt8>) throws(TrustError) {
        let context = self.context
        let result =
            bytes.withContiguousStorageIfAvailable { mw_sha256_update(context, $0.baseAddress, $0.count) }
            ?? Array(bytes).withUnsafeBytes { mw_sha256_update(context, $0.baseAddress, $0.count) }
        guard result == 1 else { throw .library(operation: "SHA-256") }
    }

    package consuming func finish() throws(TrustError) -> Digest {
        var bytes = [UInt8](repeating: 0, count: mw_sha256_bytes)
        guard mw_sha256_final(context, &bytes) == 1 else { throw .library(operation: "SHA-256 end") }
        return Digest(bytes: bytes)
    }
}
