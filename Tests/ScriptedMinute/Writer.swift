import Glibc
import Logging
import Plant
import Store
import TestBench

/// Does the scripted minute on a store, and notes on standard output what it was told about each action.
actor Writer {
    /// What makes it break its promises, to show that the check sees it.
    enum Fault: String {
        /// Says that an action is done before it is.
        case early
        /// Stores half of the samples of a message in a transaction of their own.
        case split
    }

    private let folder: String
    private let attempts: Int
    private let script: Script
    private let fault: Fault?
    private let clock = ManualClock()
    private var store: Store?

    /// Far more than it takes to keep the bounds once.
    private static let maintenanceCalls = 1_000

    init(folder: String, attempts: Int, script: Script, fault: Fault?) {
        self.folder = folder
        self.attempts = attempts
        self.script = script
        self.fault = fault
    }

    /// What fails is tried again, as a driver offers again and a service is started again.
    ///
    /// - Returns: whether everything has been done in the end.
    func run() async -> Bool {
        var number = 0
        for group in script.groups {
            clock.advance(by: Script.pause(before: group))
            let numbered = group.enumerated().map { (number + $0.offset, $0.element) }
            number += group.count
            var open = numbered
            for _ in 0..<attempts where !open.isEmpty { open = await attempt(open) }
            guard open.isEmpty else {
                note("gave up")
                await store?.close()
                return false
            }
        }
        await store?.close()
        note("closed")
        return true
    }

    /// - Returns: those that failed.
    private func attempt(_ group: [(Int, Action)]) async -> [(Int, Action)] {
        let store: Store
        do throws(StoreError) { store = try await openStore() } catch {
            note("not opened \(error.code)")
            return group
        }
        return await withTaskGroup { tasks in
            for (number, action) in group {
                note("begin \(number)")
                if fault == .early { note("ok \(number)") }
                tasks.addTask { await self.attempt(number, action, on: store) ? nil : (number, action) }
            }
            var failed: [(Int, Action)] = []
            for await one in tasks { if let one { failed.append(one) } }
            return failed.sorted { $0.0 < $1.0 }
        }
    }

    private func attempt(_ number: Int, _ action: Action, on store: Store) async -> Bool {
        do throws(StoreError) {
            try await perform(action, on: store)
            note(action.isPolled ? "taken \(number)" : "ok \(number)")
            return true
        } catch {
            note("failed \(number) \(error.code)")
            return false
        }
    }

    private func openStore() async throws(StoreError) -> Store {
        if let store { return store }
        let opened = try Store(
            directory: folder, limits: Script.limits, clock: clock, logger: silentLogger, bootID: Script.bootID)
        store = opened
        return opened
    }

    private func perform(_ action: Action, on store: Store) async throws(StoreError) {
        switch action {
        case .declare(let definitions): _ = try await store.tagIDs(for: definitions)
        case .messages(let numbers, let payload): try await commit(numbers, payload, on: store)
        case .polled(let numbers):
            try await store.accept(SampleBatch(link: Action.link, samples: try await samples(numbers, .numbers, store)))
        case .alert(let id, let score): try await raise(id, score, on: store)
        case .take(let id): _ = try await store.acknowledge(id, by: Action.person)
        case .takeBeside(let id):
            let reader = try StoreReader(directory: folder, clock: clock, logger: silentLogger)
            _ = try await reader.acknowledge(id, by: Action.person)
            _ = try await store.changedByOthers()
        case .clear(let id):
            guard var alert = try await store.alert(id)?.alert else { throw .notFound(what: "alert", id: id) }
            alert.state = .cleared
            alert.clearedAt = clock.wall()
            try await store.apply([.update(alert, at: clock.wall())])
        case .telemetry(let body): try await applyOnce(.enqueue(.telemetry, Array(body.utf8)), key: body, on: store)
        case .confirm(let key):
            let last = try await store.nextBatch(rows: 1_000, bytes: .max).last?.sequence ?? 0
            try await store.apply([.confirmOutbox(through: last), .value(key, key)])
        case .modelFile(let digest), .strayFile(let digest):
            try store.models.write(modelBytes(digest), digest: digest)
        case .fetched(let digest):
            try await store.recordFetched(
                FetchedModel(
                    digest: digest, pack: Action.pack, version: 1, envelope: [1, 2, 3],
                    bytes: Int64(modelBytes(digest).count)))
        case .proved(let digest): try await store.markProved(digest, pack: Action.pack)
        case .activated(let digest): try await store.activate(digest, pack: Action.pack)
        case .prune: _ = try await store.pruneModels()
        case .order(let tag):
            try await applyOnce(
                .order(tag: tag, 50, by: Action.person, reason: "scripted"), key: "ordered \(tag)", on: store)
        case .executeOrders: try await executeOrders(on: store)
        case .gap(let subject):
            let gap = Gap(subject: subject, from: clock.wall(), to: clock.wall(), count: 1, reason: .queueFull)
            try await applyOnce(.gap(gap), key: "noted \(subject)", on: store)
        case .maintain:
            var calls = 0
            while try await !store.maintain().isDone {
                calls += 1
                precondition(calls < Self.maintenanceCalls, "keeping the bounds does not end")
            }
        case .restart:
            await store.close()
            self.store = nil
            self.store = try await openStore()
            try await self.store?.abandonOrders()
        }
    }

    /// As a driver does: a message whose receipt is stored is not stored again.
    private func commit(_ numbers: ClosedRange<Int>, _ payload: Payload, on store: Store) async throws(StoreError) {
        let receipts = numbers.map { MessageReceipt(packetID: UInt16($0 % 65_535 + 1), digest: UInt64($0)) }
        let stored = Set(try await store.storedReceipts(link: Action.link))
        if stored.isSuperset(of: receipts) { return }
        let samples = try await samples(numbers, payload, store)
        if fault == .split {
            try await store.store(whole: SampleBatch(link: Action.link, samples: Array(samples.prefix(1))))
            try await store.store(
                whole: SampleBatch(link: Action.link, samples: Array(samples.dropFirst()), receipts: receipts))
        } else {
            try await store.store(whole: SampleBatch(link: Action.link, samples: samples, receipts: receipts))
        }
    }

    private func samples(
        _ numbers: ClosedRange<Int>, _ payload: Payload, _ store: Store
    ) async throws(StoreError) -> [Sample] {
        let tags = try await store.tags()
        return numbers.compactMap { number in
            tags[Script.definition(of: number, payload).name].map { tag in
                Script.sample(number, payload, of: tag.id, at: clock.wall(), clock.monotonic())
            }
        }
    }

    private func raise(_ id: String, _ score: Int, on store: Store) async throws(StoreError) {
        let text = LocalizedText(english: "Outer race damage", chinese: "外圈损伤")
        let alert = Alert(
            id: id, asset: "pump-7", code: "bearing.outer_race", severity: .warning, state: .active,
            raisedAt: clock.wall(), score: 7, threshold: 3, features: [], modelDigest: "", title: text, cause: text,
            action: text)
        let scores = try await samples(score...score, .numbers, store)
        do throws(StoreError) {
            try await store.apply([
                .raise(alert), .deliver(NewDelivery(alert: id, channel: "mqtt", event: "raised", body: [1])),
                .enqueue(.alert, Array(id.utf8)), .cursor(id, Int64(score)), .value(id, id), .append(scores),
            ])
        } catch .alreadyExists {
            // It has landed although the disk failed.
        }
    }

    /// What has landed although the disk failed is not written again.
    private func applyOnce(_ change: Change, key: String, on store: Store) async throws(StoreError) {
        if try await store.value(key) == nil { try await store.apply([change, .value(key, key)]) }
    }

    private func executeOrders(on store: Store) async throws(StoreError) {
        _ = try await store.takeOrders()
        let reader = try StoreReader(directory: folder, clock: clock, logger: silentLogger)
        var id: Int64 = 1
        while let order = try await reader.order(id) {
            if order.state == .taken { try await store.finishOrder(id, WriteResult(outcome: "written", old: 40)) }
            id += 1
        }
    }

    /// One call of write(2) a line, so that none is half there when the process is killed.
    private func note(_ line: String) { _ = write(1, "\(line)\n", line.utf8.count + 1) }
}

extension Store {
    /// Commits a batch and forgets its numbers.
    func store(whole batch: SampleBatch) async throws(StoreError) { _ = try await commit(batch) }
}

let silentLogger = Logger(label: "scripted-minute") { _ in SwiftLogNoOpLogHandler() }
