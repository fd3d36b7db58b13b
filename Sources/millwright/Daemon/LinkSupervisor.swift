import Drivers
import Logging
import Plant
import Synchronization

/// Runs one task a link; a reload stops what has gone, starts what is new, and leaves alone what stayed the same.
actor LinkSupervisor: FieldWriter {
    private let clock: any PlantClock
    private let logger: Logger
    private var running: [LinkDefinition: Running] = [:]
    private let changes: AsyncStream<[LinkDefinition]>
    private let changed: AsyncStream<[LinkDefinition]>.Continuation

    private struct Running {
        var driver: any FieldDriver
        var task: Task<Void, Never>
    }

    /// A driver that ends by an error it cannot mend itself is started again after this long.
    private static let restartDelay = Duration.seconds(5)

    /// What links need of the rest of the daemon.
    struct Surroundings: Sendable {
        var sink: any SampleSink
        var tags: any TagLookup
        var pictures: any PictureSink
    }

    init(clock: any PlantClock, logger: Logger) {
        self.clock = clock
        self.logger = logger
        // Only the newest configuration counts.
        (changes, changed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Which links are to run from now on.
    nonisolated func want(_ links: [LinkDefinition]) { changed.yield(links) }

    /// Runs until cancelled; then every link has ended.
    func run(in surroundings: Surroundings) async {
        for await links in changes { await switchTo(links, surroundings) }
        await switchTo([], surroundings)
    }

    private func switchTo(_ links: [LinkDefinition], _ surroundings: Surroundings) async {
        let wanted = Set(links)
        // What a picture that is being judged says to the line goes over another link, which therefore ends after it.
        await end { !wanted.contains($0) && $0.settings.bringsPictures }
        await end { !wanted.contains($0) }
        for link in links where running[link] == nil {
            let driver = Drivers.driver(for: link, tags: surroundings.tags, clock: clock, logger: logger)
            let logger = logger
            // The task lives as long as its entry in `running`: a group cannot hold children that come and go on a reload.
            let task = Task {
                while !Task.isCancelled {
                    do {
                        try await Self.run(driver, in: surroundings)
                    } catch is CancellationError {
                        return
                    } catch {
                        logger.error("link failed", metadata: ["link": "\(link.name)", "reason": "\(error)"])
                        try? await Task.sleep(for: Self.restartDelay)
                    }
                }
            }
            running[link] = Running(driver: driver, task: task)
            logger.info("link started", metadata: ["link": "\(link.name)", "driver": "\(link.scheme)"])
        }
    }

    /// A link that changed must let go of its connection (one client id, one slave) before its successor takes it.
    private func end(_ isLeaving: (LinkDefinition) -> Bool) async {
        let leaving = running.filter { isLeaving($0.key) }
        for (link, run) in leaving {
            run.task.cancel()
            running[link] = nil
        }
        for (link, run) in leaving {
            await run.task.value
            logger.info("link stopped", metadata: ["link": "\(link.name)"])
        }
    }

    private static func run(_ driver: any FieldDriver, in surroundings: Surroundings) async throws {
        guard let camera = driver as? any PictureDriver else { return try await driver.run(into: surroundings.sink) }
        try await camera.run(into: surroundings.sink, pictures: surroundings.pictures)
    }

    /// Whether a link that runs has a driver that can write.
    var mayWrite: Bool { running.values.contains { $0.driver is any WritingDriver } }

    /// Writes to a tag of a link that runs, where its configuration allows it.
    func write(_ tag: String, _ value: Double, within limit: Duration) async -> WriteOutcome {
        guard let link = running.keys.first(where: { $0.tags.contains { $0.name == tag } }), let run = running[link]
        else {
            return .refused(reason: "no link that runs has this tag")
        }
        guard link.settings.allowsWrite(of: value, to: tag), let driver = run.driver as? any WritingDriver else {
            return .refused(reason: "the configuration does not allow \(value)")
        }
        return await driver.write(tag, value, within: limit)
    }

    func status() -> [LinkStatus] { running.values.map { $0.driver.status() }.sorted { $0.name < $1.name } }
}
