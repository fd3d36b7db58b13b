import Rig

/// Publishes 0, 1, 2, ... at QoS 1 over some topics, and knows how many.
struct NumberedStream: Sendable {
    let publisher: FieldPublisher
    let messagesPerSecond: Int

    static let topics = 4
    /// What the names of its tags begin with.
    static let tagPrefix = "drill."
    /// Sleeping for each message would itself limit the rate.
    private static let shortestSleep = Duration.milliseconds(2)

    /// Until cancelled.
    ///
    /// - Returns: how many.
    @concurrent
    func run() async throws -> Int {
        let interval = Duration.seconds(1) / messagesPerSecond
        let clock = ContinuousClock()
        let start = clock.now
        var sequence = 0
        while !Task.isCancelled {
            while clock.now >= start.advanced(by: interval * sequence), !Task.isCancelled {
                try publisher.publish("drill/\(sequence % Self.topics)", Array(String(sequence).utf8))
                sequence += 1
            }
            try? await clock.sleep(for: max(interval, Self.shortestSleep))
        }
        return sequence
    }

    /// The link that takes them in, for a configuration.
    static func link(port: Int) -> String {
        """
          - name: broker
            driver: mqtt
            host: 127.0.0.1
            port: \(port)
            client_id: drill-daemon
            topics:
              - { topic: drill/+, tag: "\(tagPrefix){1}", payload: number }
        """
    }
}
