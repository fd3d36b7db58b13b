import Drivers
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
        /// Decided and told, and refused by the store: what comes again is not decided anew.
        var unstored: [(key: PictureKey, verdict: StationVerdict, changes: [Change])] = []
        /// The picture that was under way when the daemon last ended.
        var interrupted: String?
    }

    /// What tells a picture that comes again from the next one.
    private struct PictureKey: Hashable {
        var link: String
        var receipt: MessageReceipt?
        var digest: Digest?
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
    private let logger: Logger
    private let turn = Turnstile()
    private let state: Mutex<State>

    init(
        _ parts: Parts, store: Store, clock: any PlantClock, logger: Logger,
        pause: @escaping Pause = { try await Task.sleep(for: $0, tolerance: .zero) }
    ) {
        self.parts = parts
        self.store = store
        self.clock = clock
        self.logger = logger
        self.pause = pause
        state = Mutex(State(announced: parts.definition.trigger.map(AnnouncedParts.init)))
    }

    /// Takes up where the last run of the daemon ended.
    func start() async throws {
        let interrupted = try await store.value(underWayKey)
        state.withLock { $0.interrupted = interrupted }
    }

    private var underWayKey: String { "station.\(definition.id).under_way" }

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
            try await keep(verdict, told, of: picture)
            return try verdict.answer
        }
    }

    /// A picture whose verdict the store refused before.
    private func storedNow(_ picture: FieldPicture) async throws -> PictureAnswer? {
        guard state.withLock({ !$0.unstored.isEmpty }) else { return nil }
        let key = key(of: picture)
        guard let known = state.withLock({ $0.unstored.first { $0.key == key } }) else { return nil }
        try await commit(known.changes)
        state.withLock { state in
            state.unstored.removeAll { $0.key == key }
            state.tally.take(known.verdict)
        }
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

    private func keep(_ verdict: StationVerdict, _ told: StationGate.Told?, of picture: FieldPicture) async throws {
        let receipts = picture.receipt.map { [$0] } ?? []
        let changes =
            [Change.store(SampleBatch(link: picture.link, samples: verdict.samples(parts.tags), receipts: receipts))]
            + (told.map { [.audit($0.act)] } ?? [])
        note(told, of: verdict)
        do { try await commit(changes) } catch {
            let key = key(of: picture)
            state.withLock { state in
                state.unstored.append((key, verdict, changes))
                if state.unstored.count > Self.unstoredLimit { state.unstored.removeFirst() }
            }
            throw error
        }
        state.withLock { $0.tally.take(verdict) }
    }

    /// - Throws: also when everything but the samples was stored, because there is no room.
    private func commit(_ changes: [Change]) async throws {
        guard try await store.apply(changes).first != 0 else { throw StoreError.full }
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
                try await commit(
                    [.store(SampleBatch(link: "station:\(definition.id)", samples: verdict.samples(parts.tags)))]
                        + (told.map { [.audit($0.act)] } ?? []))
                state.withLock { $0.tally.take(verdict) }
            }
        }
    }

    // MARK: Status

    func status() -> StatusReport.Station {
        let (tally, dropped) = state.withLock { ($0.tally, $0.announced?.dropped ?? 0) }
        return StatusReport.Station(definition, tally, unfollowed: dropped)
    }
}
