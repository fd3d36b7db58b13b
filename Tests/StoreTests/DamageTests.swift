import Glibc
import Plant
import SQLite
import Store
import TestBench
import Testing

/// What the disk changes behind the store's back is found, put aside and never returned.
@Suite struct DamageTests {
    /// Everything that can be read, as text, so that two readings can be compared item by item.
    static func items(_ store: Store) async throws -> Set<String> {
        var items: Set<String> = []
        var last: Int64 = 0
        while true {
            let page = try await store.samples(after: last, limit: 50)
            for sample in page.samples { items.insert("\(sample)") }
            last = page.through
            if page.isEnd { break }
        }
        for (name, tag) in try await store.tags() { items.insert("\(name) \(tag)") }
        for receipt in try await store.storedReceipts(link: "plc-1") { items.insert("\(receipt)") }
        for alert in try await store.alerts() { items.insert("\(alert)") }
        for id in ["a-0", "a-1", "a-2"] {
            for step in try await store.alert(id)?.transitions ?? [] { items.insert("\(step)") }
            for delivery in try await store.deliveries(alert: id) { items.insert("\(delivery)") }
        }
        for entry in try await store.nextBatch(rows: 1_000, bytes: .max) { items.insert("\(entry)") }
        for model in try await store.modelRecords() { items.insert("\(model)") }
        for slots in try await store.slots() { items.insert("\(slots)") }
        for gap in try await store.gaps() where gap.reason == .queueFull { items.insert("\(gap)") }
        for name in ["scoring", "drift"] { items.insert("\(name) \(try await store.cursor(name) ?? -1)") }
        return items
    }

    /// A closed store with rows in every table.
    static func filled() async throws -> Fixture {
        let fixture = try await Fixture()
        let store = fixture.store
        for index in 0..<30 {
            try await store.store(
                SampleBatch(
                    link: "plc-1", samples: [fixture.sample(Double(index) / 3), fixture.window(Float(index))],
                    receipts: [MessageReceipt(packetID: UInt16(index + 1), digest: UInt64(index) << 40)]))
        }
        for index in 0..<3 {
            let id = "a-\(index)"
            try await store.apply([
                .raise(makeAlert(id, at: fixture.clock.wall())),
                .deliver(NewDelivery(alert: id, channel: "webhook", event: "raised", body: [1, 2, 3])),
                .enqueue(.alert, Array("alert \(index)".utf8)), .enqueue(.telemetry, Array("telemetry".utf8)),
                .gap(
                    Gap(
                        subject: "tag:\(index)", from: fixture.clock.wall(), to: fixture.clock.wall(), count: 4,
                        reason: .queueFull)),
                .cursor("scoring", 7), .cursor("drift", 9),
            ])
        }
        _ = try await store.acknowledge("a-1", by: "li.wei")
        for step in ModelTests().steps(ModelTests.first) + ModelTests().steps(ModelTests.second) {
            try await step(store)
        }
        await store.close()
        return fixture
    }

    struct Column: Sendable, CustomTestStringConvertible {
        var table: String
        var name: String
        var change: String
        var testDescription: String { "\(table).\(name)" }
    }

    /// Each column of each table, with an SQL expression for another value of its type.
    static let columns: [Column] = {
        let types: [(String, [String: String])] = [
            ("waveforms", ["sample_id": "i", "rate_hertz": "r", "data": "b", "crc": "i"]),
            ("receipts", ["id": "i", "data": "b", "crc": "i"]), ("links", ["name": "t", "crc": "i"]),
            (
                "tags",
                [
                    "name": "t", "unit": "t", "samples": "i", "rate_hertz": "r", "declared_ns": "i", "retired_ns": "i",
                    "crc": "i",
                ]
            ),
            ("boots", ["boot": "t", "first_sample": "i", "seen_ns": "i", "crc": "i"]),
            ("commits", ["sequence": "i", "last_sample": "i", "crc": "i"]),
            (
                "alerts",
                [
                    "alert": "t", "asset": "t", "code": "t", "severity": "t", "state": "t", "raised_ns": "i",
                    "acknowledged_ns": "i",
                    "acknowledged_by": "t", "cleared_ns": "i", "score": "r", "threshold": "r", "worst_score": "r",
                    "features": "t",
                    "model_digest": "t", "title_en": "t", "title_zh": "t", "cause_en": "t", "cause_zh": "t",
                    "action_en": "t",
                    "action_zh": "t", "crc": "i",
                ]
            ),
            ("transitions", ["state": "t", "at_ns": "i", "by": "t", "score": "r", "crc": "i"]),
            (
                "deliveries",
                [
                    "channel": "t", "event": "t", "body": "b", "state": "t", "attempts": "i", "created_ns": "i",
                    "next_try_ns": "i",
                    "ended_ns": "i", "reason": "t", "crc": "i",
                ]
            ),
            ("outbox", ["id": "i", "kind": "i", "body": "b", "created_ns": "i", "crc": "i"]),
            ("outbox_totals", ["rows": "i", "bytes": "i", "dropped_rows": "i", "dropped_bytes": "i", "crc": "i"]),
            (
                "models",
                [
                    "digest": "t", "pack": "t", "version": "i", "state": "t", "reason": "t", "file": "t",
                    "envelope": "b", "bytes": "i",
                    "fetched_ns": "i", "proved_ns": "i", "activated_ns": "i", "changed_ns": "i", "crc": "i",
                ]
            ),
            ("slots", ["pack": "t", "active": "t", "previous": "t", "switched_ns": "i", "crc": "i"]),
            ("state", ["key": "t", "value": "t", "crc": "i"]),
            ("gaps", ["subject": "t", "from_ns": "i", "to_ns": "i", "count": "i", "reason": "t", "crc": "i"]),
        ]
        return types.flatMap { table, columns in
            columns.map { name, type in
                let change =
                    switch type {
                    case "i": "coalesce(\(name), 0) + 1000001"
                    case "r": "coalesce(\(name), 0) * 2 + 0.5"
                    case "t": "coalesce(\(name), '') || 'x'"
                    default: "zeroblob(length(\(name)))"
                    }
                return Column(table: table, name: name, change: change)
            }
        }.sorted { $0.testDescription < $1.testDescription }
    }()

