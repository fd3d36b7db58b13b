/// What one connection to a broker needs to know; every link and publisher that speaks MQTT has one.
struct MQTTConnectionSettings: Hashable, Sendable {
    enum Version: String, CaseIterable, Sendable {
        case v3_1_1 = "3.1.1"
        case v5 = "5"
    }

    var host: String
    var port: Int
    /// Stays the same over restarts: the broker keeps what came meanwhile under this name.
    var clientID: String
    /// Zero for a connection without pings.
    var keepAlive: Duration
    var version = Version.v3_1_1
    /// How long the broker keeps a session that nobody uses; only MQTT 5 lets the client say so.
    var sessionExpiry: Duration = .seconds(30 * 86_400)
    var username: String?
    /// The first line of this file is the password; it is read at each connection, so that it can be changed.
    var passwordFile: String?
    var tls: MQTTTransportSecurity?
    /// What the broker says in our name when the connection ends without a goodbye.
    var will: MQTTMessage?
}

/// Files of an encrypted connection, read at each connection, so that they can be renewed.
enum MQTTTransportSecurity: Hashable, Sendable {
    /// PEM files: of the authority that signed the broker's certificate, and of our own certificate, if the broker wants one.
    case certificates(authorityFile: String, certificateFile: String?, keyFile: String?)
    /// A key that both sides have; the first line of the file, in hexadecimal.
    case sharedKey(identity: String, keyFile: String)
}

/// A message that we send.
struct MQTTMessage: Hashable, Sendable {
    var topic: String
    var payload: [UInt8]
    /// 0, 1 or 2.
    var qos = 1
    var isRetained = false
}

/// What a link asks the broker for.
struct MQTTSubscription: Hashable, Sendable {
    /// As the broker takes it, with `$share/group/` if it has that.
    var filter: String
    /// 0 or 1. Not 2: a client must keep a message before it answers PUBREC, and libmosquitto shows it only at PUBREL.
    var qos = 1
}

/// Settings of a link that has a connection to a broker.
protocol BrokerLinkSettings: LinkSettings {
    var connection: MQTTConnectionSettings { get }
}
