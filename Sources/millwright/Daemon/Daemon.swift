import Alerts
import Drivers
import Glibc
import Graph
import Host
import Logging
import Plant
import Runtime
import ServiceLifecycle
import Store
import Synchronization
import Transfer
import Trust
import UnixSignals
import Uplink

/// The daemon: every part of it is made and tied together here, and nowhere else.
///
/// Path of a value: link -> ``IngestPath`` (with ``WatchPart``) -> store -> ``JudgeService`` -> alerts, scores -> deliveries, registry.
/// Path of a picture: link -> ``StationService`` -> verdict -> gate, store.
struct Daemon: Service {
    private let path: String
    private let clock: any PlantClock
    private let logger: Logger
    private let manager: ServiceManager
    private let statusFile: StatusFile
    private let store: Store
    private let judge: JudgeService
    private let signal: CommitSignal
    private let watch: WatchPart
    private let links: LinkSupervisor
    private let stations: StationService
    private let deliveries: DeliveryPart
    private let registry: RegistryPart
    private let sparkplug: SparkplugPart
    private let loaded: Loaded

    /// The configuration in force, and what became of the last attempt to change it.
    final class Loaded: Sendable {
        struct State: Sendable {
            var configuration: PlantConfiguration
            var at: WallTime
            var error: String?
        }
        let state: Mutex<State>

        init(_ configuration: PlantConfiguration, at time: WallTime) {
            state = Mutex(State(configuration: configuration, at: time))
        }

        var configuration: PlantConfiguration { state.withLock { $0.configuration } }
        var at: WallTime { state.withLock { $0.at } }
    }

    /// How often status is written, bounds are kept, and what other processes wrote is looked for.
    private static let housekeepingInterval = Duration.milliseconds(500)
    /// After this long the links of a configuration are connected, and what only that needed is let go of.
    private static let settlingTime = Duration.seconds(2)

    init(
        path: String, configuration: PlantConfiguration, clock: any PlantClock, logger: Logger,
        environment: [String: String]
    ) async throws {
        self.path = path
        self.clock = clock
        self.logger = logger
        manager = ServiceManager(environment: environment)
        statusFile = StatusFile.standard(store: configuration.store.directory, environment: environment)
        loaded = Loaded(configuration, at: clock.wall())
        signal = CommitSignal()
        store = try Store(
            directory: configuration.store.directory,
            limits: Limits(
                maximumAge: configuration.store.maximumAge, maximumBytes: Int64(configuration.store.maximumBytes),
                outboxRows: Int64(configuration.store.outboxRows),
                hotSamples: Int64(configuration.store.hotSamples), rollupAge: configuration.store.rollupAge,
                reserveBytes: Int64(configuration.store.reserveBytes)),
            contract: configuration.loss, clock: clock, logger: logger,
            committedSamples: { [signal] in signal.raise(for: $0) })
        deliveries = DeliveryPart(store: store, clock: clock, logger: logger)
        judge = JudgeService(
            store: store, signal: signal, configuration: configuration, clock: clock, logger: logger,
            announce: { [deliveries] in await deliveries.wake() })
        registry = RegistryPart(store: store, judge: judge, clock: clock, logger: logger)
        watch = WatchPart(store: store, clock: clock, logger: logger)
        sparkplug = SparkplugPart(store: store, clock: clock, logger: logger)
        links = LinkSupervisor(clock: clock, logger: logger)
        stations = StationService(
            store: store, writer: links, clock: clock, logger: logger,
            announce: { [deliveries] in await deliveries.wake() })
        try await judge.configure(configuration)
        try await watch.configure(configuration)
        try await stations.configure(configuration)
        try await registry.models.start(configuration)
    }

