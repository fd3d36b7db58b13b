package import Logging
package import Plant
package import YAML

/// Values that sensors and controllers publish to an MQTT broker: QoS 1, acknowledged after they are stored.
package struct MQTTDriver: FieldDriver {
    package static let scheme = "mqtt"

    private let link: LinkDefinition
    private let tags: any TagLookup
    private let clock: any PlantClock
    private let logger: Logger
    private let monitor: LinkMonitor

    package static func settings(
        reading reader: inout MappingReader, claims: inout LinkClaims
    ) -> (any LinkSettings)? {
        MQTTSettings(reading: &reader, claims: &claims)
    }

    package init(link: LinkDefinition, tags: any TagLookup, clock: any PlantClock, logger: Logger) {
        self.link = link
        self.tags = tags
        self.clock = clock
        self.logger = logger
        monitor = LinkMonitor(link: link, clock: clock)
    }

    package func run(into sink: any SampleSink) async throws {
        guard let settings = link.settings as? MQTTSettings else {
            preconditionFailure("the MQTT driver was given settings of \(link.scheme)")
        }
        let reader = TopicReader(settings, tags: tags, monitor: monitor)
        let connection = try MQTTLink(
            link: link, connection: settings.connection, reader: reader, clock: clock, logger: logger, monitor: monitor)
        await connection.run(into: sink)
    }

    package func status() -> LinkStatus { monitor.current }
}
