import Plant
import SQLite
import Store

/// What a store holds of the scripted minute, each fact with how often.
struct Findings {
    var facts: [Fact: Int] = [:]
    /// Every sample, in the order of the numbers under which they are stored.
    private(set) var samples: [StoredSample] = []
    /// Subjects of gaps that a full disk has made.
    var shortageGaps: Set<String> = []
    /// What cannot be, whatever was acknowledged.
    var faults: [String] = []

    /// - Parameter scripted: numbers of the samples that the script may have stored; the others are not its facts.
    init(
        store: Store, reader: StoreReader, actions: [Action], scripted: Range<Int64>,
        mayBeFull: Bool = false
    ) async throws {
        let tags = try await store.tags()
        for (name, tag) in tags { add(Fact("tag \(name) in \(tag.definition.unit)")) }
        try await readSamples(store)
        noteScripted(scripted, names: Dictionary(uniqueKeysWithValues: tags.map { ($0.value.id, $0.key) }))
        try checkAttachments("\(store.directory)/store.sqlite")
        for receipt in try await store.storedReceipts(link: Action.link) { add(.receipt(Int(receipt.digest))) }
        for alert in try await store.alerts() { try await read(alert, store) }
        try await readOutbox(store)
        for name in Self.names(in: actions) {
            switch name {
            case .value(let key): if try await store.value(key) == key { add(.value(key)) }
            case .cursor(let key): if try await store.cursor(key) != nil { add(Fact("cursor \(key)")) }
            }
        }
        try await readModels(store)
        try await readOrders(reader)
        for gap in try await store.gaps(limit: 10_000) { note(gap, mayBeFull) }
        faults += try await reader.structureFaults()
        let statistics = try await store.statistics()
        if statistics.quarantined > 0 { faults.append("\(statistics.quarantined) rows were damaged") }
        if statistics.samples != Int64(samples.count) {
            faults.append("\(statistics.samples) samples are counted, \(samples.count) are there")
        }
    }

    private enum Name {
        case value(String)
        case cursor(String)
    }

    private static func names(in actions: [Action]) -> [Name] {
        actions.flatMap(\.facts).compactMap { fact in
            let words = fact.description.split(separator: " ", maxSplits: 1)
            return switch words[0] {
            case "value": .value(String(words[1]))
            case "cursor": .cursor(String(words[1]))
            default: nil
            }
        }
    }

    private mutating func add(_ fact: Fact, times: Int = 1) { facts[fact, default: 0] += times }

    private mutating func note(_ gap: Gap, _ mayBeFull: Bool) {
        switch gap.reason {
        case .queueFull: add(Fact("gap of \(gap.subject)"), times: Int(gap.count))
        case .diskFull where mayBeFull: shortageGaps.insert(gap.subject)
        // They came again.
        case .diskFullNotAcknowledged where mayBeFull: break
        default: faults.append("a gap without a reason: \(gap)")
        }
    }

    /// By number, and then by tag: what lies in blocks and what lies in chunks must be one history both times.
    private mutating func readSamples(_ store: Store) async throws {
        var last: Int64 = 0
        while true {
            let page = try await store.samples(after: last, limit: 1_000)
            samples += page.samples
            last = page.through
            if page.isEnd { break }
        }
        for (a, b) in zip(samples, samples.dropFirst()) where a.id >= b.id {
            faults.append("sample \(b.id) comes after \(a.id)")
        }
        let byTag = Dictionary(grouping: samples, by: \.sample.tag)
        for record in try await store.tagRecords() {
            let expected = (byTag[record.id] ?? []).sorted { ($0.sample.time, $0.id) < ($1.sample.time, $1.id) }
            let page = try await store.history(record.id, from: .earliest, to: .latest, limit: 10_000)
            if page.samples.map({ "\($0)" }) != expected.map({ "\($0)" }) {
                let ids = (page.samples.map(\.id), expected.map(\.id))
                faults.append("\(record.definition.name) reads as \(ids.0) by tag, as \(ids.1) by number")
            }
        }
    }

