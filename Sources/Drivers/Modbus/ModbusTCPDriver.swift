package import Logging
package import Plant
package import YAML

/// Registers and coils of a controller or drive, polled over Modbus TCP.
package struct ModbusTCPDriver: FieldDriver {
    package static let scheme = "modbus-tcp"

    private let link: LinkDefinition
    private let tags: any TagLookup
    private let clock: any PlantClock
    private let logger: Logger
    private let monitor: LinkMonitor

    package static func settings(
        reading reader: inout MappingReader, claims: inout LinkClaims
    ) -> (any LinkSettings)? {
        ModbusSettings(reading: &reader, claims: &claims)
    }

    package init(link: LinkDefinition, tags: any TagLookup, clock: any PlantClock, logger: Logger) {
        self.link = link
        self.tags = tags
        self.clock = clock
        self.logger = logger
        monitor = LinkMonitor(link: link, clock: clock)
    }

    package func run(into sink: any SampleSink) async throws {
        guard let settings = link.settings as? ModbusSettings else {
            preconditionFailure("the Modbus driver was given settings of \(link.scheme)")
        }
        let device = try ModbusLink(
            link: link, settings: settings, tags: tags, clock: clock, logger: logger, monitor: monitor)
        await device.run(into: sink)
    }

    package func status() -> LinkStatus { monitor.current }
}
