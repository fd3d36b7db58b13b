package import Logging
package import Plant
package import YAML

/// Pictures that a camera or its program puts into a folder: each is judged once, then kept, deleted or moved.
package struct FolderDriver: PictureDriver {
    package static let scheme = "folder"

    private let link: LinkDefinition
    private let clock: any PlantClock
    private let logger: Logger
    private let monitor: LinkMonitor

    package static func settings(
        reading reader: inout MappingReader, claims: inout LinkClaims
    ) -> (any LinkSettings)? {
        FolderSettings(reading: &reader, claims: &claims)
    }

    package init(link: LinkDefinition, tags: any TagLookup, clock: any PlantClock, logger: Logger) {
        self.link = link
        self.clock = clock
        self.logger = logger
        monitor = LinkMonitor(link: link, clock: clock)
    }

    package func run(into sink: any SampleSink) async throws { try await run(into: sink, pictures: NoJudge()) }

    package func run(into sink: any SampleSink, pictures: any PictureSink) async throws {
        guard let settings = link.settings as? FolderSettings else {
            preconditionFailure("the folder driver was given settings of \(link.scheme)")
        }
        let folder = try FolderLink(link: link, settings: settings, clock: clock, logger: logger, monitor: monitor)
        await folder.run(into: sink, pictures: pictures)
    }

    package func status() -> LinkStatus { monitor.current }
}
