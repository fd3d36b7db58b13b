package import Logging
package import Plant
package import YAML

/// Values that Sparkplug B edge nodes publish: read only, but for the request to be born again.
package struct SparkplugDriver: FieldDriver {
    package static let scheme = "sparkplug"

    private let link: LinkDefinition
    private let tags: any TagLookup
    private let clock: any PlantClock
    private let logger: Logger
    private let monitor: LinkMonitor

    package static func settings(
        reading reader: inout MappingReader, claims: inout LinkClaims
    ) -> (any LinkSettings)? {
        SparkplugSettings(reading: &reader, claims: &claims)
    }

    package init(link: LinkDefinition, tags: any TagLookup, clock: any PlantClock, logger: Logger) {
        self.link = link
        self.tags = tags
        self.clock = clock
        self.logger = logger
        monitor = LinkMonitor(link: link, clock: clock)
    }

    package func run(into sink: any SampleSink) async throws {
        guard let settings = link.settings as? SparkplugSettings else {
            preconditionFailure("the Sparkplug driver was given settings of \(link.scheme)")
        }
        let reader = SparkplugHost(settings, tags: tags, clock: clock, monitor: monitor)
        let connection = try MQTTLink(
            link: link, connection: settings.connection, reader: reader, receiptName: link.name, clock: clock,
            logger: logger, monitor: monitor)
        await connection.run(into: sink)
    }

    package func status() -> LinkStatus { monitor.current }
}
