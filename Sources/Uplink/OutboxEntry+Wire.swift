import Plant
import Store

extension OutboxKind {
    /// The word in the protocol.
    var word: String {
        switch self {
        case .telemetry: "telemetry"
        case .alert: "alert"
        case .report: "report"
        }
    }
}

extension OutboxEntry {
    var createdText: String { ISO8601.string(created) }
}
