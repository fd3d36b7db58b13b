package import Plant

/// Which alerts to list, newest first.
package struct AlertFilter: Sendable {
    package var states: Set<AlertState>?
    package var asset: String?
    /// Only those that nobody has taken.
    package var isUnacknowledged: Bool
    package var raisedSince: WallTime?
    package var limit: Int

    package init(
        states: Set<AlertState>? = nil, asset: String? = nil, isUnacknowledged: Bool = false,
        raisedSince: WallTime? = nil, limit: Int = 1_000
    ) {
        self.states = states
        self.asset = asset
        self.isUnacknowledged = isUnacknowledged
        self.raisedSince = raisedSince
        self.limit = limit
    }
}

/// One step of an alert's life.
package struct AlertTransition: Sendable, Hashable {
    package var alert: String
    /// The state that it went into.
    package var state: AlertState
    package var at: WallTime
    /// Who did it; nil for the plant itself.
    package var by: String?
    package var score: Double?
}

/// An alert with every step of its life, oldest first.
package struct AlertHistory: Sendable {
    package var alert: Alert
    package var transitions: [AlertTransition]
}

/// One message about an alert on its way to a channel.
package struct Delivery: Sendable, Hashable {
    package var id: Int64
    package var alert: String
    /// Name of the channel in the configuration.
    package var channel: String
    /// What the message tells: `raised`, `acknowledged`, `cleared`.
    package var event: String
    /// As it will be sent, so that each try sends the same.
    package var body: [UInt8]
    package var state: State
    package var attempts: Int
    package var created: WallTime
    package var nextTry: WallTime
    /// Why the last try failed, or why it was given up.
    package var reason: String?

    package enum State: String, Sendable, Hashable {
        case pending
        case done
        case givenUp = "given_up"
    }
}

/// A message about an alert, to be sent.
package struct NewDelivery: Sendable {
    package var alert: String
    package var channel: String
    package var event: String
    package var body: [UInt8]

    package init(alert: String, channel: String, event: String, body: [UInt8]) {
        self.alert = alert
        self.channel = channel
        self.event = event
        self.body = body
    }
}
