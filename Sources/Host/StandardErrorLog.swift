import Glibc
package import Logging
import Plant

/// Writes one line a record to standard error: `<level> sentence key=value ...`.
///
/// Under systemd the line starts with the syslog priority (`<4>`), so that `journalctl -p warning` works and the journal
/// adds the time; on a terminal or in a file it starts with the time.
package struct StandardErrorLog: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    private let label: String
    private let isUnderJournal: Bool

    package init(label: String, level: Logger.Level, environment: [String: String] = ProcessEnvironment.current) {
        self.label = label
        logLevel = level
        isUnderJournal = environment["JOURNAL_STREAM"] != nil
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var line = isUnderJournal ? "<\(Self.priority(event.level))>" : "\(timestamp()) \(event.level) "
        line += "\(label): \(event.message)"
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        for (key, value) in all.sorted(by: { $0.key < $1.key }) { line += " \(key)=\(Self.quoted("\(value)"))" }
        line += "\n"
        // One write call a line, so that lines of several threads do not mix.
        let bytes = Array(line.utf8)
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }

    /// A line break in a value would forge a record; a space would hide where the value ends.
    private static func quoted(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0 == " " || $0 == "\"" || $0.value < 0x20 }) else { return text }
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            case _ where scalar.value < 0x20: result += "?"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    private func timestamp() -> String { ISO8601.string(SystemClock().wall()) }

    /// Source: syslog(3), as systemd reads it (sd-daemon(3)).
    private static func priority(_ level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
