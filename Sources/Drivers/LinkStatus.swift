package import Plant

/// How one link is, for `status`, the console and the metrics.
package struct LinkStatus: Sendable {
    package var name: String
    package var scheme: String
    package var state: State
    /// When it came into this state.
    package var since: WallTime
    /// The last thing that went wrong; stays after it has been mended.
    package var lastError: String?
    package var lastErrorAt: WallTime?
    package var counters: LinkCounters
    /// Measured of late: `reply_us_p99`, `transactions_per_100s`; empty where a driver measures nothing.
    package var figures: [String: Int] = [:]
    /// What the device does not give while it gives the rest: `holding 40...41`.
    package var failing: [String] = []
    /// The newest messages that could not be used, oldest first.
    package var rejected: [RejectedPayload] = []

    package enum State: Hashable, Sendable {
        /// Made, not running yet; or stopped.
        case stopped
        case connecting
        case connected
        /// The next attempt is made at this time of the steady clock.
        case waiting(until: MonotonicTime)

        package var word: String {
            switch self {
            case .stopped: "stopped"
            case .connecting: "connecting"
            case .connected: "connected"
            case .waiting: "waiting"
            }
        }
    }
}

/// What a link has counted since it was started.
package struct LinkCounters: Hashable, Sendable {
    /// MQTT messages, Modbus replies, pictures, that came.
    package var received = 0
    /// Samples that the store has taken (durable where they are acknowledged, else within the loss contract), and pictures whose
    /// verdict is durable.
    package var stored = 0
    /// Values or messages that could not be used, by cause: `json`, `not_finite`, `wrong_length`, `unknown_topic`.
    package var malformed: [String: Int] = [:]
    /// Messages that the broker sent again, and files that were found again, that were stored already.
    package var duplicates = 0
    /// Connections made after the first one.
    package var reconnects = 0
    /// Modbus exception replies by code.
    package var exceptions: [UInt8: Int] = [:]
    /// Samples given up because the store did not take them in time.
    package var dropped = 0
    /// Scans that started after the next one was due already.
    package var lateScans = 0
    /// How often the store refused a batch.
    package var refusals = 0
    /// Tags that a wild card would have made beyond the limit, or with a name that is none.
    package var tagsRefused = 0
    /// Pictures by what became of them: `good`, `defect`, `not_judged`, `not_wanted`.
    package var verdicts: [String: Int] = [:]
    /// Pictures of a camera that were given up for newer ones.
    package var skipped = 0
    /// How often a broker had forgotten the session in which it should have kept messages.
    package var sessionsLost = 0

    package init() {}

    /// Adds what was counted elsewhere.
    mutating func add(_ other: Self) {
        received += other.received
        stored += other.stored
        malformed.merge(other.malformed, uniquingKeysWith: +)
        duplicates += other.duplicates
        reconnects += other.reconnects
        exceptions.merge(other.exceptions, uniquingKeysWith: +)
        dropped += other.dropped
        lateScans += other.lateScans
        refusals += other.refusals
        tagsRefused += other.tagsRefused
        verdicts.merge(other.verdicts, uniquingKeysWith: +)
        skipped += other.skipped
        sessionsLost += other.sessionsLost
    }
}
