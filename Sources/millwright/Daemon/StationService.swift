import Drivers
import Logging
import Plant
import Store
import Synchronization

/// The stations of the configuration in force: where the links' pictures go.
final class StationService: PictureSink {
    private struct State {
        /// By stream.
        var stations: [String: Station] = [:]
        /// Tags that one of them listens to; most samples are of others.
        var interest: Set<TagID> = []
    }

    private let store: Store
    private let writer: any FieldWriter
    private let clock: any PlantClock
    private let logger: Logger
    private let announce: @Sendable () async -> Void
    private let state = Mutex(State())
    /// A part was announced.
    private let signal = CommitSignal()
    /// Somebody may have said something of a part.
    private let said = CommitSignal()

    /// Evidence gives way while the disk has less room than so many times what the store keeps back for alerts.
    private static let reserves: Int64 = 4
    /// How often it is looked whether the time of announced parts is over; only while there are some.
    private static let interval = Duration.milliseconds(5)
    /// A store that refuses is asked again after this long.
    private static let retryDelay = Duration.seconds(1)

    /// - Parameter announce: wakes the delivery of alerts.
    init(
        store: Store, writer: any FieldWriter, clock: any PlantClock, logger: Logger,
        announce: @escaping @Sendable () async -> Void = {}
    ) {
        self.announce = announce
        self.store = store
        self.writer = writer
        self.clock = clock
        self.logger = logger
    }

    private var all: [Station] {
        state.withLock { $0.stations.values.sorted { $0.definition.id < $1.definition.id } }
    }

    func station(of stream: String) -> Station? { state.withLock { $0.stations[stream] } }

    // MARK: Configuration

    /// Stations that are ready, and in force once they are adopted.
    struct Prepared: Sendable {
        /// By stream.
        fileprivate var stations: [String: Station]
        fileprivate var alertSteps: AlertSteps
    }

    /// Takes the stations of a configuration.
    ///
    /// - Throws: when a model cannot be used; nothing has changed then.
    func configure(_ configuration: PlantConfiguration) async throws { adopt(try await prepare(configuration)) }

    /// Makes the stations of a configuration. One that stays the same, its models too, keeps what it has counted.
    ///
    /// - Throws: when a model cannot be used.
    func prepare(_ configuration: PlantConfiguration) async throws -> Prepared {
        let running = all
        let steps = AlertSteps(configuration, logger: logger)
        var next: [String: Station] = [:]
        for definition in configuration.stations {
            let made = try await station(definition, configuration)
            let kept = running.first {
                $0.definition == definition && $0.parts.models == made.models && $0.parts.tags == made.tags
                    && $0.parts.gate?.link == made.gate?.link
            }
            let station =
                kept
                ?? Station(
                    made, store: store, alertSteps: steps, clock: clock, logger: logger, announce: announce)
            if kept == nil { try await station.start() }
            try await station.followFeedback()
            try await wire(station, configuration, isNew: kept == nil)
            next[definition.pictures] = station
        }
        return Prepared(stations: next, alertSteps: steps)
    }

    func adopt(_ prepared: Prepared) {
        let interest = Set(prepared.stations.values.flatMap(\.interest))
        state.withLock { $0 = State(stations: prepared.stations, interest: interest) }
        for station in prepared.stations.values { station.use(prepared.alertSteps) }
        signal.raise()
    }

    private func station(
        _ definition: StationDefinition, _ configuration: PlantConfiguration
    ) async throws -> Station.Parts {
        let inspectors = StationInspectors(clock: clock)
        let models = try await inspectors.load(definition.modelFiles).models
        let outputs = StationDefinition.Output.allCases
        let numbers = try await store.tagIDs(for: outputs.map(definition.tag))
        return Station.Parts(
            definition: definition, inspectors: inspectors, models: models,
            tags: Dictionary(zip(outputs, numbers)) { first, _ in first }, gate: try gate(definition, configuration),
            evidence: definition.evidence.map { settings in
                EvidenceKeeper(
                    path: "\(store.directory)/evidence/\(definition.id)", settings: settings,
                    leastFree: Self.reserves * Int64(configuration.store.reserveBytes), clock: clock, logger: logger)
            })
    }

