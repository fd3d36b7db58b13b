import Glibc
import Trust

/// What commands say on standard output; diagnostics go to standard error.
enum Output {
    static func line(_ text: String) { write(Array(text.utf8) + [UInt8(ascii: "\n")], to: STDOUT_FILENO) }
    static func json(_ value: StrictJSON) { bytes(value.bytes()) }
    static func error(_ text: String) { write(Array(text.utf8) + [UInt8(ascii: "\n")], to: STDERR_FILENO) }

    /// One line.
    static func bytes(_ bytes: [UInt8]) { write(bytes + [UInt8(ascii: "\n")], to: STDOUT_FILENO) }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            // A closed pipe: the reader has what it wanted.
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
