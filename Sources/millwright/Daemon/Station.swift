import Alerts
import Drivers
import FoundationEssentials
import Inspection
import Logging
import Plant
import Store
import Synchronization
import Trust

/// One station: which pictures are wanted, what is said of each part in time, told to the gate, and kept.
///
/// The gate is told before the verdict is durable, because the part moves on. So that a kill in between does not tell it a
/// second time for a picture that comes again, its receipt is stored as being under way while the network computes.
final class Station: Sendable {
    /// What a station is made of; one whose parts have not changed stays on a reload.
    struct Parts: Sendable {
        var definition: StationDefinition
        var inspectors: StationInspectors
        /// By recipe.
        var models: [String: StationInspectors.Loaded]
        var tags: [StationDefinition.Output: TagID]
        var gate: StationGate?
    }

    /// Waits so long; throws when the task is cancelled.
    typealias Pause = @Sendable (Duration) async throws -> Void

    private struct State {
        /// Numbers of the tags that it listens to, by name; those that a wildcard makes come with their first message.
        var numbers: [String: TagID] = [:]
        var announced: AnnouncedParts?
        var part = TagMemory()
        var recipe = TagMemory()
        var tally = StationTally()
        var alerts: StationAlertEngine
        /// Decided and told, and refused by the store: what comes again is not decided anew.
        var unstored: [(key: PictureKey, kept: Kept)] = []
        /// The picture that was under way when the daemon last ended.
        var interrupted: String?
    }

    /// What tells a picture that comes again from the next one.
    private struct PictureKey: Hashable {
        var link: String
        var receipt: MessageReceipt?
        var digest: Digest?
    }

    /// What has become of a part, on its way to the store.
    private struct Kept {
        var verdict: StationVerdict
        var told: StationGate.Told?
        var link: String
        var receipt: MessageReceipt?
        /// Everything but the samples is stored: there was no room for those.
        var isCounted = false
    }

    /// What is known of a picture before anybody looks at it.
    private struct Circumstances {
        var part: String?
        var recipe: String?
    }

    /// A store that refuses makes sources wait, so that few pictures can be between the two.
    private static let unstoredLimit = 16
    /// Bytes of a part's name; more is no name.
    private static let partBytes = 200

    let parts: Parts
    var definition: StationDefinition { parts.definition }
    private let store: Store
    private let clock: any PlantClock
    private let pause: Pause
    /// What an alert means for the store; another one after a reload.
    private let alertSteps: Mutex<AlertSteps>
    /// Wakes the delivery of alerts.
    private let announce: @Sendable () async -> Void
    private let logger: Logger
    private let turn = Turnstile()
    private let state: Mutex<State>

    init(
        _ parts: Parts, store: Store, alertSteps: AlertSteps, clock: any PlantClock, logger: Logger,
        announce: @escaping @Sendable () async -> Void = {},
        pause: @escaping Pause = { try await Task.sleep(for: $0, tolerance: .zero) }
    ) {
        self.parts = parts
        self.store = store
        self.clock = clock
        self.logger = logger
        self.pause = pause
        self.announce = announce
        self.alertSteps = Mutex(alertSteps)
        state = Mutex(
            State(
                announced: parts.definition.trigger.map(AnnouncedParts.init),
                alerts: StationAlertEngine(asset: parts.definition.id, settings: parts.definition.alerts)))
    }

    /// Takes up where the last run of the daemon ended.
    func start() async throws {
        let interrupted = try await store.value(underWayKey)
        let memory = try await store.value(alertsKey).flatMap {
            try? JSONDecoder().decode(StationAlertEngine.Memory.self, from: Data($0.utf8))
        }
        let stored = try await store.openAlerts()
        state.withLock { state in
            state.interrupted = interrupted
            state.alerts = StationAlertEngine(
                asset: definition.id, settings: definition.alerts, memory: memory ?? .init(), stored: stored)
        }
    }

    func use(_ steps: AlertSteps) { alertSteps.withLock { $0 = steps } }

    private var underWayKey: String { "station.\(definition.id).under_way" }
    private var alertsKey: String { "station.\(definition.id).alerts" }

    // MARK: Tags

    /// Numbers of the tags that it listens to.
    var interest: [TagID] { state.withLock { Array($0.numbers.values) } }

    /// Learns the number of a tag.
    func take(_ id: TagID, name: String) {
        guard definition.sources.contains(where: { $0.tag == name }) else { return }
        state.withLock { $0.numbers[name] = id }
    }

    /// Takes what a tag said before the daemon started.
    func remember(_ sample: Sample, at time: MonotonicTime) {
        state.withLock { state in
            if sample.tag == definition.part.flatMap({ state.numbers[$0.tag] }) { state.part.take(sample, at: time) }
            if sample.tag == definition.recipe.flatMap({ state.numbers[$0.tag] }) {
                state.recipe.take(sample, at: time)
            }
        }
    }

