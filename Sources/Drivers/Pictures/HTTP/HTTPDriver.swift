package import Logging
package import Plant
package import YAML

/// Pictures that cameras and programs send to the box: `POST /pictures/STREAM`, answered with the verdict when it is durable.
package struct HTTPDriver: PictureDriver {
    package static let scheme = "http"

    private let link: LinkDefinition
    private let clock: any PlantClock
    private let logger: Logger
    private let monitor: LinkMonitor

    package static func settings(
        reading reader: inout MappingReader, claims: inout LinkClaims
    ) -> (any LinkSettings)? {
        HTTPSettings(reading: &reader, claims: &claims)
    }

    package init(link: LinkDefinition, tags: any TagLookup, clock: any PlantClock, logger: Logger) {
        self.link = link
        self.clock = clock
        self.logger = logger
        monitor = LinkMonitor(link: link, clock: clock)
    }

    package func run(into sink: any SampleSink) async throws { try await run(into: sink, pictures: NoJudge()) }

    package func run(into sink: any SampleSink, pictures: any PictureSink) async throws {
        guard let settings = link.settings as? HTTPSettings else {
            preconditionFailure("the HTTP driver was given settings of \(link.scheme)")
        }
        let door = try HTTPLink(link: link, settings: settings, clock: clock, logger: logger, monitor: monitor)
        await door.run(
            PictureDesk(pictures: pictures, monitor: monitor), HTTPRepeats(link: link.name, sink: sink))
    }

    package func status() -> LinkStatus { monitor.current }
}