    /// The first columns of all tables, the second ones, and so on: one damaged row in each table at a time. Tags,
    /// links and waveforms come apart from the others: rows are read by way of them, or they by way of rows.
    static let rounds: [[Column]] = {
        func rounds(_ columns: [Column]) -> [[Column]] {
            let tables = Dictionary(grouping: columns, by: \.table)
            let longest = tables.values.map(\.count).max() ?? 0
            return (0..<longest).map { index in tables.values.compactMap { $0.count > index ? $0[index] : nil } }
        }
        let apart = [["tags", "links"], ["waveforms"]]
        return rounds(columns.filter { !apart.joined().contains($0.table) })
            + apart.flatMap { tables in rounds(columns.filter { tables.contains($0.table) }) }
    }()

    @Test(arguments: rounds) func aChangeInAnyColumnIsFoundAndTheRowIsPutAside(columns: [Column]) async throws {
        let original = try await Self.filled()
        let sound = try await Fixture(folder: original.folder, clock: original.clock)
        let expected = try await Self.items(sound.store)
        await sound.store.close()
        let connection = try Connection(path: original.databasePath, access: .readWrite)
        for column in columns {
            try connection.run(
                """
                UPDATE \(column.table) SET \(column.name)=\(column.change)
                WHERE rowid=(SELECT max(rowid) FROM \(column.table))
                """)
            #expect(connection.changes == 1, "\(column.testDescription)")
        }
        connection.close()
        let damaged = try Self.open(original.folder, original.clock)
        let items = try await Self.items(damaged)
        #expect(Self.wrong(items, expected) == [])
        let put = try Connection(path: original.databasePath, access: .readOnly)
        let sources = try put.prepare("SELECT DISTINCT source FROM quarantine")
        var found: Set<String> = []
        while try sources.step() { found.insert(sources.text(at: 0) ?? "") }
        put.close()
        // A waveform whose number has changed is noticed by its sample, which goes with it.
        if columns.contains(where: { $0.testDescription == "waveforms.sample_id" }) { found.insert("waveforms") }
        #expect(Set(columns.map(\.table)).subtracting(found) == [], "not noticed")
        // Put aside once: the next reading meets no damage.
        let before = try await damaged.statistics().quarantined
        #expect(try await Self.items(damaged) == items)
        #expect(try await damaged.statistics().quarantined == before)
    }

    /// What is neither as it was nor simply missing. Without its row in `boots` a sample's monotonic time counts as one
    /// of an earlier run, which is the safe side.
    static func wrong(_ items: Set<String>, _ expected: Set<String>) -> [String] {
        items.subtracting(["scoring -1", "drift -1"]).filter { item in
            !expected.contains(item)
                && !expected.contains(item.replacing("isThisBoot: false", with: "isThisBoot: true"))
        }
    }

    @Test(arguments: 1...3 as ClosedRange<UInt64>)
    func aFlippedBitAnywhereNeverGivesWrongData(seed: UInt64) async throws {
        let original = try await Self.filled()
        let sound = try await Fixture(folder: original.folder, clock: original.clock)
        let expected = try await Self.items(sound.store)
        await sound.store.close()
        let bytes = try #require(Self.read(original.databasePath))
        var random = seed
        for _ in 0..<40 {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let place = Int(random >> 33) % bytes.count
            var flipped = bytes
            flipped[place] ^= 1 << UInt8(random >> 20 & 7)
            let folder = try TempDirectory()
            mkdir(folder.file("store"), 0o750)
            try Self.write(flipped, to: folder.file("store/store.sqlite"))
            // The schema number in the header may be what was hit: then the file is refused, not believed.
            let store: Store
            do throws(StoreError) {
                store = try Self.open(folder, original.clock)
            } catch {
                #expect(error.code == "store.schema", "seed \(seed), byte \(place)")
                continue
            }
            let items = try await Self.items(store)
            #expect(Self.wrong(items, expected) == [], "seed \(seed), byte \(place)")
            // And the box goes on.
            _ = try await store.tagID(for: Fixture.numberTag)
            try await store.enqueue(.report, [1])
            await store.close()
        }
    }