    func see(_ sample: Sample) {
        remember(sample, at: sample.monotonic)
        state.withLock { state in
            guard let trigger = definition.trigger, sample.tag == state.numbers[trigger.tag] else { return }
            state.announced?.take(sample)
        }
    }

    // MARK: Pictures

    /// Judges a picture that is wanted; returns when its verdict is durable.
    func take(_ picture: FieldPicture) async throws -> PictureAnswer {
        try await turn.pass {
            if let answer = try await storedNow(picture) { return answer }
            guard let circumstances = claim(picture) else {
                state.withLock { $0.tally.notWanted += 1 }
                if let receipt = picture.receipt {
                    try await store.store(SampleBatch(link: picture.link, receipts: [receipt]))
                }
                return .notWanted
            }
            let (verdict, told) = await decide(picture, circumstances)
            note(told, of: verdict)
            try await keep(
                Kept(verdict: verdict, told: told, link: picture.link, receipt: picture.receipt), of: picture)
            return try verdict.answer
        }
    }

    /// A picture whose verdict the store refused before.
    private func storedNow(_ picture: FieldPicture) async throws -> PictureAnswer? {
        guard state.withLock({ !$0.unstored.isEmpty }) else { return nil }
        let key = key(of: picture)
        let known = state.withLock { state in
            state.unstored.firstIndex { $0.key == key }.map { state.unstored.remove(at: $0).kept }
        }
        guard let known else { return nil }
        try await keep(known, of: picture)
        return try known.verdict.answer
    }

    private func key(of picture: FieldPicture) -> PictureKey {
        PictureKey(
            link: picture.link, receipt: picture.receipt,
            digest: picture.receipt == nil ? try? Digest(of: picture.bytes) : nil)
    }

    private func claim(_ picture: FieldPicture) -> Circumstances? {
        state.withLock { state in
            if state.announced != nil, state.announced?.claim(pictureAt: picture.monotonic) == nil { return nil }
            return circumstances(at: picture.monotonic, part: picture.part, state)
        }
    }

    private func circumstances(at time: MonotonicTime, part: String?, _ state: State) -> Circumstances {
        let named = part ?? definition.part.flatMap { state.part.value(at: time, maximumAge: $0.maximumAge) }
        return Circumstances(
            part: named.map { String($0.prefix(Self.partBytes)) },
            recipe: definition.recipe.map { state.recipe.value(at: time, maximumAge: $0.maximumAge) } ?? "")
    }

    /// The verdict in time, and what the gate was told of it.
    private func decide(
        _ picture: FieldPicture, _ circumstances: Circumstances
    ) async -> (StationVerdict, StationGate.Told?) {
        let deadline = picture.monotonic + definition.budget
        let verdict = { @Sendable (finding: PartFinding) in
            self.verdict(
                finding, name: picture.name, circumstances, sourceTime: picture.sourceTime, arrival: picture.arrival,
                monotonic: picture.monotonic)
        }
        if isInterrupted(picture) {
            let finding = await parts.inspectors.judge(picture, recipe: circumstances.recipe ?? "", deadline: deadline)
            let found = verdict(finding)
            let told = parts.gate.map { StationGate.Told(act: $0.mayHaveTold(found), at: clock.monotonic()) }
            return (found, told)
        }
        let noted = Latch()
        return await withTaskGroup(of: (StationVerdict, StationGate.Told?)?.self) { group in
            group.addTask {
                await self.noteUnderWay(picture)
                noted.open()
                return nil
            }
            group.addTask {
                // At the budget the gate is told, whatever still computes.
                let left = deadline - self.clock.monotonic()
                if left > .zero, (try? await self.pause(left)) == nil { return nil }
                guard !Task.isCancelled else { return nil }
                let late = verdict(PartFinding(.late))
                return (late, await self.parts.gate?.tell(late))
            }
            let finding =
                if let recipe = circumstances.recipe {
                    await parts.inspectors.judge(picture, recipe: recipe, deadline: deadline)
                } else { PartFinding(.recipe(nil)) }
            await noted.wait()
            group.cancelAll()
            for await late in group { if let late { return late } }
            let found = verdict(clock.monotonic() < deadline ? finding : PartFinding(.late))
            return (found, await parts.gate?.tell(found))
        }
    }

    private func verdict(
        _ finding: PartFinding, name: String, _ circumstances: Circumstances, sourceTime: WallTime?, arrival: WallTime,
        monotonic: MonotonicTime
    ) -> StationVerdict {
        StationVerdict(
            station: definition.id, part: circumstances.part,
            recipe: definition.recipe == nil ? nil : circumstances.recipe,
            row: finding.row(name, took: clock.monotonic() - monotonic),
            modelDigest: circumstances.recipe.flatMap { parts.models[$0]?.digest }, sourceTime: sourceTime,
            arrival: arrival, monotonic: monotonic)
    }

    // MARK: Under way

    private func underWay(_ picture: FieldPicture) -> String? {
        picture.receipt.map { "\(picture.link) \($0.packetID) \(String($0.digest, radix: 16))" }
    }

