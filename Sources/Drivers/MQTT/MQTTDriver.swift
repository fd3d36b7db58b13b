package import Logging
package import Plant
package import YAML

/// Values and pictures that sensors, cameras and controllers publish to an MQTT broker: QoS 1, acknowledged after they are stored.
package struct MQTTDriver: PictureDriver {
    package static let scheme = "mqtt"

    private let link: LinkDefinition
    private let settings: MQTTSettings
    private let tags: any TagLookup
    private let clock: any PlantClock
    private let logger: Logger
    private let monitor: LinkMonitor
    /// Of the connection for pictures.
    private let pictureMonitor: LinkMonitor

    package static func settings(
        reading reader: inout MappingReader, claims: inout LinkClaims
    ) -> (any LinkSettings)? {
        MQTTSettings(reading: &reader, claims: &claims)
    }

    package init(link: LinkDefinition, tags: any TagLookup, clock: any PlantClock, logger: Logger) {
        guard let settings = link.settings as? MQTTSettings else {
            preconditionFailure("the MQTT driver was given settings of \(link.scheme)")
        }
        self.link = link
        self.settings = settings
        self.tags = tags
        self.clock = clock
        self.logger = logger
        monitor = LinkMonitor(link: link, clock: clock)
        pictureMonitor = LinkMonitor(link: link, clock: clock)
    }

    package func run(into sink: any SampleSink) async throws { try await run(into: sink, pictures: NoJudge()) }

    /// Pictures have a connection of their own: the acknowledgements of one connection leave in order, so that samples would wait
    /// for the judge of each picture before them.
    package func run(into sink: any SampleSink, pictures: any PictureSink) async throws {
        async let values: Void = runValues(into: sink)
        async let others: Void = runPictures(into: sink, pictures)
        _ = try await (values, others)
    }

    package func status() -> LinkStatus {
        guard hasValues else { return pictureMonitor.current }
        return settings.pictureTopics.isEmpty ? monitor.current : monitor.current.joined(with: pictureMonitor.current)
    }

    private var hasValues: Bool { !settings.topics.isEmpty }

    private func runValues(into sink: any SampleSink) async throws {
        guard hasValues else { return }
        let reader = TopicReader(settings, tags: tags, monitor: monitor)
        let connection = try MQTTLink(
            link: link, connection: settings.connection, reader: reader, receiptName: link.name, clock: clock,
            logger: logger, monitor: monitor)
        await connection.run(into: sink)
    }

    private func runPictures(into sink: any SampleSink, _ pictures: any PictureSink) async throws {
        guard !settings.pictureTopics.isEmpty else { return }
        // A name that no link can have: packet ids of two sessions say nothing of each other.
        let receiptName = "\(link.name)/pictures"
        var connection = settings.pictureConnection
        // One of the two speaks for the link.
        if hasValues { connection.will = nil }
        let reader = PictureReader(
            settings.pictureTopics, link: receiptName, presence: hasValues ? nil : settings.presence,
            desk: PictureDesk(pictures: pictures, monitor: pictureMonitor))
        let session = try MQTTLink(
            link: link, connection: connection, reader: reader, receiptName: receiptName, clock: clock, logger: logger,
            monitor: pictureMonitor)
        await session.run(into: sink)
    }
}

extension LinkStatus {
    /// Of a link with two connections: as well as the worse of them.
    fileprivate func joined(with other: Self) -> Self {
        var whole = self
        if state == .connected, other.state != .connected { (whole.state, whole.since) = (other.state, other.since) }
        if let theirs = other.lastErrorAt, lastErrorAt.map({ $0 < theirs }) ?? true {
            (whole.lastError, whole.lastErrorAt) = (other.lastError, theirs)
        }
        whole.counters.add(other.counters)
        whole.rejected = (rejected + other.rejected).sorted { $0.at < $1.at }.suffix(RejectedPayload.kept)
        return whole
    }
}
