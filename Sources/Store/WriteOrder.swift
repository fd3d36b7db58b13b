package import Plant

/// A value that somebody wants written to the field: durable, executed once, and never late.
package struct WriteOrder: Hashable, Sendable {
    package enum State: String, Sendable {
        case waiting
        /// The daemon has it: from here on it may have been written.
        case taken
        case done
    }

    package var id: Int64
    package var tag: String
    package var value: Double
    package var by: String
    package var reason: String?
    package var createdAt: WallTime
    package var expiresAt: WallTime
    package var state = State.waiting
    /// `written`, `not_confirmed`, `refused`, `unknown`, `expired`; nil until it is done.
    package var outcome: String?
    /// Why, in words.
    package var detail: String?
    /// What stood there before, where it could be read.
    package var old: Double?
    package var endedAt: WallTime?

    /// Older than this it is never executed: whoever gave it has gone on.
    package static let validity = Duration.seconds(10)
    /// Orders that wait at most; more at once is no plant's wish.
    package static let maxWaiting = 64
    /// Orders that are done and kept for those who ask what became of them; the audit keeps all.
    static let maxKept: Int64 = 1_000
}

/// What became of an order.
package struct WriteResult: Hashable, Sendable {
    package var outcome: String
    package var detail: String?
    package var old: Double?

    package init(outcome: String, detail: String? = nil, old: Double? = nil) {
        self.outcome = outcome
        self.detail = detail
        self.old = old
    }
}

/// Something done to the field, or that may have been done, for the audit.
package struct AuditedAct: Hashable, Sendable {
    package var by: String
    package var action: String
    package var subject: String
    package var new: Double?
    package var reason: String?
    package var result: WriteResult

    package init(by: String, action: String, subject: String, new: Double?, reason: String?, result: WriteResult) {
        self.by = by
        self.action = action
        self.subject = subject
        self.new = new
        self.reason = reason
        self.result = result
    }
}

/// One line of the audit.
package struct AuditEntry: Hashable, Sendable {
    package var id: Int64
    package var at: WallTime
    package var by: String
    /// `write`, `publish`, `feedback`.
    package var action: String
    /// The tag, topic or station.
    package var subject: String
    package var old: Double?
    package var new: Double?
    package var outcome: String
    package var reason: String?
    /// SHA-256 over the row before and everything in this one, hex.
    package var digest: String
}

/// Whether the audit is as it was written.
package enum AuditVerdict: Hashable, Sendable {
    case intact(rows: Int, head: String)
    /// The first row that does not follow from the one before it.
    case broken(row: Int64, reason: String)
}
