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
        var evidence: EvidenceKeeper?
    }

    /// Waits so long; throws when the task is cancelled.
    typealias Pause = @Sendable (Duration) async throws -> Void

    struct State {
        /// Numbers of the tags that it listens to, by name; those that a wildcard makes come with their first message.
        var numbers: [String: TagID] = [:]
        var announced: AnnouncedParts?
        var judging: Judging
        var part = TagMemory()
        var recipe = TagMemory()
        var tally = StationTally()
        var alerts: StationAlertEngine
        /// Good parts so far, of which a share is kept as evidence.
        var goodParts = 0
        var evidenceNumber = 0
        /// Decided and told, and refused by the store: what comes again is not decided anew.
        var unstored: [(key: PictureKey, kept: Kept)] = []
        /// The picture that was under way when the daemon last ended.
        var interrupted: String?
    }

    /// Models as they are after what people have said of parts.
    struct Judging: Sendable {
        var inspectors: StationInspectors
        var models: [String: StationInspectors.Loaded]
        var feedback = StationFeedback()
        /// Why what was said last is not among it.
        var trouble: UnreadableFeedback?
        /// What each word did, by its number.
        var effects: [Int: String] = [:]
    }

    /// What tells a picture that comes again from the next one.
    struct PictureKey: Hashable {
        var link: String
        var receipt: MessageReceipt?
        /// Of what has no receipt: two parts may look the same to the last bit, as behind a covered lens.
        var part: String?
        var digest: Digest?
    }

    /// What has become of a part, on its way to the store.
    struct Kept {
        var verdict: StationVerdict
        var told: StationGate.Told?
        var link: String
        var receipt: MessageReceipt?
        /// Under which its picture is kept; nil where it is not.
        var evidence: String?
        /// Everything but the samples is stored: there was no room for those.
        var isCounted = false
    }

    /// What is known of a picture before anybody looks at it.
    struct Circumstances {
        var part: String?
        var recipe: String?
    }

    /// A store that refuses makes sources wait, so that few pictures can be between the two.
    static let unstoredLimit = 16
    /// Bytes of a part's name; more is no name.
    private static let partBytes = 200

    let parts: Parts
    var definition: StationDefinition { parts.definition }
    let store: Store
    let clock: any PlantClock
    private let pause: Pause
    /// What an alert means for the store; another one after a reload.
    let alertSteps: Mutex<AlertSteps>
    /// Wakes the delivery of alerts.
    let announce: @Sendable () async -> Void
    let logger: Logger
    let turn = Turnstile()
    let state: Mutex<State>

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
                judging: Judging(inspectors: parts.inspectors, models: parts.models),
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

    /// Judges by what people have said, from the next picture on; the present models judge while the others are made, and go on
    /// judging where what was said cannot be read.
    func followFeedback() async throws {
        let text = try await store.value(StationFeedback.key(definition.id))
        let known = state.withLock { $0.judging }
        let feedback: StationFeedback
        do throws(UnreadableFeedback) { feedback = try StationFeedback(text: text) } catch {
            guard error != known.trouble else { return }
            state.withLock { $0.judging.trouble = error }
            logger.error(
                "what was said of parts has no effect",
                metadata: ["station": "\(definition.id)", "reason": "\(error)"])
            return
        }
        guard feedback != known.feedback || known.trouble != nil else { return }
        let inspectors = StationInspectors(clock: clock)
        let (models, effects) = try await inspectors.load(
            definition.modelFiles, feedback: feedback, directory: store.directory)
        state.withLock {
            $0.judging = Judging(inspectors: inspectors, models: models, feedback: feedback, effects: effects)
        }
        logger.notice(
            "judging by what was said of parts",
            metadata: ["station": "\(definition.id)", "words": "\(feedback.words.count)"])
    }

    func use(_ steps: AlertSteps) { alertSteps.withLock { $0 = steps } }

    var underWayKey: String { "station.\(definition.id).under_way" }
    var alertsKey: String { "station.\(definition.id).alerts" }

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

    /// What it has seen of its trigger was refused by the store, and comes again.
    func expect(again samples: [Sample]) {
        state.withLock { state in
            guard let trigger = definition.trigger, let number = state.numbers[trigger.tag] else { return }
            state.announced?.expect(again: samples.filter { $0.tag == number })
        }
    }

    // MARK: Pictures

    /// Judges a picture that is wanted; returns when its verdict is durable.
    ///
    /// A picture whose turn has come is judged, told and stored to the end, also when its link is told to stop meanwhile.
    /// - Throws: `CancellationError` when the link was told to stop before; nothing has happened then.
    func take(_ picture: FieldPicture) async throws -> PictureAnswer {
        try await turn.pass {
            try Task.checkCancellation()
            return try await Uncancelled.run { try await self.judge(picture) }
        }
    }

    private func judge(_ picture: FieldPicture) async throws -> PictureAnswer {
        if let answer = try await storedNow(picture) { return answer }
        let isInterrupted = wasUnderWay(picture)
        guard let circumstances = claim(picture, isInterrupted: isInterrupted) else {
            state.withLock { $0.tally.notWanted += 1 }
            if let receipt = picture.receipt {
                try await store.store(SampleBatch(link: picture.link, receipts: [receipt]))
            }
            return .notWanted
        }
        let decision = await decide(picture, circumstances, isInterrupted: isInterrupted)
        note(decision.told, of: decision.verdict)
        let kept = Kept(
            verdict: decision.verdict, told: decision.told, link: picture.link, receipt: picture.receipt,
            evidence: evidenceName(of: decision.verdict))
        // Beside the commit, on a thread of its own; an alert that names it may be there before it.
        if let name = kept.evidence { try keepEvidence(name, picture, decision) }
        try await keep(kept, of: picture)
        return try decision.verdict.answer
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

    func key(of picture: FieldPicture) -> PictureKey {
        PictureKey(
            link: picture.link, receipt: picture.receipt,
            part: picture.part, digest: picture.receipt == nil ? try? Digest(of: picture.bytes) : nil)
    }

    /// - Parameter isInterrupted: it was asked for before the daemon ended.
    private func claim(_ picture: FieldPicture, isInterrupted: Bool) -> Circumstances? {
        state.withLock { state in
            if !isInterrupted, state.announced != nil, state.announced?.claim(pictureAt: picture.monotonic) == nil {
                return nil
            }
            return circumstances(at: picture.monotonic, part: picture.part, state)
        }
    }

    private func circumstances(at time: MonotonicTime, part: String?, _ state: State) -> Circumstances {
        let named = part ?? definition.part.flatMap { state.part.value(at: time, maximumAge: $0.maximumAge) }
        return Circumstances(
            part: named.map { String($0.prefix(Self.partBytes)) },
            recipe: definition.recipe.map { state.recipe.value(at: time, maximumAge: $0.maximumAge) } ?? "")
    }

    /// What was decided of a part, and what that came from.
    struct Decision: Sendable {
        var verdict: StationVerdict
        var told: StationGate.Told?
        var finding: PartFinding
    }

    /// The verdict in time, and what the gate was told of it.
    private func decide(
        _ picture: FieldPicture, _ circumstances: Circumstances, isInterrupted: Bool
    ) async -> Decision {
        let deadline = picture.monotonic + definition.budget
        let inspectors = state.withLock { $0.judging.inspectors }
        let verdict = { @Sendable (finding: PartFinding) in
            self.verdict(
                finding, name: picture.name, circumstances, sourceTime: picture.sourceTime, arrival: picture.arrival,
                monotonic: picture.monotonic)
        }
        if isInterrupted {
            let finding = await inspectors.judge(picture, recipe: circumstances.recipe ?? "", deadline: deadline)
            let found = verdict(finding)
            let told = parts.gate.map { StationGate.Told(act: $0.mayHaveTold(found), at: clock.monotonic()) }
            return Decision(verdict: found, told: told, finding: finding)
        }
        let (noted, found) = (Latch(), FoundInTime())
        return await withTaskGroup(of: Decision?.self) { group in
            group.addTask {
                await self.noteUnderWay(picture)
                noted.open()
                return nil
            }
            group.addTask {
                // At the budget the gate is told, whatever still computes; and a finding that only waits for a slow disk counts.
                let left = deadline - self.clock.monotonic()
                if left > .zero, (try? await self.pause(left)) == nil { return nil }
                guard !Task.isCancelled else { return nil }
                return await self.decided(found.finding ?? PartFinding(.late), verdict)
            }
            let finding =
                if let recipe = circumstances.recipe {
                    await inspectors.judge(picture, recipe: recipe, deadline: deadline)
                } else { PartFinding(.recipe(nil)) }
            if clock.monotonic() < deadline { found.finding = finding }
            await noted.wait()
            group.cancelAll()
            for await decision in group { if let decision { return decision } }
            return await decided(found.finding ?? PartFinding(.late), verdict)
        }
    }

    private func decided(
        _ finding: PartFinding, _ verdict: @Sendable (PartFinding) -> StationVerdict
    ) async -> Decision {
        let found = verdict(finding)
        // What has begun to tell the gate is not stopped by a verdict that comes just then: the gate would be told neither.
        let told = await Uncancelled.run { await self.parts.gate?.tell(found) }
        return Decision(verdict: found, told: told, finding: finding)
    }

    /// What was found before the budget was over.
    private final class FoundInTime: Sendable {
        private let content = Mutex<PartFinding?>(nil)
        var finding: PartFinding? {
            get { content.withLock { $0 } }
            set { content.withLock { $0 = newValue } }
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
            modelDigest: circumstances.recipe.flatMap { recipe in state.withLock { $0.judging.models[recipe]?.digest }
            }, sourceTime: sourceTime,
            arrival: arrival, monotonic: monotonic)
    }

    // MARK: Missing pictures

    /// Parts that were announced and wait for their picture.
    var waitingParts: Int { state.withLock { $0.announced?.waiting.count ?? 0 } }

    /// Says of each part whose picture has not come in time that it was not judged.
    func giveUpMissing() async throws {
        let now = clock.monotonic()
        let missing = state.withLock { state in
            (state.announced?.expire(at: now) ?? []).map { ($0, circumstances(at: $0, part: nil, state)) }
        }
        for (announced, circumstances) in missing {
            try await turn.pass {
                try await Uncancelled.run { try await self.miss(announced, circumstances) }
            }
        }
    }

    private func miss(_ announced: MonotonicTime, _ circumstances: Circumstances) async throws {
        let found = verdict(
            PartFinding(.missing), name: "", circumstances, sourceTime: nil,
            arrival: clock.wall() + (announced - clock.monotonic()), monotonic: announced)
        let told = await parts.gate?.tell(found)
        note(told, of: found)
        try await keep(Kept(verdict: found, told: told, link: "station:\(definition.id)"), of: nil)
    }

    // MARK: Status

    func status() -> StatusReport.Station {
        let (tally, dropped, judging) = state.withLock { ($0.tally, $0.announced?.dropped ?? 0, $0.judging) }
        return StatusReport.Station(
            definition, tally, unfollowed: dropped, evidence: parts.evidence?.counts,
            judging)
    }
}
