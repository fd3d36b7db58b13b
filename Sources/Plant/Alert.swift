package enum Severity: String, Hashable, Sendable, CaseIterable, Comparable {
    case advisory, warning, critical

    package static func < (a: Self, b: Self) -> Bool { a.rank < b.rank }
    private var rank: Int {
        switch self {
        case .advisory: 0
        case .warning: 1
        case .critical: 2
        }
    }
}

/// Where an alert stands. Source: the states of ISA-18.2, as far as they are used here.
package enum AlertState: String, Hashable, Sendable {
    /// The condition holds and nobody has taken it.
    case active
    /// The condition holds and somebody has taken it.
    case acknowledged
    /// The condition has gone. It stays in the list until somebody has taken it.
    case cleared
}

/// One alert from its raising on; the same id through all of its states.
package struct Alert: Hashable, Sendable {
    /// Unique in this box's store and sortable by time of raising: `20261123-201503-pump-7-1`.
    package var id: String
    package var asset: String
    /// Code of the rule that raised it: `bearing.outer_race`.
    package var code: String
    package var severity: Severity
    package var state: AlertState
    package var raisedAt: WallTime
    package var acknowledgedAt: WallTime?
    package var acknowledgedBy: String?
    package var clearedAt: WallTime?
    /// Score and threshold in the window that raised it.
    package var score: Double
    package var threshold: Double
    /// Largest score since it was raised.
    package var worstScore: Double
    /// The features that moved most in the window that raised it, at most three.
    package var features: [Contribution]
    /// SHA-256 of the model file, hex.
    package var modelDigest: String
    package var title: LocalizedText
    package var cause: LocalizedText
    package var action: LocalizedText

    package init(
        id: String, asset: String, code: String, severity: Severity, state: AlertState, raisedAt: WallTime,
        score: Double,
        threshold: Double, features: [Contribution], modelDigest: String, title: LocalizedText, cause: LocalizedText,
        action: LocalizedText
    ) {
        self.id = id
        self.asset = asset
        self.code = code
        self.severity = severity
        self.state = state
        self.raisedAt = raisedAt
        self.score = score
        self.threshold = threshold
        self.worstScore = score
        self.features = features
        self.modelDigest = modelDigest
        self.title = title
        self.cause = cause
        self.action = action
    }
}