    private mutating func noteScripted(_ range: Range<Int64>, names: [TagID: String]) {
        for stored in samples where range.contains(stored.id) {
            let sample = stored.sample
            let (number, payload): (Int, Payload)
            switch sample.value {
            case .number(let value): (number, payload) = (Int(value), .numbers)
            case .text(let text): (number, payload) = (Int(text) ?? -1, .texts)
            case .waveform(let values): (number, payload) = (Int(values.first ?? -1), .waveforms(values.count))
            case .none: (number, payload) = (-1, .numbers)
            }
            guard number >= 0, names[sample.tag] == Script.definition(of: number, payload).name else {
                faults.append("nobody has written this: \(stored)")
                continue
            }
            let written = Script.sample(number, payload, of: sample.tag, at: sample.arrival, sample.monotonic)
            if "\(written)" != "\(sample)" { faults.append("not as it was written: \(stored)") }
            add(.sample(number))
        }
    }

    /// Past the store's own code: a waveform or a text without its sample is half of one.
    private mutating func checkAttachments(_ file: String) throws {
        let attached = Set(
            samples.filter {
                switch $0.sample.value {
                case .text, .waveform: true
                case .number, .none: false
                }
            }.map(\.id))
        let connection = try Connection(path: file, access: .readOnly)
        for table in ["waveforms", "texts"] {
            let rows = try connection.prepare("SELECT sample_id FROM \(table)")
            while try rows.step() {
                guard !attached.contains(rows.int64(at: 0)) else { continue }
                faults.append("\(table) of a sample that is not there: \(rows.int64(at: 0))")
            }
        }
    }

    private mutating func read(_ alert: Alert, _ store: Store) async throws {
        add(Fact("alert \(alert.id)"))
        if alert.acknowledgedBy == Action.person { add(Fact("\(alert.id) taken")) }
        for step in try await store.alert(alert.id)?.transitions ?? [] { add(.step(step.alert, step.state)) }
        for delivery in try await store.deliveries(alert: alert.id) {
            add(Fact("delivery \(delivery.event) of \(delivery.alert)"))
        }
    }

    private mutating func readOutbox(_ store: Store) async throws {
        var counted: [OutboxKind: Int64] = [:]
        for entry in try await store.nextBatch(rows: 10_000, bytes: .max) {
            add(.outbox(String(decoding: entry.body, as: UTF8.self)))
            counted[entry.kind, default: 0] += 1
        }
        let totals = try await store.outboxTotals()
        for (kind, totals) in totals where totals.rows != counted[kind, default: 0] {
            faults.append("\(totals.rows) of \(kind) are said to wait, \(counted[kind, default: 0]) do")
        }
    }

    private mutating func readModels(_ store: Store) async throws {
        for digest in try store.models.digests() {
            add(Fact("file \(digest)"))
            let file = try MappedFile(path: try store.models.path(of: digest))
            if !file.withBytes({ $0.elementsEqual(modelBytes(digest)) }) {
                faults.append("model file \(digest) is not whole")
            }
        }
        let records = try await store.modelRecords()
        for record in records {
            add(Fact("fetched \(record.digest)"))
            if record.provedAt != nil { add(Fact("proved \(record.digest)")) }
            if record.activatedAt != nil { add(Fact("activated \(record.digest)")) }
        }
        let active = records.filter { $0.state == .active }.map(\.digest)
        let slots = try await store.slots()
        if slots.compactMap(\.active) != active { faults.append("slots \(slots) and active models \(active) differ") }
        for digest in active {
            if try !store.models.contains(digest) { faults.append("no file of active \(digest)") }
        }
    }

    private mutating func readOrders(_ reader: StoreReader) async throws {
        var id: Int64 = 1
        while let order = try await reader.order(id) {
            add(Fact("order for \(order.tag)"))
            if order.state == .done { add(Fact("order for \(order.tag) done")) }
            id += 1
        }
        for entry in try await reader.auditEntries(limit: 10_000) { add(Fact("audit of \(entry.subject)")) }
        if case .broken(let row, let reason) = try await reader.verifyAudit() {
            faults.append("audit broken at \(row): \(reason)")
        }
    }
}

extension WallTime {
    static let earliest = WallTime(nanoseconds: .min / 2)
    static let latest = WallTime(nanoseconds: .max / 2)
}
