package import Logging
package import Plant
package import YAML

/// Slaves on a serial line, polled with Modbus RTU; links that name the same port share the line.
package struct ModbusRTUDriver: WritingDriver {
    package static let scheme = "modbus-rtu"

    private let link: ModbusLink

    package static func settings(
        reading reader: inout MappingReader, claims: inout LinkClaims
    ) -> (any LinkSettings)? {
        ModbusSettings(.serial, reading: &reader, claims: &claims)
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
