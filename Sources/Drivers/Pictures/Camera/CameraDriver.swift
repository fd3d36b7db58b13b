package import Logging
package import Plant
package import YAML

/// Pictures of a camera at this box, by Video for Linux: of those that come while one is judged, the newest is kept.
package struct CameraDriver: PictureDriver {
    package static let scheme = "camera"

    typealias Opening = @Sendable (_ path: String) throws(VideoFault) -> any VideoDevice

    private let link: LinkDefinition
    private let clock: any PlantClock
    private let logger: Logger
    private let monitor: LinkMonitor
    private let open: Opening

    package static func settings(
        reading reader: inout MappingReader, claims: inout LinkClaims
    ) -> (any LinkSettings)? {
        CameraSettings(reading: &reader, claims: &claims)
    }

    package init(link: LinkDefinition, tags: any TagLookup, clock: any PlantClock, logger: Logger) {
        self.init(link: link, clock: clock, logger: logger) { path throws(VideoFault) in try KernelVideo(path) }
    }

    /// - Parameter open: gives the device of a path.
    init(link: LinkDefinition, clock: any PlantClock, logger: Logger, open: @escaping Opening) {
        self.link = link
        self.clock = clock
        self.logger = logger
        self.open = open
        monitor = LinkMonitor(link: link, clock: clock)
    }

    package func run(into sink: any SampleSink) async throws { try await run(into: sink, pictures: NoJudge()) }

    package func run(into sink: any SampleSink, pictures: any PictureSink) async throws {
        guard let settings = link.settings as? CameraSettings else {
            preconditionFailure("the camera driver was given settings of \(link.scheme)")
        }
        let camera = try CameraLink(
            link: link, settings: settings, clock: clock, logger: logger, monitor: monitor, open: open)
        await camera.run(PictureDesk(pictures: pictures, monitor: monitor))
    }

    package func status() -> LinkStatus { monitor.current }
}
