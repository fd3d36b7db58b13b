import Glibc
import Plant
import Store
import TestBench

/// Compares what a store holds with what its writer was told: everything acknowledged once, and nothing half.
struct Check {
    let folder: String
    let notes: Notes
    let script: Script
    /// The fault came once: everything must have been done in the end.
    let wantsAll: Bool
    let mayBeFull: Bool
    /// The database of an earlier version that the writer has found.
    let older: String?

    private static let tagOfGoingOn = TagDefinition(name: "checked", unit: "", kind: .number)
    private static let factsOfGoingOn = [Fact.receipt(7 << 32), Fact("tag checked in ")]
    /// How much later the store is opened again: as after a night.
    private static let night = Duration.seconds(12 * 3_600)

    /// - Returns: what is wrong, empty when nothing is.
    func run() async throws -> [String] {
        let inherited = try await inheritance()
        let actions = script.actions
        let clock = ManualClock(wall: end + Self.night)
        let start = ContinuousClock.now
        let store = try Store(
            directory: folder, limits: Script.limits, clock: clock, logger: silentLogger, bootID: "after")
        let opened = ContinuousClock.now - start
        let reader = try StoreReader(directory: folder, clock: clock, logger: silentLogger)
        let first = (inherited?.samples.last?.id ?? 0) + 1
        let found = try await Findings(
            store: store, reader: reader, actions: actions, scripted: first..<(.max), mayBeFull: mayBeFull)
        var faults = judge(found, inherited)
        if opened > .seconds(5) { faults.append("opened only after \(opened)") }
        if wantsAll, !notes.isClosed { faults.append("the writer gave up, although the fault came once") }
        let history = HistoryCheck(
            before: found.samples, retired: retired(found, inherited), isWhole: found.shortageGaps.isEmpty)
        faults += try await history.run(store, left: found.samples)
        faults += try await goOn(store)
        // What has been packed or removed since must have changed nothing of it.
        let last = found.samples.last?.id ?? first - 1
        var later = try await Findings(
            store: store, reader: reader, actions: actions, scripted: first..<last + 1, mayBeFull: mayBeFull)
        for fact in Self.factsOfGoingOn { later.facts[fact] = nil }
        faults += judge(later, inherited).map { "after going on: \($0)" }
        faults += try await history.run(store, left: later.samples).map { "after going on: \($0)" }
        await store.close()
        return faults
    }

    /// When the writer ended.
    private var end: WallTime { notes.begun.max().map { script.times[$0] } ?? Script.start }

    /// What an earlier version has left: read from a copy of it, with nothing failing.
    private func inheritance() async throws -> Findings? {
        guard let older else { return nil }
        let copy = try TempDirectory()
        let bytes = try MappedFile(path: older).withBytes { Array($0) }
        guard let file = fopen(copy.file("store.sqlite"), "wb") else { throw Failure(errno: errno) }
        fwrite(bytes, 1, bytes.count, file)
        fclose(file)
        let clock = ManualClock()
        let store = try Store(directory: copy.path, limits: Script.limits, clock: clock, logger: silentLogger)
        let reader = try StoreReader(directory: copy.path, clock: clock, logger: silentLogger)
        let found = try await Findings(store: store, reader: reader, actions: [], scripted: 0..<0)
        await store.close()
        return found
    }

    private func judge(_ found: Findings, _ inherited: Findings?) -> [String] {
        // A database without its model files has active models without a file.
        var faults = found.faults.filter { inherited?.faults.contains($0) != true }
        let actions = script.actions
        for (number, action) in actions.enumerated() {
            faults += judge(number, action, actions, found, inherited).map { "action \(number) \(action): \($0)" }
        }
        let known = Set(actions.flatMap(\.facts))
        for (fact, count) in found.facts.sorted(by: { $0.key < $1.key }) {
            let before = inherited?.facts[fact] ?? 0
            if known.contains(fact) ? count > max(1, before) : count != before, !isStray(fact) {
                faults.append("\(fact): \(count) times, \(before) in the earlier version's store")
            }
        }
        guard let inherited else { return faults }
        for fact in inherited.facts.keys where found.facts[fact] == nil { faults.append("lost: \(fact)") }
        let left = Dictionary(found.samples.map { ($0.id, $0.sample) }) { $1 }
        for old in inherited.samples
        where !isOld(old.sample.arrival) && left[old.id].map({ "\($0)" }) != "\(old.sample)" {
            faults.append("lost or changed: \(old)")
        }
        return faults
    }

    /// Whether samples that came then may have gone by now.
    private func isOld(_ time: WallTime) -> Bool { end + Self.night - time > Script.limits.maximumAge }

    /// Samples that were there once and have gone by their age: their rollups stay.
    private func retired(_ found: Findings, _ inherited: Findings?) -> [HistoryCheck.Retired] {
        let left = Set(found.samples.map(\.id))
        var retired = (inherited?.samples ?? []).filter { !left.contains($0.id) }.map {
            HistoryCheck.Retired(tag: nil, sample: $0.sample)
        }
        for (number, action) in script.actions.enumerated() where isOld(script.times[number]) {
            for (sample, payload) in action.samples where found.facts[.sample(sample)] == nil {
                retired.append(
                    HistoryCheck.Retired(
                        tag: Script.definition(of: sample, payload).name,
                        sample: Script.sample(
                            sample, payload, of: TagID(rawValue: 0), at: script.times[number],
                            MonotonicTime(nanoseconds: 0))))
            }
        }
        return retired
    }

    private func judge(
        _ number: Int, _ action: Action, _ actions: [Action], _ found: Findings, _ inherited: Findings?
    ) -> [String] {
        var faults: [String] = []
        // A tag may have been declared before.
        var facts = action.facts.filter { inherited?.facts[$0] == nil }
        let later = actions.enumerated().dropFirst(number + 1)
        // What a reader of the outbox has confirmed is gone, all of it.
        let isConfirmed = later.contains { _, action in
            if case .confirm(let key) = action { found.facts[.value(key)] != nil } else { false }
        }
        if isConfirmed {
            faults += facts.filter { $0.isOutbox && found.facts[$0] != nil }.map { "confirmed, and still there: \($0)" }
            facts.removeAll(where: \.isOutbox)
        }
        // Samples go by age, those of one tag and day together.
        if isOld(script.times[number]) { facts.removeAll(where: \.isSample) }
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
        script.actions.contains {
            if case .strayFile(let digest) = $0 { fact == Fact("file \(digest)") } else { false }
        }
    }

    /// The store takes what comes next, and keeps its bounds.
    private func goOn(_ store: Store) async throws -> [String] {
        let tag = try await store.tagID(for: Self.tagOfGoingOn)
        let sample = Sample(
            tag: tag, value: .number(-7), quality: .good, arrival: WallTime(nanoseconds: 1),
            monotonic: MonotonicTime(nanoseconds: 1))
        let range = try await store.commit(
            SampleBatch(link: Action.link, samples: [sample], receipts: [MessageReceipt(packetID: 7, digest: 7 << 32)]))
        // Twice: what was unpacked to be read is given back by the second.
        for _ in 0..<2 { _ = try await store.maintain() }
        let last = try await store.samples(after: (range?.lowerBound ?? 0) - 1, limit: 10).samples
        return last.map(\.sample.value) == [.number(-7)] ? [] : ["what was stored after it is not there"]
    }

    private struct Failure: Error {
        var errno: Int32
    }
}
