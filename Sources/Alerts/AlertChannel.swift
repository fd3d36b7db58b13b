/// One way on which alerts leave the box. A file a channel in `Channels/`, a line each in ``Channels/all``.
package protocol AlertChannel: Sendable {
    /// The word in the configuration and in the journal: `mqtt`.
    static var name: String { get }

    /// - Returns: nil when the settings do not ask for this channel.
    init?(_ settings: AlertSettings, outlets: Outlets)

    /// Where it sends to, for log and status; without secrets.
    var destination: String { get }

    /// Sends one message.
    ///
    /// - Returns: when the other side has confirmed it. Must end within a minute, and when its task is cancelled.
    /// - Throws: text in the error holds no secret.
    func send(_ delivery: Delivery) async throws(DeliveryError)
}

/// Publishes to a broker; the program hands in one that knows the links.
package protocol TopicPublisher: Sendable {
    /// Publishes with QoS 1.
    ///
    /// - Returns: when the broker has acknowledged. Ends within a minute, and when its task is cancelled.
    func publish(link: String, topic: String, payload: [UInt8]) async throws
}

/// Posts to a web server; the program hands in one that speaks HTTP.
package protocol Webhook: Sendable {
    /// Posts with `Content-Type: application/json`; does not follow redirects.
    ///
    /// - Returns: the status of the answer. Ends within a minute, and when its task is cancelled.
    func post(url: String, body: [UInt8], headers: [HTTPHeader]) async throws -> Int
}

/// What channels may use to reach the outside.
package struct Outlets: Sendable {
    package var publisher: any TopicPublisher
    package var webhook: any Webhook
    /// From the webhook's `headers_file`.
    package var webhookHeaders: [HTTPHeader]

    package init(publisher: any TopicPublisher, webhook: any Webhook, webhookHeaders: [HTTPHeader] = []) {
        self.publisher = publisher
        self.webhook = webhook
        self.webhookHeaders = webhookHeaders
    }
}
