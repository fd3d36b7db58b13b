import Drivers
import Logging
import Plant
import Store
import Synchronization
import Watch

/// Keeps the watch over all tags: on what the links bring before it is stored, and over those that bring nothing; and over
/// the wall clock.
final class WatchPart: Sendable {
    private struct State {
        var watch = TagWatch()
        var steps = ClockStepDetector()
        /// Batches that wait because samples of silent tags are on their way to the store, and must come before theirs; nil
        /// while none are.
        var waiting: [CheckedContinuation<Void, Never>]?
        /// Steps that are not stored yet; as many as are kept there.
        var unstored: [ClockStep] = []
    }

    /// Name of the stored ``ClockStepLog``.
    static let stepsName = "clock.steps"
    /// How often deadlines and the clock are looked at.
    private static let interval = Duration.milliseconds(500)
    /// Tags that `status` names.
    private static let worstTags = 5

    private let store: Store
    private let clock: any PlantClock
    private let logger: Logger
    private let state = Mutex(State())

    init(store: Store, clock: any PlantClock, logger: Logger) {
        self.store = store
        self.clock = clock
        self.logger = logger
    }

    /// Takes rules and links of a configuration. A tag that a wildcard made in an earlier run, and whose silence has a limit,
    /// is expected again.
    func configure(_ configuration: PlantConfiguration) async throws {
        let (links, rules) = (configuration.links, configuration.watch)
        let declared = Set(links.flatMap(\.tags).map(\.name))
        let isExpected = { (name: String) in
            declared.contains(name) || links.contains { $0.settings.mayMake(tag: name) }
        }
        let scans = Dictionary(links.flatMap { $0.settings.scanIntervals.map { $0 } }) { first, _ in first }
        let now = clock.monotonic()
        let again = try await store.tags().filter { name, _ in
            if case .after = rules.rule(for: name).silence {
                !declared.contains(name) && isExpected(name)
            } else {
                false
            }
        }
        state.withLock { state in
            state.watch.reserve(tags: declared.count)
            state.watch.configure(rules: rules, scans: scans, at: now, isExpected: isExpected)
            for (name, tag) in again { state.watch.watch(tag.id, name: name, at: now) }
        }
    }

    /// Watches a tag that a link has declared.
    func take(_ id: TagID, _ tag: TagDefinition) {
        let now = clock.monotonic()
        state.withLock { $0.watch.watch(id, name: tag.name, at: now) }
    }

    /// Looks at a batch and has it stored; what was seen of one that is not stored is forgotten, because it comes again.
    func look(at batch: SampleBatch, storing: (SampleBatch) async throws -> Void) async throws {
        var batch = batch
        let confidence = clock.confidence()
        var undo: TagWatch.Undo?
        while true {
            undo = state.withLock { state in
                state.waiting == nil ? state.watch.look(at: &batch, clock: confidence) : nil
            }
            if undo != nil { break }
            await waitForSilentTags()
        }
        do {
            try await storing(batch)
        } catch {
            if let undo { state.withLock { $0.watch.undo(undo) } }
            throw error
        }
    }

    private func waitForSilentTags() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                state.waiting?.append(continuation)
                return state.waiting == nil
            }
            if isOver { continuation.resume() }
        }
    }

    /// Runs until cancelled.
    func run() async throws {
        while !Task.isCancelled {
            await lookAround()
            try await Task.sleep(for: Self.interval)
        }
    }

    /// Stores a sample for each tag that has fallen silent, and a step of the clock if there was one.
    func lookAround() async {
        let silent = state.withLock { state in
            let silent = state.watch.silentTags(at: clock.monotonic())
            if !silent.isEmpty { state.waiting = [] }
            return silent
        }
        if !silent.isEmpty {
            await report(silent)
            let waiting = state.withLock { state in
                defer { state.waiting = nil }
                return state.waiting ?? []
            }
            for one in waiting { one.resume() }
        }
        await followClock()
    }

    private func report(_ silent: [TagWatch.Silence]) async {
        let (arrival, monotonic, confidence) = (clock.wall(), clock.monotonic(), clock.confidence())
        for (link, tags) in Dictionary(grouping: silent, by: \.link) {
            let samples = tags.map {
                Sample(
                    tag: $0.tag, value: .none, quality: .bad(.stale), arrival: arrival, monotonic: monotonic,
                    clock: confidence)
            }
            do {
                try await store.store(SampleBatch(link: link, samples: samples))
                logger.warning("tags fell silent", metadata: ["link": "\(link)", "tags": "\(tags.count)"])
            } catch {
                state.withLock { $0.watch.remind(tags) }
                logger.warning("silent tags not stored", metadata: ["link": "\(link)", "reason": "\(error)"])
            }
        }
    }

    // MARK: Clock

    private func followClock() async {
        let unstored = state.withLock { state in
            if let step = state.steps.look(clock, boot: store.bootID) {
                state.unstored.append(step)
                state.unstored.removeFirst(max(0, state.unstored.count - ClockStepLog.limit))
            }
            return state.unstored
        }
        guard !unstored.isEmpty else { return }
        do {
            var log = ClockStepLog(text: try await store.value(Self.stepsName) ?? "")
            for step in unstored { log.append(step) }
            try await store.setValue(Self.stepsName, log.text)
        } catch {
            logger.warning("clock step not stored", metadata: ["reason": "\(error)"])
            return
        }
        state.withLock { $0.unstored.removeAll() }
        for step in unstored {
            logger.notice(
                "the clock was set",
                metadata: ["from": "\(ISO8601.string(step.from))", "to": "\(ISO8601.string(step.to))"])
        }
    }

    // MARK: Status

    /// What was found on each link.
    var found: [String: WatchCounts] { state.withLock { $0.watch.found } }

    func status() -> StatusReport.Watch {
        let now = clock.monotonic()
        let (tags, silent, found, worst) = state.withLock { state in
            (
                state.watch.watchedTags, state.watch.silentNow, state.watch.found,
                state.watch.worst(Self.worstTags, at: now)
            )
        }
        return StatusReport.Watch(
            clock: "\(clock.confidence())", tags: tags, silent: silent,
            found: found.values.reduce(into: [:]) { $0.merge($1.found, uniquingKeysWith: +) },
            worst: worst.map { tag in
                StatusReport.Watch.Tag(
                    name: tag.name, link: tag.link, flags: tag.flags, quality: "\(tag.quality)",
                    ageSeconds: tag.age.inSeconds)
            })
    }
}
