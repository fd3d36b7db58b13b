package import Logging
package import Plant
package import YAML

/// Registers and coils of a controller or drive, polled over Modbus TCP.
package struct ModbusTCPDriver: WritingDriver {
    package static let scheme = "modbus-tcp"

    private let link: ModbusLink

    package static func settings(
        reading reader: inout MappingReader, claims: inout LinkClaims
    ) -> (any LinkSettings)? {
        ModbusSettings(.tcp, reading: &reader, claims: &claims)
    }

    package init(link: LinkDefinition, tags: any TagLookup, clock: any PlantClock, logger: Logger) {
        self.link = ModbusLink(link: link, tags: tags, clock: clock, logger: logger)
    }

    package func run(into sink: any SampleSink) async throws { try await link.run(into: sink) }
    package func status() -> LinkStatus { link.monitor.current }
    package func write(_ tag: String, _ number: Double, within limit: Duration) async -> WriteOutcome {
        await link.write(tag, number, within: limit)
    }
}
