import Alerts
import Drivers
import Logging
import Plant
import Scoring
import Store
import Threads

/// Reads what was committed, in order, and judges it; alerts, scores and its own progress are one transaction.
actor JudgeService {
    /// A thread of its own, because an inference in a vendor's library may keep it waiting.
    nonisolated let executor = ThreadExecutor.required()
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let store: Store
    private let signal: CommitSignal
    private let clock: any PlantClock
    private let logger: Logger
    private var judges: [AssetJudge] = []
    private var scoreTags: [String: TagID] = [:]
    private var models: [String: ProvedModel] = [:]
    private let accelerated: AcceleratedModels
    private var alertSteps: AlertSteps
    /// Wakes the delivery service.
    private let announce: @Sendable () async -> Void
    private var failures = 0
    /// Where a start would begin.
    private var storedCursor: Int64 = 0

    private static let cursorName = "judge"
    /// Samples read in one go: 256 windows of 2,560 values are 2.6 MB.
    private static let pageSize = 256
    /// Samples to read again after a crash at most; a commit for so many is nothing.
    private static let storeCursorEvery: Int64 = 65_536
    /// A store that refuses (disk full, damaged page) is asked again after this long.
    private static let retryDelay = Duration.seconds(1)

    init(
        store: Store, signal: CommitSignal, configuration: PlantConfiguration, clock: any PlantClock, logger: Logger,
        announce: @escaping @Sendable () async -> Void
    ) {
        accelerated = AcceleratedModels(
            configuration.accelerator?.choice, clock: clock, logger: logger)
        self.store = store
        self.signal = signal
        self.clock = clock
        self.logger = logger
        self.announce = announce
        alertSteps = AlertSteps(configuration, logger: logger)
    }

    /// Takes the assets of a configuration. An asset that stays keeps its engine, its model and what it has counted.
    ///
    /// - Throws: when a pack's rules cannot be read; nothing has changed then.
    func configure(_ configuration: PlantConfiguration) async throws {
        let declared = Dictionary(configuration.links.flatMap(\.tags).map { ($0.name, $0) }) { first, _ in first }
        let open = try await store.openAlerts()
        var next: [AssetJudge] = []
        var nextScoreTags: [String: TagID] = [:]
        let isAnotherAccelerator = accelerated.configure(configuration.accelerator?.choice)
        for definition in configuration.assets {
            let rules = try PackFiles(directory: definition.packDirectory).rules()
                .applying(configuration.alerts.delays)
            nextScoreTags[definition.id] = try await store.tagID(for: definition.scoreTag)
            var tags: [String: (id: TagID, kind: TagDefinition.Kind)] = [:]
            for (role, name) in definition.inputs {
                // A tag that a wildcard makes is known to the store once its first message has come; see `wireOpenRoles`.
                guard let tag = declared[name] else { continue }
                tags[role] = (try await store.tagID(for: tag), tag.kind)
            }
            // A tag whose unit or rate has changed is another tag: then the asset starts anew.
            if let kept = judges.first(where: { $0.definition == definition }), kept.isWired(to: tags) {
                kept.replace(rules: rules)
                next.append(kept)
                continue
            }
            let judge = AssetJudge(definition: definition, rules: rules, tags: tags, stored: open)
            if !isAnotherAccelerator, let model = models[definition.model] { use(model, in: judge) }
            // What the process said last before a restart still describes the first window after it, if it is fresh enough.
            for tag in judge.interest {
                if let latest = try await store.latest(tag), latest.id <= (try await store.cursor(Self.cursorName) ?? 0)
                {
                    judge.remember(latest.sample)
                }
            }
            next.append(judge)
        }
        judges = next
        accelerated.keep(only: Set(next.map(\.definition.model)))
        if isAnotherAccelerator { for model in models.values { use(model) } }
        scoreTags = nextScoreTags
        alertSteps = AlertSteps(configuration, logger: logger)
        // Other tags may be waited for now.
        signal.raise()
    }

    /// Switches every asset that runs this model; between two windows, never within one.
    func use(_ model: ProvedModel) {
        models[model.name] = model
        for judge in judges where judge.definition.model == model.name { use(model, in: judge) }
    }

    private func use(_ model: ProvedModel, in judge: AssetJudge) {
        do {
            try judge.use(model, inference: accelerated.inference(for: model))
            logger.notice(
                "model in use",
                metadata: [
                    "asset": "\(judge.definition.id)", "model": "\(model.name)", "version": "\(model.version)",
                    "digest": "\(model.digest)",
                ])
        } catch {
            failures += 1
            logger.error(
                "model refused by the asset", metadata: ["asset": "\(judge.definition.id)", "reason": "\(error)"])
        }
    }

    /// Runs until cancelled.
    func run() async throws {
        var cursor = try await startingPoint()
        var isBehind = true
        while !Task.isCancelled {
            do {
                if isBehind { try await takeUp(at: cursor) }
                isBehind = false
                let interest = interest
                signal.expect(interest)
                let page = try await store.samples(
                    after: cursor, limit: Self.pageSize, of: interest, reader: Self.cursorName)
                if !page.samples.isEmpty { try await wireOpenRoles() }
                try await judge(page)
                cursor = page.through
                if page.isEnd { await signal.wait() }
            } catch {
                failures += 1
                // The judges may be ahead of the store now, and the page comes again.
                isBehind = true
                logger.error("judging interrupted", metadata: ["reason": "\(error)"])
                try await Task.sleep(for: Self.retryDelay)
            }
        }
    }

    /// Puts the judges where the store is: its open alerts, and what the process said just before the cursor.
    private func takeUp(at cursor: Int64) async throws {
        let open = try await store.openAlerts()
        for judge in judges { judge.reset(stored: open) }
        let before = try await store.samples(after: max(0, cursor - Int64(Self.pageSize)), limit: Self.pageSize)
        for judge in judges {
            for tag in judge.interest {
                if let latest = try await store.latest(tag), latest.id <= cursor { judge.remember(latest.sample) }
            }
            for stored in before.samples where stored.id <= cursor { judge.remember(stored.sample) }
        }
    }

    /// Where the last run of the daemon came to; a new store starts with the next sample.
    private func startingPoint() async throws -> Int64 {
        if let cursor = try await store.cursor(Self.cursorName) {
            storedCursor = cursor
            return cursor
        }
        let newest = try await store.statistics().lastSample
        try await store.apply([.cursor(Self.cursorName, newest)])
        storedCursor = newest
        return newest
    }

    /// What is read: the tags of the assets, most plants have many more; all of them while a tag of an asset is still to
    /// be made.
    private var interest: Set<TagID>? {
        judges.contains { !$0.openRoles.isEmpty } ? nil : Set(judges.flatMap(\.interest))
    }

    /// Looks whether tags that were still to be made are there now; before the page with their first value is judged.
    private func wireOpenRoles() async throws {
        let waiting = judges.filter { !$0.openRoles.isEmpty }
        guard !waiting.isEmpty else { return }
        let known = try await store.tags()
        for judge in waiting {
            for role in judge.openRoles {
                guard let name = judge.definition.inputs[role], let tag = known[name] else { continue }
                judge.wire(role, to: tag.definition, id: tag.id)
            }
        }
    }

    private func judge(_ page: SamplePage) async throws {
        var changes: [Change] = []
        var scores: [Sample] = []
        var published = false
        for stored in page.samples {
            // A sample of an earlier run of the machine comes before all of this one.
            let monotonic = stored.isThisBoot ? stored.sample.monotonic : MonotonicTime(nanoseconds: 0)
            for judge in judges {
                guard let outcome = judge.take(stored.sample, monotonic: monotonic) else { continue }
                if let score = outcome.score, let tag = scoreTags[judge.definition.id] {
                    scores.append(
                        Sample(
                            tag: tag, value: .number(score.value), quality: .good, sourceTime: outcome.judgement.time,
                            arrival: clock.wall(), monotonic: clock.monotonic()))
                    changes.append(
                        .enqueue(.telemetry, try Telemetry.score(score, of: outcome.judgement).json()))
                }
                for event in outcome.events {
                    changes += alertSteps.changes(event, asset: judge.definition.asset)
                    published = published || event.isPublished
                }
            }
        }
        // Pages of values that nobody judges move the cursor in memory only, up to a limit: they are read again after a crash,
        // and nothing comes of it.
        let isDue = page.through - storedCursor >= Self.storeCursorEvery
        guard !changes.isEmpty || !scores.isEmpty || isDue else { return }
        changes.append(.cursor(Self.cursorName, page.through))
        if !scores.isEmpty { changes.append(.append(scores)) }
        try await store.apply(changes)
        storedCursor = page.through
        if published { await announce() }
    }

    /// Takes over what people did through another process: `millwright alerts ack`.
    func takeAcknowledgements() async throws {
        let stored = try await store.openAlerts()
        var changes: [Change] = []
        for judge in judges {
            guard let open = judge.engine.open, open.acknowledgedAt == nil,
                let taken = stored.first(where: { $0.id == open.id }), let at = taken.acknowledgedAt,
                let person = taken.acknowledgedBy,
                let event = judge.acknowledge(open.id, by: person, at: at)
            else { continue }
            changes += alertSteps.messages(event, asset: judge.definition.asset)
        }
        guard !changes.isEmpty else { return }
        try await store.apply(changes)
        await announce()
    }

    /// What is to be put on the accelerator next, or taken off it; what has failed is said, and tried again when it is time.
    func nextAcceleratorJob() -> AcceleratorJob? { accelerated.nextJob() }

    func take(_ outcome: sending LoadOutcome, of job: LoadJob) { accelerated.take(outcome, of: job) }

    func acceleratorStatus() -> [StatusReport.Accelerator] { accelerated.status() }

    func status() -> [StatusReport.AssetStatus] {
        judges.map { judge in
            let status = judge.engine.status
            let state =
                judge.model == nil
                ? "no model"
                : status.isNotJudged ? "not judged" : judge.engine.open.map { $0.state.rawValue } ?? "normal"
            return StatusReport.AssetStatus(
                id: judge.definition.id, model: judge.definition.model, modelVersion: judge.model?.version,
                modelDigest: judge.model?.digest, state: state, reason: status.reason, score: status.score,
                threshold: status.threshold, windows: status.judgedWindows, notJudged: status.notJudgedWindows)
        }
    }
}