    @Test func aFileThatIsNoDatabaseIsKeptAsideAndTheBoxStarts() async throws {
        let fixture = try await Self.filled()
        let size = try #require(Self.read(fixture.databasePath)).count
        try Self.write(Array(repeating: 0x5A, count: size), to: fixture.databasePath)
        let started = try await Fixture(folder: fixture.folder, clock: fixture.clock)
        try await started.store.store(started.batch([1, 2]))
        #expect(try await started.everything().count == 2)
        #expect(try await started.store.gaps().map(\.reason) == [.damaged])
        await started.store.close()
        let aside = fixture.folder.file("store/damaged-\(ISO8601.compact(fixture.clock.wall())).sqlite")
        #expect(Self.read(aside) == Array(repeating: 0x5A, count: size))
    }

    @Test func aFlippedBitOfAnyByteOfAChunkCostsOneSample() async throws {
        let fixture = try await Fixture()
        try await fixture.store.store(fixture.batch((0..<4).map(Double.init)))
        await fixture.store.close()
        let connection = try Connection(path: fixture.databasePath, access: .readWrite)
        let row = try connection.prepare("SELECT data FROM chunks WHERE id=1")
        #expect(try row.step())
        let sound = try #require(row.blob(at: 0))
        row.reset()
        #expect(sound.count == 4 * 44)
        let update = try connection.prepare("UPDATE chunks SET data=? WHERE id=1")
        for place in sound.indices {
            var flipped = sound
            flipped[place] ^= 1 << UInt8(place % 8)
            try update.bind(1, flipped)
            try update.run()
            let started = try await Fixture(folder: fixture.folder, clock: fixture.clock)
            let expected = [0.0, 1, 2, 3].enumerated().filter { $0.offset != place / 44 }.map(\.element)
            #expect(try await started.everything().compactMap(\.sample.value.asNumber) == expected, "byte \(place)")
            // Put aside once, with a gap; the next reading meets no damage.
            #expect(try await started.everything().count == 3)
            let statistics = try await started.store.statistics()
            #expect(statistics.quarantined == Int64(place) + 1 && statistics.damagedSinceStart == 1)
            #expect(try await started.store.gaps().last?.subject == "samples")
            await started.store.close()
        }
    }

    @Test func aDamagedPageCostsOnlyItsOwnRows() async throws {
        let fixture = try await Fixture()
        for index in 0..<40 { try await fixture.store.store(fixture.batch((0..<50).map { Double(index * 50 + $0) })) }
        try await fixture.store.apply([.raise(makeAlert("a-1", at: fixture.clock.wall())), .cursor("scoring", 7)])
        let sequence = try await fixture.store.enqueue(.alert, [9])
        try await fixture.store.confirmOutbox(through: sequence)
        await fixture.store.close()
        // A leaf page in the middle of the samples becomes zeros.
        var bytes = try #require(Self.read(fixture.databasePath))
        let connection = try Connection(path: fixture.databasePath, access: .readOnly)
        let pages = try connection.prepare(
            "SELECT pageno FROM dbstat WHERE name='chunks' AND pagetype='leaf' ORDER BY path")
        var leaves: [Int] = []
        while try pages.step() { leaves.append(Int(pages.int64(at: 0))) }
        connection.close()
        let hit = leaves[leaves.count / 2]
        for index in (hit - 1) * 4_096..<hit * 4_096 { bytes[index] = 0 }
        try Self.write(bytes, to: fixture.databasePath)
        let started = try await Fixture(folder: fixture.folder, clock: fixture.clock)
        let rest = try await started.everything().compactMap(\.sample.value.asNumber)
        #expect(rest.count < 2_000 && rest.count > 1_800)
        #expect(rest.first == 0 && rest.last == 1_999)
        #expect(try await started.store.statistics().counters.rebuilt == 1)
        #expect(try await started.store.alert("a-1")?.alert.id == "a-1")
        #expect(try await started.store.cursor("scoring") == 7)
        #expect(try await started.store.commit(started.batch([5])) == 2_001...2_001)
        // The registry knows the outbox by its numbers, so they go on although nothing waited.
        #expect(try await started.store.enqueue(.alert, [1]) == sequence + 1)
    }

    static func open(_ folder: TempDirectory, _ clock: ManualClock) throws(StoreError) -> Store {
        try Store(
            directory: folder.file("store"), limits: Fixture.smallLimits, clock: clock, logger: quietLogger,
            bootID: "first")
    }

    static func read(_ path: String) -> [UInt8]? {
        guard let file = try? MappedFile(path: path) else { return nil }
        return file.withBytes { Array($0) }
    }

    static func write(_ bytes: [UInt8], to path: String) throws {
        unlink(path)
        let descriptor = Glibc.open(path, O_CREAT | O_WRONLY, 0o600)
        try #require(Glibc.write(descriptor, bytes, bytes.count) == bytes.count)
        close(descriptor)
    }
}
