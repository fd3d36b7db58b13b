import CMosquitto
import Plant

/// Recognises that two clients throw each other out: a broker closes the older of two connections with one client id.
struct Rivalry {
    /// Before MQTT 5 a broker closes without a word, which it also does when it ends; only repetition tells the two apart.
    static let silentCloses = 3
    /// Two clients that wait up to half a minute after each defeat have connections of at most that length.
    static let stableAfter: Duration = .seconds(60)

    private let clientID: String
    private var closes = 0
    private var isTold = false

    init(clientID: String) { self.clientID = clientID }

    /// A connection has ended.
    ///
    /// - Parameters:
    ///   - isAccepted: whether the broker had taken us.
    ///   - goodbye: what the broker said when it ended the connection.
    mutating func note(_ failure: any Error, isAccepted: Bool, goodbye: Int32?, after lasted: Duration) {
        if lasted >= Self.stableAfter { closes = 0 }
        isTold = goodbye == Int32(MQTT_RC_SESSION_TAKEN_OVER.rawValue)
        switch failure {
        case LinkFailure.closed where isAccepted, LinkFailure.notConnected where isAccepted: closes += 1
        default: closes = 0
        }
    }

    /// Whether to wait longer and longer, although each connection begins well.
    var isLikely: Bool { isTold || closes >= Self.silentCloses }

    /// For status; nil while there is nothing to suspect.
    var text: String? {
        if isTold { return "another client took over the client_id \"\(clientID)\"; give each client an id of its own" }
        guard isLikely else { return nil }
        return "the broker took us and closed the connection, \(closes) times in a row; does another client use the "
            + "client_id \"\(clientID)\"? Give each an id of its own"
    }
}