    private func gate(_ definition: StationDefinition, _ configuration: PlantConfiguration) throws -> StationGate? {
        guard let setting = definition.gate else { return nil }
        var link: LinkDefinition?
        if case .topic(let name, _) = setting { link = configuration.links.first { $0.name == name } }
        let settings = link.flatMap {
            MQTTPublisher.Settings(
                link: $0, clientID: "millwright-gate-\(configuration.plant.device)-\(definition.id)")
        }
        return StationGate(
            setting: setting, writer: writer, link: link,
            publisher: try settings.map { settings throws(MQTTPublisher.Failure) in
                try MQTTPublisher(settings, clock: clock)
            },
            patience: definition.budget, clock: clock)
    }

    /// Ties it to its tags, and takes what they said last: a recipe that was set yesterday still holds.
    private func wire(_ station: Station, _ configuration: PlantConfiguration, isNew: Bool) async throws {
        let declared = configuration.links.flatMap(\.tags)
        for (_, name) in station.definition.sources {
            let id: TagID
            if let tag = declared.first(where: { $0.name == name }) {
                id = try await store.tagID(for: tag)
            } else if let known = try await store.tags()[name] {
                id = known.id
            } else {
                continue
            }
            station.take(id, name: name)
            // One that stays has seen newer ones than the store has.
            guard isNew, let latest = try await store.latest(id) else { continue }
            let age = clock.wall() - latest.sample.arrival
            station.remember(
                latest.sample,
                at: latest.isThisBoot ? latest.sample.monotonic : clock.monotonic() + (.zero - max(age, .zero)))
        }
    }

    /// A link has declared a tag.
    func take(_ id: TagID, _ tag: TagDefinition) {
        let stations = all.filter { station in station.definition.sources.contains { $0.tag == tag.name } }
        guard !stations.isEmpty else { return }
        for station in stations { station.take(id, name: tag.name) }
        state.withLock { _ = $0.interest.insert(id) }
    }

    // MARK: Samples

    /// Looks at what comes from the field, on its way to the store.
    func see(_ samples: [Sample]) {
        let (interest, stations) = state.withLock { ($0.interest, $0.stations) }
        guard !interest.isEmpty else { return }
        var isSeen = false
        for sample in samples where interest.contains(sample.tag) {
            for station in stations.values { station.see(sample) }
            isSeen = true
        }
        if isSeen { signal.raise() }
    }

    /// The store has refused what was seen: it comes again.
    func expect(again samples: [Sample]) {
        let stations = all
        let seen = state.withLock { state in samples.filter { state.interest.contains($0.tag) } }
        guard !seen.isEmpty else { return }
        for station in stations { station.expect(again: seen) }
    }

    /// Watches for parts whose picture does not come; until cancelled.
    func run() async throws {
        while !Task.isCancelled {
            guard all.contains(where: { $0.waitingParts > 0 }) else {
                await signal.wait()
                continue
            }
            do {
                for station in all { try await station.giveUpMissing() }
                try await Task.sleep(for: Self.interval)
            } catch is CancellationError {
                return
            } catch {
                logger.error("verdict not stored", metadata: ["reason": "\(error)"])
                try await Task.sleep(for: Self.retryDelay)
            }
        }
    }

    /// Follows what people say of parts; apart from everything else, because models are made anew for it. Until cancelled.
    func followFeedback() async throws {
        while !Task.isCancelled {
            await said.wait()
            for station in all {
                do { try await station.followFeedback() } catch {
                    logger.error(
                        "what was said of parts has no effect",
                        metadata: ["station": "\(station.definition.id)", "reason": "\(error)"])
                }
            }
        }
    }

    /// Takes over what people did through another process.
    func takeAcknowledgements() async throws {
        said.raise()
        let stations = all
        guard !stations.isEmpty else { return }
        let stored = try await store.openAlerts()
        for station in stations { try await station.takeAcknowledgements(stored) }
    }

    /// Keeps the bounds of what is kept besides the store.
    func keepEvidence() {
        for station in all { station.parts.evidence?.keep() }
    }

    // MARK: Pictures

    func judges(_ stream: String) -> Bool { station(of: stream) != nil }

    func take(_ picture: FieldPicture) async throws -> PictureAnswer {
        guard let station = station(of: picture.stream) else {
            if let receipt = picture.receipt {
                try await store.store(SampleBatch(link: picture.link, receipts: [receipt]))
            }
            return .notWanted
        }
        return try await station.take(picture)
    }

    func status() -> [StatusReport.Station] { all.map { $0.status() } }
}

extension PictureAnswer {
    /// For a picture that nobody asked for.
    static let notWanted = PictureAnswer(verdict: .notWanted, json: Array(#"{"verdict":"not_wanted"}"#.utf8))
}