    /// Runs until the service group shuts down; then every part has ended and the store is closed.
    func run() async throws {
        let configuration = loaded.configuration
        links.want(configuration.links)
        deliveries.want(configuration)
        registry.want(configuration)
        sparkplug.want(configuration)
        manager.ready(status: summary(configuration))
        logger.notice(
            "running",
            metadata: [
                "configuration": "\(path)", "links": "\(configuration.links.count)",
                "assets": "\(configuration.assets.count)", "store": "\(store.directory)",
            ])
        say(configuration.notices)
        ProcessMemory.giveBack()
        try await cancelWhenGracefulShutdown {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    await links.run(
                        in: .init(
                            sink: IngestPath(store: store, watch: watch, stations: stations),
                            tags: StoreTags(store: store, watch: watch, stations: stations), pictures: stations))
                }
                group.addTask { try await stations.run() }
                group.addTask { try await stations.followFeedback() }
                group.addTask { await store.keepLossContract() }
                group.addTask { try await judge.run() }
                group.addTask { try await watch.run() }
                group.addTask { await deliveries.run() }
                group.addTask { await registry.run() }
                group.addTask { try await WriteService(store: store, links: links, logger: logger).run() }
                group.addTask { await sparkplug.run() }
                group.addTask { try await keepHouse() }
                group.addTask { try await listenForReload() }
                group.addTask { try await loadAccelerators() }
                // The first part that ends ends them all; each ends in order when it is cancelled.
                do { try await group.next() } catch is CancellationError {}
                group.cancelAll()
                do { try await group.waitForAll() } catch is CancellationError {}
            }
        }
        manager.stopping()
        await store.close()
        logger.notice("stopped")
    }

    // MARK: Accelerator

    /// Puts models on the accelerator as they come into use, and again after they failed; meanwhile the judge goes on.
    private func loadAccelerators() async throws {
        let loader = AcceleratorLoader(logger: logger)
        try await withTaskCancellationHandler {
            while !Task.isCancelled {
                if await !loader.work(for: judge) { try await Task.sleep(for: Self.housekeepingInterval) }
            }
        } onCancel: {
            // A library that loads may take a minute, and whoever stops the daemon does not wait that long.
            loader.stop()
        }
    }

    // MARK: Reload

    private func listenForReload() async throws {
        for await _ in await UnixSignalsSequence(trapping: .sighup) { await reload() }
    }

    /// Takes a changed file. A wrong one is reported and refused as a whole: what ran goes on.
    private func reload() async {
        manager.reloading(monotonicMicroseconds: clock.monotonic().nanoseconds / 1_000)
        do {
            let next = try PlantConfiguration.load(path: path)
            guard next.store == loaded.configuration.store, next.loss == loaded.configuration.loss else {
                throw ConfigurationError.wrong(
                    "\(path): store, loss: a changed store or loss contract needs a restart of the daemon")
            }
            let stationsReady = try await stations.prepare(next)
            try await judge.configure(next)
            stations.adopt(stationsReady)
            try await registry.models.start(next)
            try await watch.configure(next)
            loaded.state.withLock { $0 = Loaded.State(configuration: next, at: clock.wall()) }
            links.want(next.links)
            deliveries.want(next)
            registry.want(next)
            sparkplug.want(next)
            manager.ready(status: summary(next))
            logger.notice("configuration reloaded", metadata: ["configuration": "\(path)"])
            say(next.notices)
            ProcessMemory.giveBack()
        } catch {
            loaded.state.withLock { $0.error = "\(error)" }
            manager.ready(status: "reload refused; \(summary(loaded.configuration))")
            logger.error("reload refused, the old configuration goes on", metadata: ["reason": "\(error)"])
        }
    }

    private func say(_ notices: [String]) {
        for notice in notices { logger.warning("\(notice)") }
    }

    private func summary(_ configuration: PlantConfiguration) -> String {
        "\(configuration.links.count) links, \(configuration.assets.count) assets, "
            + "\(configuration.stations.count) stations"
    }

    // MARK: Housekeeping

    private func keepHouse() async throws {
        let started = clock.wall()
        var lastAlive = clock.monotonic()
        var (configured, changed, isSettled) = (loaded.at, clock.monotonic(), false)
        while !Task.isCancelled {
            do {
                if try await store.changedByOthers() {
                    try await judge.takeAcknowledgements()
                    try await stations.takeAcknowledgements()
                    try await registry.models.followSlots()
                }
                stations.keepEvidence()
                _ = try await store.maintain()
                // The judge's place is moved on past samples that it does not wait for.
                signal.raise()
            } catch {
                logger.error("housekeeping failed", metadata: ["reason": "\(error)"])
            }
            do {
                try statusFile.write(try await report(startedAt: started))
            } catch {
                logger.warning("status not written", metadata: ["reason": "\(error)"])
            }
            // The watchdog is fed from here, through store and judge: a part that hangs holds this up.
            if let interval = manager.watchdogInterval, clock.monotonic() - lastAlive >= interval / 2 {
                manager.alive()
                lastAlive = clock.monotonic()
            }
            if loaded.at != configured { (configured, changed, isSettled) = (loaded.at, clock.monotonic(), false) }
            if !isSettled, clock.monotonic() - changed >= Self.settlingTime {
                ProcessMemory.letGoOfStart()
                isSettled = true
            }
            try await Task.sleep(for: Self.housekeepingInterval)
        }
    }

    private func report(startedAt started: WallTime) async throws -> StatusReport {
        let now = clock.wall()
        let state = loaded.state.withLock { $0 }
        let statistics = try await store.statistics()
        let loss = await store.lossReport()
        let open = try await store.openAlerts()
        let uplink = await registry.status()
        let found = watch.found
        return StatusReport(
            version: Millwright.version, pid: getpid(), plant: state.configuration.plant.name,
            device: state.configuration.plant.device, startedAt: ISO8601.string(started),
            writtenAt: ISO8601.string(now),
            clockWarning: now < earliestPlausibleWallTime
                ? "the clock says \(ISO8601.string(now)), which is before this program was made" : nil,
            configuration: .init(
                path: path, loadedAt: ISO8601.string(state.at), reloadError: state.error,
                notices: state.configuration.notices),
            links: await links.status().map { StatusReport.Link($0, found: found[$0.name]) },
            assets: await judge.status(), stations: stations.status(),
            accelerators: await judge.acceleratorStatus(),
            alerts: .init(
                active: open.count { $0.state != .cleared }, unacknowledged: open.count { $0.acknowledgedAt == nil },
                deliveries: await deliveries.counts()),
            store: StatusReport.counters(statistics),
            watch: watch.status(),
            storeTrouble: Self.trouble(statistics, loss), loss: StatusReport.Loss(loss, statistics),
            registry: state.configuration.registry.map { section in
                StatusReport.Registry(
                    url: section.url, state: uplink.sync.state, lastError: uplink.sync.lastError,
                    pending: Int(statistics.outbox.values.reduce(0) { $0 + $1.rows }),
                    acknowledgedSequence: Int(uplink.sync.confirmedThrough), update: uplink.update,
                    counters: uplink.sync.failures.merging(
                        ["sent": Int(uplink.sync.sent), "batches": Int(uplink.sync.batches)]) { $1 })
            },
            sparkplug: state.configuration.sparkplug.flatMap { section in
                sparkplug.status().map { StatusReport.Sparkplug($0, node: section.edge.node) }
            })
    }

    private static func trouble(_ statistics: StoreStatistics, _ loss: LossReport) -> String? {
        if statistics.isShort {
            let (dropped, refused) = (statistics.counters.droppedForRoom, statistics.counters.refusedSamples)
            return
                "no space left, \(Format.bytes(statistics.diskFreeBytes)) free: alerts are stored, \(dropped) of the oldest samples "
                + "have given way to new ones, \(refused) new ones were refused. Free space on the disk of the store, or set "
                + "store.keep.size lower; the daemon goes on by itself when there is room for twice the reserve"
        }
        guard loss.isBroken else { return nil }
        return "the loss contract is broken: samples of the last \(Format.fixed(loss.oldest.inSeconds, 1)) s are not "
            + "durable, \(Format.fixed(loss.contract.samples.inSeconds, 1)) s may be; the disk is too slow or fails"
    }
}
