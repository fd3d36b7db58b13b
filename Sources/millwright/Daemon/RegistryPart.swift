import Logging
import Plant
import Store
import Synchronization
import Transfer
import Trust
import Uplink

/// Telemetry to the registry, and models from it.
final class RegistryPart: Sendable {
    struct Setting: Hashable, Sendable {
        var registry: PlantConfiguration.RegistrySection
        /// Names of the model slots to keep up to date.
        var models: [String]
    }

    struct Status: Sendable {
        var sync = TelemetrySync.Status()
        var update = "off"
    }

    let models: ModelSlotService
    private let part: Restartable<Setting>
    private let running: Running

    private final class Running: Sendable {
        let sync = Mutex<TelemetrySync?>(nil)
        let update = Mutex("off")
    }

    init(store: Store, judge: JudgeService, clock: any PlantClock, logger: Logger) {
        let running = Running()
        self.running = running
        let models = ModelSlotService(store: store, judge: judge, logger: logger)
        self.models = models
        part = Restartable("registry", logger: logger) { setting in
            let registry = setting.registry
            let root = try TrustRoot(
                keys: registry.trustedKeys.map { try PublicKey(hex: $0) }, threshold: registry.threshold)
            // Telemetry does not wait behind a download: a client each.
            let sync = TelemetrySync(
                store: store, transport: RegistryTransport(client: HTTPClient(), registry: registry),
                interval: registry.sendEvery, logger: logger)
            running.sync.withLock { $0 = sync }
            let update = ModelUpdate(
                store: store, installer: models.installer,
                transport: RegistryTransport(client: HTTPClient(), registry: registry), root: root, clock: clock,
                logger: logger)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await sync.run() }
                group.addTask { try await Self.poll(update, setting, models, running, logger) }
                try await group.next()
                group.cancelAll()
            }
        }
    }

    func want(_ configuration: PlantConfiguration) {
        part.want(
            configuration.registry.map { registry in
                Setting(registry: registry, models: Set(configuration.assets.map(\.model)).sorted())
            })
    }

    func run() async { await part.run() }

    func status() async -> Status {
        var status = Status()
        if let sync = running.sync.withLock({ $0 }) { status.sync = await sync.status }
        status.update = running.update.withLock { $0 }
        return status
    }

    /// Looks for newer models now and then until cancelled.
    private static func poll(
        _ update: ModelUpdate, _ setting: Setting, _ models: ModelSlotService, _ running: Running, _ logger: Logger
    ) async throws {
        while !Task.isCancelled {
            var words: [String] = []
            for name in setting.models {
                var word = ""
                do {
                    switch try await update.refresh(pack: name) {
                    case .upToDate(let release): word = "release \(release) is the newest"
                    case .activated(let release, _): word = "release \(release) activated"
                    case .refusedBefore(_, let reason): word = "the newest was refused: \(reason)"
                    }
                    try await models.followSlots()
                } catch let error as UplinkError {
                    word = error.description
                    logger.info("no update", metadata: ["model": "\(name)", "reason": "\(error)"])
                }
                words.append("\(name): \(word)")
            }
            running.update.withLock { [words] in $0 = words.joined(separator: "; ") }
            try await Task.sleep(for: setting.registry.pollEvery)
        }
    }
}
