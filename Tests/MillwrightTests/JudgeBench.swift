import AssemblyLine
import Drivers
import Logging
import Plant
import Store
import Synchronization
import TestBench

@testable import millwright

/// A daemon without links, channels and registry: a real store, the pack's model and rules, and the judge.
final class JudgeBench {
    static let asset = "fan-3"

    let folder: TempDirectory
    let clock = ManualClock()
    let store: Store
    let configuration: PlantConfiguration
    let signal = CommitSignal()
    let watch: WatchPart
    let stations: StationService
    /// How often the delivery service was woken.
    let announced = Announcements()
    private(set) var judge: JudgeService
    private(set) var models: ModelSlotService
    private var running: Task<Void, any Error>?
    private var ids: [String: TagID] = [:]

    final class Announcements: Sendable {
        private let number = Mutex(0)
        var count: Int { number.withLock { $0 } }
        func note() { number.withLock { $0 += 1 } }
    }

    static let logger = Logger(label: "judge-tests") { _ in SwiftLogNoOpLogHandler() }

    static func plant(
        vibrationTag: String = "fan-3.vibration", topic: String = "v", pack: String = Files.pack, extra: String = ""
    ) -> String {
        """
        plant: { name: Works, device: box-1 }
        store: { directory: store }
        links:
          - name: sensors
            driver: mqtt
            host: 127.0.0.1
            topics:
              - topic: \(topic)
                tag: "\(vibrationTag)"
                payload: waveform
                format: float32-le
                samples: 4096
                rate: 12800
                unit: g
              - { topic: s, tag: fan-3.speed, payload: number, unit: rpm }
              - { topic: l, tag: fan-3.load, payload: number, unit: "%" }
        assets:
          - id: \(asset)
            pack: \(pack)
            inputs: { vibration: fan-3.vibration, speed: fan-3.speed, load: fan-3.load }
        alerts:
          mqtt: { link: sensors, topic: "alerts/{asset}" }
          webhook: { url: "http://127.0.0.1:1/hook" }
        \(extra)

        """
    }

    init(plant: String = JudgeBench.plant(), takesModel: Bool = true) async throws {
        folder = try TempDirectory()
        try Files.write(plant, to: folder.file("plant.yaml"))
        configuration = try PlantConfiguration.load(path: folder.file("plant.yaml"))
        store = try Store(
            directory: configuration.store.directory, limits: Limits(reserveBytes: 64 << 10),
            contract: LossContract(samples: .zero), clock: clock, logger: Self.logger, bootID: "boot",
            committedSamples: { [signal] in signal.raise(for: $0) })
        watch = WatchPart(store: store, clock: clock, logger: Self.logger)
        (judge, models) = Self.make(store, signal, configuration, clock, announced)
        try await watch.configure(configuration)
        stations = StationService(
            store: store, writer: LinkSupervisor(clock: clock, logger: Self.logger), clock: clock, logger: Self.logger)
        let tags = StoreTags(store: store, watch: watch, stations: stations)
        for tag in configuration.links.flatMap(\.tags) { ids[tag.name] = try await tags.id(for: tag) }
        // A new store starts with the next sample; a test stores some before the judge has looked.
        try await store.setCursor("judge", 0)
        try await judge.configure(configuration)
        if takesModel { try await models.start(configuration) }
    }

    private static func make(
        _ store: Store, _ signal: CommitSignal, _ configuration: PlantConfiguration, _ clock: any PlantClock,
        _ announced: Announcements
    ) -> (JudgeService, ModelSlotService) {
        let judge = JudgeService(
            store: store, signal: signal, configuration: configuration, clock: clock, logger: logger,
            announce: { announced.note() })
        return (judge, ModelSlotService(store: store, judge: judge, logger: logger))
    }

    func start() {
        running = Task { [judge] in try await judge.run() }
    }

    /// Ends the judge wherever it is.
    func stop() async {
        running?.cancel()
        _ = await running?.result
        running = nil
    }

    /// A new judge on the same store, as a restarted daemon has it.
    func restart() async throws {
        await stop()
        (judge, models) = Self.make(store, signal, configuration, clock, announced)
        try await judge.configure(configuration)
        try await models.start(configuration)
        start()
    }

    // MARK: What comes from the field

    func id(_ tag: String) async throws -> TagID {
        if let known = ids[tag] { return known }
        let made = try await store.tagID(
            for: TagDefinition(name: tag, unit: "g", kind: .waveform(samples: 4_096, rateHertz: 12_800)))
        ids[tag] = made
        return made
    }

    func send(
        _ tag: String, _ value: Sample.Value, quality: Quality = .good, sourceTime: WallTime? = nil
    ) async throws {
        let sample = Sample(
            tag: try await id(tag), value: value, quality: quality, sourceTime: sourceTime, arrival: clock.wall(),
            monotonic: clock.monotonic())
        try await IngestPath(store: store, watch: watch, stations: stations)
            .store(SampleBatch(link: "sensors", samples: [sample]))
    }

    /// Half a second of the machine: speed and load, then the window.
    func play(_ moment: RecordingPlayer.Moment) async throws {
        clock.advance(by: .milliseconds(500))
        try await send("fan-3.speed", .number(moment.speedRPM))
        try await send("fan-3.load", .number(moment.loadPercent))
        try await send("fan-3.vibration", .waveform(moment.window))
    }

    // MARK: What came of it

    func status() async throws -> StatusReport.AssetStatus {
        guard let status = await judge.status().first else { throw DrillError.timedOut("an asset") }
        return status
    }

    /// Waits until this judge has looked at so many windows.
    func judged(_ windows: Int) async throws -> Bool {
        try await eventually(within: .seconds(60)) {
            let status = try await status()
            return status.windows + status.notJudged >= windows
        }
    }

    func outbox() async throws -> [OutboxEntry] { try await store.nextBatch(rows: 100_000, bytes: 1 << 30) }

    /// Events for the delivery channels, as `channel event`, in order.
    func deliveries(_ alert: String) async throws -> [String] {
        try await store.deliveries(alert: alert).map { "\($0.channel) \($0.event)" }.sorted()
    }
}

/// The pack's recording, made once for all tests.
enum PlayedRecording {
    static let moments: Result<[RecordingPlayer.Moment], any Error> = Result {
        let pack = try RotatingMachinePack.parse(try TextFile.read("\(Files.pack)/pack.yaml"), file: "pack.yaml")
        let path = "\(Files.pack)/replay/recording.yaml"
        let script = try RecordingScript.parse(try TextFile.read(path), file: path)
        // Until the damage is critical: enough for each step of an alert's life but its end.
        return RecordingPlayer(script: script, pack: pack).prefix(125) + []
    }
}
