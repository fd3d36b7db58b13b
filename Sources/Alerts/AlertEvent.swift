package import Plant

/// A step in the life of one alert, for the store and the channels.
package struct AlertEvent: Hashable, Sendable {
    package var kind: Kind
    /// The alert after the step.
    package var alert: Alert
    /// Time of the window or of the person's doing.
    package var time: WallTime

    package enum Kind: String, Hashable, Sendable, CaseIterable {
        case raised
        /// A higher severity than before.
        case escalated
        /// A clearly larger score than any before; for the store only.
        case worsened
        case acknowledged
        case cleared
    }

    /// Whether people are told; a score that grows goes to the store only, else one wearing bearing fills the mailbox.
    package var isPublished: Bool { kind != .worsened }

    package init(_ kind: Kind, _ alert: Alert, at time: WallTime) {
        self.kind = kind
        self.alert = alert
        self.time = time
    }
}

extension Alert {
    /// Whether the condition still holds.
    package var isOpen: Bool { state != .cleared }

    /// The alert after a person has taken it: an active one becomes acknowledged, a cleared one stays cleared and is marked.
    ///
    /// - Returns: nil when somebody had taken it before.
    package func acknowledged(by person: String, at time: WallTime) -> Alert? {
        guard acknowledgedAt == nil else { return nil }
        var alert = self
        alert.acknowledgedAt = time
        alert.acknowledgedBy = person
        if alert.state == .active { alert.state = .acknowledged }
        return alert
    }
}
