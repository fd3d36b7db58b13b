import Glibc
import Plant
import Store
import TestBench

/// Compares what a store holds with what its writer was told: everything acknowledged once, and nothing half.
struct Check {
    let folder: String
    let notes: Notes
    /// The fault came once: everything must have been done in the end.
    let wantsAll: Bool

    /// - Returns: what is wrong, empty when nothing is.
    func run() async throws -> [String] {
        // Later than anything in the minute, so that the store is opened as after a night.
        let clock = ManualClock(wall: WallTime(nanoseconds: 1_710_000_000_000_000_000))
        let start = ContinuousClock.now
        let store = try Store(
            directory: folder, limits: Script.limits, clock: clock, logger: silentLogger, bootID: "after")
        let opened = ContinuousClock.now - start
        let reader = try StoreReader(directory: folder, clock: clock, logger: silentLogger)
        let actions = Script().actions
        let found = try await Findings(store: store, reader: reader, actions: actions)
        var faults = found.faults
        if opened > .seconds(5) { faults.append("opened only after \(opened)") }
        for (number, action) in actions.enumerated() {
            faults += judge(number, action, actions, found).map { "action \(number) \(action): \($0)" }
        }
        let known = Set(actions.flatMap(\.facts))
        for (fact, count) in found.facts.sorted(by: { $0.key < $1.key }) {
            if count > 1 { faults.append("\(fact): \(count) times") }
            if !known.contains(fact), !isStray(fact) { faults.append("\(fact): nobody has written that") }
        }
        if wantsAll, !notes.isClosed { faults.append("the writer gave up, although the fault came once") }
        faults += try await goOn(store)
        await store.close()
        return faults
    }

    private func judge(_ number: Int, _ action: Action, _ actions: [Action], _ found: Findings) -> [String] {
        var faults: [String] = []
        var facts = action.facts
        let later = actions.enumerated().dropFirst(number + 1)
        // What a reader of the outbox has confirmed is gone, all of it.
        let isConfirmed = later.contains { _, action in
            if case .confirm(let key) = action { found.facts[.value(key)] != nil } else { false }
        }
        if isConfirmed {
            faults += facts.filter { $0.isOutbox && found.facts[$0] != nil }.map { "confirmed, and still there: \($0)" }
            facts.removeAll(where: \.isOutbox)
        }
        // Samples go by age, those of one transaction together.
        let isOld = later.contains { number, action in
            if case .maintain(let span) = action {
                span > Script.limits.maximumAge && notes.begun.contains(number)
            } else {
                false
            }
        }
        if isOld {
            faults += half(facts.filter(\.isSample), found)
            facts.removeAll(where: \.isSample)
        }
        if let telemetry = action.telemetry, found.shortageGaps.contains(telemetry.gapSubject) {
            faults += half(telemetry.facts.filter(facts.contains), found)
            facts.removeAll(where: telemetry.facts.contains)
        }
        let isFirm = action.isPolled ? isCommitted(number, actions) : notes.done.contains(number)
        if isFirm {
            faults += facts.filter { found.facts[$0] == nil }.map { "acknowledged, and not there: \($0)" }
        } else {
            if wantsAll { faults.append("never done") }
            faults += half(facts, found)
        }
        return faults
    }

    private func half(_ facts: [Fact], _ found: Findings) -> [String] {
        let missing = facts.filter { found.facts[$0] == nil }
        return missing.isEmpty || missing.count == facts.count ? [] : ["half there, without \(missing)"]
    }

    /// Polled values are durable when a later commit is.
    private func isCommitted(_ number: Int, _ actions: [Action]) -> Bool {
        guard notes.taken.contains(number) else { return false }
        return actions.enumerated().dropFirst(number + 1).contains { number, action in
            if case .messages = action { notes.done.contains(number) } else { false }
        }
    }

    /// A file that no record names is there until somebody prunes.
    private func isStray(_ fact: Fact) -> Bool {
        Script().actions.contains {
            if case .strayFile(let digest) = $0 { fact == Fact("file \(digest)") } else { false }
        }
    }

    /// The store takes what comes next.
    private func goOn(_ store: Store) async throws -> [String] {
        let tag = try await store.tagID(for: Script.number)
        let sample = Sample(
            tag: tag, value: .number(-7), quality: .good, arrival: WallTime(nanoseconds: 1),
            monotonic: MonotonicTime(nanoseconds: 1))
        let range = try await store.commit(
            SampleBatch(link: Action.link, samples: [sample], receipts: [MessageReceipt(packetID: 7, digest: 7)]))
        _ = try await store.maintain()
        let last = try await store.samples(after: (range?.lowerBound ?? 0) - 1, limit: 10).samples
        return last.map(\.sample.value) == [.number(-7)] ? [] : ["what was stored after it is not there"]
    }
}
