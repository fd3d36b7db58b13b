import Glibc
import Plant

/// What commands say on standard output. Diagnostics and progress go to standard error through the logger.
enum Output {
    static func line(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }
    static func text(_ text: String) { write(text, to: STDOUT_FILENO) }
    static func error(_ text: String) { write(text + "\n", to: STDERR_FILENO) }
    static func errorText(_ text: String) { write(text, to: STDERR_FILENO) }

    private static func write(_ text: String, to descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0 && errno == EINTR { continue }
            // A closed pipe: the reader has what it wanted.
            guard written > 0 else { return }
            bytes = bytes.dropFirst(written)
        }
    }
}

enum Format {
    /// A number with so many decimals, without a locale.
    static func fixed(_ value: Double, _ decimals: Int) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
        let scale = (0..<decimals).reduce(1.0) { result, _ in result * 10 }
        let scaled = Int64((value * scale).rounded())
        let whole = abs(scaled) / Int64(scale)
        let sign = scaled < 0 ? "-" : ""
        guard decimals > 0 else { return "\(sign)\(whole)" }
        let fraction = String(abs(scaled) % Int64(scale))
        return "\(sign)\(whole).\(String(repeating: "0", count: decimals - fraction.count))\(fraction)"
    }

    /// `0.5 s`, `12 s`, `7 min`, `3 h`, `2 d`: as exact as somebody at the line needs it.
    static func age(_ span: Duration) -> String {
        let seconds = span.inSeconds
        if seconds < 9.95 { return "\(fixed(seconds, 1)) s" }
        if seconds < 120 { return "\(fixed(seconds, 0)) s" }
        if seconds < 7_200 { return "\(fixed(seconds / 60, 0)) min" }
        return seconds < 172_800 ? "\(fixed(seconds / 3_600, 0)) h" : "\(fixed(seconds / 86_400, 0)) d"
    }

    /// `1.2 MB`, in powers of 1,000.
    static func bytes(_ count: Int64) -> String {
        let units = ["B", "kB", "MB", "GB", "TB"]
        var value = Double(count)
        var index = 0
        while abs(value) >= 1000, index < units.count - 1 {
            value /= 1000
            index += 1
        }
        return "\(fixed(value, index == 0 ? 0 : 1)) \(units[index])"
    }

    /// Names that others have chosen, of files or of parts, move no cursor and begin no line: control characters are replaced.
    static func oneLine(_ text: String) -> String {
        let isControl = { (scalar: Unicode.Scalar) in scalar.properties.generalCategory == .control }
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { isControl($0) ? "?" : $0 }))
    }

    /// Columns aligned with two spaces between; the last one runs free.
    static func table(_ rows: [[String]]) -> String {
        guard let columns = rows.map(\.count).max() else { return "" }
        let rows = rows.map { $0.map(oneLine) }
        let widths = (0..<columns).map { column in rows.map { $0.count > column ? width($0[column]) : 0 }.max() ?? 0 }
        return rows.map { row in
            row.enumerated().map { column, cell in
                column == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[column] - width(cell) + 2)
            }.joined()
        }.joined(separator: "\n")
    }

    /// Terminal columns: CJK characters take two.
    private static func width(_ text: String) -> Int {
        text.unicodeScalars.reduce(0) { $0 + ((0x2E80...0xFFEF).contains($1.value) ? 2 : 1) }
    }
}

/// Files that a command makes.
enum OutputFile {
    /// Replaces a file whole: a reader sees the old or the new one.
    static func write(_ bytes: [UInt8], to path: String, isDurable: Bool = true) throws {
        let temporary = "\(path).\(getpid()).part"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw OutputFileError(path: path, reason: String(cString: strerror(errno))) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { break }
            rest = rest.dropFirst(written)
        }
        guard rest.isEmpty, !isDurable || fsync(descriptor) == 0, close(descriptor) == 0, rename(temporary, path) == 0
        else {
            let reason = String(cString: strerror(errno))
            unlink(temporary)
            throw OutputFileError(path: path, reason: reason)
        }
    }
}

struct OutputFileError: Error, CustomStringConvertible {
    var path: String
    var reason: String

    var description: String { "\(path): cannot be written: \(reason)" }
}