    /// Only where a decision could be told twice.
    private func noteUnderWay(_ picture: FieldPicture) async {
        guard parts.gate != nil, let text = underWay(picture) else { return }
        do { try await store.setValue(underWayKey, text) } catch {
            // The line needs its decision all the same.
            logger.warning(
                "picture under way not noted", metadata: ["station": "\(definition.id)", "reason": "\(error)"])
        }
    }

    private func isInterrupted(_ picture: FieldPicture) -> Bool {
        guard parts.gate != nil, let text = underWay(picture) else { return false }
        return state.withLock { state in
            defer { state.interrupted = nil }
            return state.interrupted == text
        }
    }

    // MARK: Keeping

    /// - Parameter picture: which comes again if the store refuses; nil where there is none.
    private func keep(_ kept: Kept, of picture: FieldPicture?) async throws {
        var kept = kept
        do { try await commit(&kept) } catch {
            guard let picture else { throw error }
            let key = key(of: picture)
            state.withLock { state in
                state.unstored.append((key, kept))
                if state.unstored.count > Self.unstoredLimit { state.unstored.removeFirst() }
            }
            throw error
        }
        state.withLock { $0.tally.take(kept.verdict) }
    }

    /// Verdict, receipt, audit, alerts and what these are counted from, in one transaction.
    ///
    /// - Throws: also when everything but the samples was stored, because there is no room for them.
    private func commit(_ kept: inout Kept) async throws {
        let batch = SampleBatch(
            link: kept.link, samples: kept.verdict.samples(parts.tags), receipts: kept.receipt.map { [$0] } ?? [])
        var changes = [Change.store(batch)]
        var alerts = state.withLock { $0.alerts }
        var events: [AlertEvent] = []
        if !kept.isCounted {
            let steps = alertSteps.withLock { $0 }
            events = alerts.take(kept.verdict, deviation: deviation(of: kept.verdict), evidence: nil)
            changes += kept.told.map { [.audit($0.act)] } ?? []
            changes += events.flatMap { steps.changes($0, asset: definition.asset) }
            changes.append(.value(alertsKey, String(decoding: try JSONEncoder().encode(alerts.memory), as: UTF8.self)))
        }
        let numbers = try await store.apply(changes)
        state.withLock { $0.alerts = alerts }
        kept.isCounted = true
        if events.contains(where: \.isPublished) { await announce() }
        guard numbers.first != 0 else { throw StoreError.full }
    }

    private func deviation(of verdict: StationVerdict) -> Double? {
        guard let score = verdict.row.score, let model = parts.models[verdict.recipe ?? ""] else { return nil }
        return model.threshold.spread?.standard(score)
    }

    /// Takes over what people did through another process: `millwright alerts ack`.
    func takeAcknowledgements(_ stored: [Alert]) async throws {
        try await turn.pass {
            var alerts = state.withLock { $0.alerts }
            let steps = alertSteps.withLock { $0 }
            let changes = stored.flatMap { taken -> [Change] in
                guard let at = taken.acknowledgedAt, let person = taken.acknowledgedBy,
                    let event = alerts.acknowledge(taken.id, by: person, at: at)
                else { return [] }
                return steps.messages(event, asset: definition.asset)
            }
            guard !changes.isEmpty else { return }
            try await store.apply(changes)
            state.withLock { $0.alerts = alerts }
            await announce()
        }
    }

    private func note(_ told: StationGate.Told?, of verdict: StationVerdict) {
        guard let told else { return }
        state.withLock { $0.tally.take(told, after: told.at - verdict.monotonic) }
        guard !told.isDone else { return }
        logger.warning(
            "the gate was not told",
            metadata: [
                "station": "\(definition.id)", "outcome": "\(told.act.result.outcome)",
                "reason": "\(told.act.result.detail ?? "")",
            ])
    }

    // MARK: Missing pictures

    /// Whether parts wait for their picture.
    var isWaiting: Bool { state.withLock { $0.announced?.waiting.isEmpty == false } }

    /// Says of each part whose picture has not come in time that it was not judged.
    func giveUpMissing() async throws {
        let now = clock.monotonic()
        let missing = state.withLock { state in
            (state.announced?.expire(at: now) ?? []).map { ($0, circumstances(at: $0, part: nil, state)) }
        }
        for (announced, circumstances) in missing {
            try await turn.pass {
                let verdict = verdict(
                    PartFinding(.missing), name: "", circumstances, sourceTime: nil,
                    arrival: clock.wall() + (announced - clock.monotonic()), monotonic: announced)
                let told = await parts.gate?.tell(verdict)
                note(told, of: verdict)
                try await keep(Kept(verdict: verdict, told: told, link: "station:\(definition.id)"), of: nil)
            }
        }
    }

    // MARK: Status

    func status() -> StatusReport.Station {
        let (tally, dropped) = state.withLock { ($0.tally, $0.announced?.dropped ?? 0) }
        return StatusReport.Station(definition, tally, unfollowed: dropped)
    }
}
