import Glibc
import Plant
import SQLite
import Seeded
import TestBench
import Testing

@testable import Store

/// Samples that are packed read as they did before, by number and by tag and time.
@Suite struct HistoryTests {
    /// Packs soon, and little at a time.
    static func limits(hotSamples: Int64 = 400, maximumBytes: Int64 = 64 << 20) -> Limits {
        var limits = Limits(maximumBytes: maximumBytes, hotSamples: hotSamples, reserveBytes: 64 << 10)
        limits.tagsPerPlan = 2
        // So that some are full, and in the rollups, and others are not.
        limits.samplesPerBlock = 64
        return limits
    }

    static func pack(_ store: Store) async throws {
        while try await !store.maintain().isDone {}
    }

    /// A store with a random stream in it: several tags, steady, late, doubled and odd ones.
    struct Field {
        let fixture: Fixture
        let tags: [TagID]
        let text: TagID
        /// Everything that was stored, in the order of storing.
        var stored: [StoredSample] = []

        init(seed: UInt64, samples: Int = 3_000, limits: Limits = HistoryTests.limits()) async throws {
            fixture = try await Fixture(limits: limits)
            text = try await fixture.store.tagID(for: TagDefinition(name: "recipe", unit: "", kind: .text))
            var tags: [TagID] = []
            for index in 0..<5 {
                tags.append(
                    try await fixture.store.tagID(
                        for: TagDefinition(name: "tag-\(index)", unit: "degC", kind: .number)))
            }
            self.tags = tags
            try await add(samples, seed: seed)
        }

        var everyTag: [TagID] { tags + [text, fixture.waveform] }

        mutating func add(_ count: Int, seed: UInt64) async throws {
            var random = SplitMix64(seed: seed)
            var left = count
            while left > 0 {
                let size = min(left, 1 + random.below(120))
                left -= size
                let batch = (0..<size).map { _ in sample(&random) }
                guard let range = try await fixture.store.commit(SampleBatch(link: "a", samples: batch)) else {
                    continue
                }
                for (number, sample) in zip(range, batch) {
                    stored.append(StoredSample(id: number, sample: sample, isThisBoot: true))
                }
                fixture.clock.advance(by: .milliseconds(random.below(60_000)))
            }
        }

        private func sample(_ random: inout SplitMix64) -> Sample {
            let now = fixture.clock.wall()
            if random.below(40) == 0 { return fixture.window(Float(random.below(1_000))) }
            if random.below(40) == 0 {
                return Sample(
                    tag: text, value: .text("batch \(random.below(9))"), quality: .good, arrival: now,
                    monotonic: fixture.clock.monotonic())
            }
            let late = random.below(10) == 0 ? Duration.seconds(random.below(200_000)) : .zero
            let quality: Quality =
                [.good, .good, .good, .uncertain(.outOfOrder), .uncertain(.wrongClock), .bad(.timedOut)][
                    random.below(6)]
            return Sample(
                tag: tags[random.below(tags.count)],
                value: random.below(12) == 0 ? .none : .number(Double(random.below(2_000) - 1_000) / 8),
                quality: quality,
                sourceTime: random.below(3) == 0 ? nil : now + (.zero - late) + .milliseconds(-random.below(50)),
                arrival: now, monotonic: fixture.clock.monotonic())
        }

        var start: WallTime { stored.map(\.sample.time).min() ?? WallTime(nanoseconds: 0) }
        var end: WallTime { (stored.map(\.sample.time).max() ?? WallTime(nanoseconds: 0)) + .seconds(1) }

        /// What a query must give, computed from what was stored.
        func expected(_ tag: TagID, _ from: WallTime, _ to: WallTime) -> [String] {
            stored.filter { $0.sample.tag == tag && $0.sample.time >= from && $0.sample.time < to }
                .sorted { ($0.sample.time, $0.id) < ($1.sample.time, $1.id) }.map { "\($0)" }
        }

        func naiveRollups(_ tag: TagID, _ width: RollupWidth) -> [RollupBucket] {
            var buckets: [Int64: Rollup] = [:]
            for stored in stored where stored.sample.tag == tag {
                let time = stored.sample.time.nanoseconds
                var value: Double?
                if stored.sample.quality.isGood, case .number(let number) = stored.sample.value { value = number }
                buckets[Rollup.start(of: time, width: width.nanoseconds), default: Rollup()].add(value, at: time)
            }
            return buckets.sorted { $0.key < $1.key }.map {
                RollupBucket(start: WallTime(nanoseconds: $0.key), rollup: $0.value)
            }
        }
    }

    /// Reads everything in every way, and compares it with what was stored.
    static func expectWhole(_ field: Field, in store: Store, _ comment: Comment? = nil) async throws {
        let all = try await everySample(in: store, pageRows: 700)
        #expect(all.map { "\($0)" } == field.stored.map { "\($0)" }, comment)
        #expect(try await store.statistics().samples == Int64(field.stored.count), comment)
        for tag in field.everyTag {
            let found = try await history(store, tag, field.start, field.end, limit: 300)
            #expect(found == field.expected(tag, field.start, field.end), comment)
        }
        for tag in field.tags {
            for width in RollupWidth.allCases {
                let found = try await store.rollups(tag, width, from: field.start + .seconds(-86_400), to: field.end)
                #expect(found == field.naiveRollups(tag, width), comment)
            }
        }
    }

    static func history(
        _ store: Store, _ tag: TagID, _ from: WallTime, _ to: WallTime, limit: Int
    ) async throws -> [String] {
        var found: [String] = []
        var position: HistoryPosition?
        repeat {
            let page = try await store.history(tag, from: from, to: to, after: position, limit: limit)
            #expect(page.samples.count <= limit)
            found += page.samples.map { "\($0)" }
            position = page.next
        } while position != nil
        return found
    }

    @Test(arguments: 1...3 as ClosedRange<UInt64>) func whatIsPackedReadsAsItDidBefore(seed: UInt64) async throws {
        var field = try await Field(seed: seed)
        let store = field.fixture.store
        try await Self.expectWhole(field, in: store, "nothing is packed")
        try await Self.pack(store)
        let packed = try await store.statistics()
        #expect(
            packed.archivedSamples > 2_500 && packed.blocks > 5 && packed.counters.archived == packed.archivedSamples)
        #expect(packed.archivedBytes < packed.archivedSamples * 44 / 2)
        try await Self.expectWhole(field, in: store, "packed")
        // Late samples belong to hours and days that are packed already.
        try await field.add(1_000, seed: seed + 100)
        try await Self.expectWhole(field, in: store, "packed and not")
        try await Self.pack(store)
        try await Self.expectWhole(field, in: store, "packed again")
        let again = try await field.fixture.reopened()
        let reopened = Field(field, in: again)
        try await Self.expectWhole(reopened, in: again.store, "opened again")
        let reader = try StoreReader(
            directory: again.store.directory, clock: field.fixture.clock, logger: quietLogger)
        for tag in field.everyTag {
            let page = try await reader.history(tag, from: field.start, to: field.end, limit: 100_000)
            #expect(page.next == nil)
            #expect(page.samples.map { "\($0)" } == field.expected(tag, field.start, field.end))
        }
    }

    @Test(arguments: 1...2 as ClosedRange<UInt64>) func anyPartOfAnyTagIsFound(seed: UInt64) async throws {
        let field = try await Field(seed: seed)
        try await Self.pack(field.fixture.store)
        var random = SplitMix64(seed: seed)
        let span = Int((field.end - field.start).wholeNanoseconds)
        for _ in 0..<60 {
            let from = field.start + .nanoseconds(random.below(span))
            let to = from + .nanoseconds(random.below(span) / (1 + random.below(200)))
            let tag = field.everyTag[random.below(field.everyTag.count)]
            let found = try await Self.history(field.fixture.store, tag, from, to, limit: 1 + random.below(500))
            #expect(found == field.expected(tag, from, to))
        }
    }

    /// After each transaction of the archiver: what a kill there would leave, opened as another store.
    @Test func aKillBetweenAnyTwoStepsLosesAndDoublesNothing() async throws {
        let field = try await Field(seed: 5, samples: 1_000)
        let store = field.fixture.store
        var steps = 0
        while try await store.archiveStep(judgesAge: false) == .mayBeMore {
            steps += 1
            let copy = try TempDirectory()
            mkdir(copy.file("store"), 0o750)
            for name in ["store.sqlite", "store.sqlite-wal"] {
                guard let bytes = DamageTests.read(field.fixture.folder.file("store/\(name)")) else { continue }
                try DamageTests.write(bytes, to: copy.file("store/\(name)"))
            }
            let opened = try Store(
                directory: copy.file("store"), limits: field.fixture.limits, clock: field.fixture.clock,
                logger: quietLogger, bootID: "first")
            if steps % 2 == 0 { try await Self.pack(opened) }
            try await Self.expectWhole(field, in: opened, "after step \(steps)")
            await opened.close()
        }
        #expect(steps > 10)
    }

    @Test func aRunThatIsUnderWayIsToldByItsBlocksWhenTheRowIsDamaged() async throws {
        let field = try await Field(seed: 6, samples: 1_000)
        var steps = 0
        while try await field.fixture.store.archiveStep(judgesAge: false) == .mayBeMore {
            steps += 1
            // Between them it goes on, else it would never come to an end.
            guard steps % 3 == 1 else { continue }
            try field.fixture.tamper("UPDATE archive SET number=number+1000001, samples=7")
            try await Self.expectWhole(field, in: field.fixture.store, "after step \(steps)")
        }
        #expect(steps > 10)
    }

    // MARK: Damage

    /// Every byte of a block in turn, and of what is known of it.
    @Test func aDamagedBlockIsPutAsideAndToldWithTagAndTime() async throws {
        let fixture = try await Fixture(limits: Self.limits(hotSamples: 10))
        let other = try await fixture.store.tagID(for: TagDefinition(name: "other", unit: "", kind: .number))
        for value in 0..<30 {
            var sample = fixture.sample(Double(value))
            if value % 3 == 0 { sample.tag = other }
            try await fixture.store.store(SampleBatch(link: "a", samples: [sample]))
            fixture.clock.advance(by: .seconds(1))
        }
        try await Self.pack(fixture.store)
        await fixture.store.close()
        let sound = try #require(DamageTests.read(fixture.databasePath))
        let reading = try Connection(path: fixture.databasePath, access: .readOnly)
        let row = try reading.prepare(
            "SELECT id, from_ns, to_ns, samples, data FROM blocks, packed WHERE block=id AND tag=\(fixture.number.rawValue)"
        )
        #expect(try row.step())
        let (id, from, to, count) = (row.int64(at: 0), row.int64(at: 1), row.int64(at: 2), row.int64(at: 3))
        let data = try #require(row.blob(at: 4))
        row.reset()
        reading.close()
        let lost = WallTime(nanoseconds: from)...WallTime(nanoseconds: to)
        for place in data.indices {
            try DamageTests.write(sound, to: fixture.databasePath)
            var flipped = data
            flipped[place] ^= 1 << UInt8(place % 8)
            let connection = try Connection(path: fixture.databasePath, access: .readWrite)
            let update = try connection.prepare("UPDATE packed SET data=? WHERE block=\(id)")
            try update.bind(1, flipped)
            try update.run()
            update.reset()
            connection.close()
            let started = try await Fixture(folder: fixture.folder, clock: fixture.clock, limits: fixture.limits)
            let rest = try await started.everything()
            #expect(rest.count == 30 - Int(count), "byte \(place)")
            #expect(rest.allSatisfy { $0.sample.tag == other || !lost.contains($0.sample.time) }, "byte \(place)")
            let gap = try #require(try await started.store.gaps().last)
            #expect(gap.subject == "tag:pump-7.speed" && gap.reason == .damaged && gap.count == count)
            #expect(gap.from.nanoseconds == from && gap.to.nanoseconds == to)
            let statistics = try await started.store.statistics()
            #expect(statistics.samples == 30 - count && statistics.quarantined == 1)
            // Put aside once: the next reading meets no damage, and the archiver goes on.
            #expect(try await started.everything().count == rest.count)
            try await Self.pack(started.store)
            #expect(try await started.store.statistics().quarantined == 1)
            await started.store.close()
        }
    }

    @Test(arguments: [
        "tag=tag+1", "from_ns=from_ns+1", "to_ns=to_ns-5", "arrived_ns=0", "first_number=first_number+1",
        "last_number=last_number+1", "samples=samples+1", "bytes=0", "rolled=1-rolled", "crc=crc+1",
    ])
    func aBlockOfWhichSomethingWrongIsKnownIsPutAsideBySomebodyWhoPassesBy(change: String) async throws {
        let field = try await Field(seed: 8, samples: 1_000)
        try await Self.pack(field.fixture.store)
        try field.fixture.tamper("UPDATE blocks SET \(change) WHERE id=(SELECT min(id) FROM blocks WHERE samples>9)")
        // Nobody asks; housekeeping looks at some blocks each time.
        for _ in 0..<20 { try await Self.pack(field.fixture.store) }
        let statistics = try await field.fixture.store.statistics()
        #expect(statistics.quarantined == 1)
        let gap = try #require(try await field.fixture.store.gaps().last)
        #expect(gap.subject == "samples" && gap.reason == .damaged)
        #expect(gap.count > 9 && statistics.samples == 1_000 - gap.count)
        #expect(try await field.fixture.everything().count == 1_000 - Int(gap.count))
    }

    @Test func aDamagedRollupIsPutAsideAndTheOthersStay() async throws {
        let field = try await Field(seed: 9, samples: 1_500)
        let store = field.fixture.store
        try await Self.pack(store)
        let tag = field.tags[0]
        let before = try await store.rollups(tag, .hour, from: field.start + .seconds(-86_400), to: field.end)
        try field.fixture.tamper(
            """
            UPDATE rollups SET data=zeroblob(length(data))
            WHERE id=(SELECT max(id) FROM rollups WHERE minutes=60 AND tag=\(tag.rawValue))
            """)
        let after = try await store.rollups(tag, .hour, from: field.start + .seconds(-86_400), to: field.end)
        #expect(after.count < before.count && !after.isEmpty)
        #expect(Set(after).isSubset(of: Set(before)) || after.count < before.count)
        #expect(try await store.gaps().last?.subject == "rollups")
        #expect(try await store.statistics().quarantined == 1)
        #expect(try await field.fixture.everything().count == 1_500)
    }

    @Test func aRecordWhoseTagNumberIsDamagedIsNotPassedOverInSilence() async throws {
        let fixture = try await Fixture()
        try await fixture.store.store(fixture.batch([1, 2, 3]))
        await fixture.store.close()
        let connection = try Connection(path: fixture.databasePath, access: .readWrite)
        let row = try connection.prepare("SELECT data FROM chunks WHERE id=1")
        #expect(try row.step())
        var data = try #require(row.blob(at: 0))
        row.reset()
        data[44] ^= 2
        let update = try connection.prepare("UPDATE chunks SET data=? WHERE id=1")
        try update.bind(1, data)
        try update.run()
        update.reset()
        connection.close()
        let started = try await Fixture(folder: fixture.folder, clock: fixture.clock)
        let page = try await started.store.history(
            started.number, from: WallTime(nanoseconds: 0), to: fixture.clock.wall() + .seconds(1), limit: 10)
        #expect(page.samples.compactMap(\.sample.value.asNumber) == [1, 3])
        #expect(try await started.store.statistics().quarantined == 1)
        #expect(try await started.store.gaps().last?.count == 1)
    }

    // MARK: Readers by number

    @Test func aReaderThatIsBehindHoldsTheArchiverBackUpToALimit() async throws {
        var field = try await Field(seed: 12, samples: 900)
        let store = field.fixture.store
        await store.note(reader: "judge", through: 100)
        try await Self.pack(store)
        #expect(try await store.statistics().archivedSamples <= 100)
        await store.note(reader: "judge", through: 850)
        try await Self.pack(store)
        let held = try await store.statistics().archivedSamples
        #expect(held > 400 && held <= 850)
        // Four times the usual number waits: the reader will find them in blocks.
        try await field.add(2_000, seed: 13)
        try await Self.pack(store)
        #expect(try await store.statistics().archivedSamples > held)
        var (cursor, read) = (Int64(850), [String]())
        while true {
            let page = try await store.samples(after: cursor, limit: 64, reader: "judge")
            read += page.samples.map { "\($0)" }
            cursor = page.through
            if page.isEnd { break }
        }
        #expect(read == field.stored.dropFirst(850).map { "\($0)" })
        #expect(try await store.gaps().isEmpty)
    }

    @Test func whatIsDroppedBeforeAReaderHadItIsAGap() async throws {
        let fixture = try await Fixture(limits: Self.limits(hotSamples: 1_000, maximumBytes: 1 << 20))
        await fixture.store.note(reader: "judge", through: 0)
        var value: UInt64 = 1
        for _ in 0..<60 {
            // Noise packs badly.
            let values = (0..<2_000).map { _ -> Double in
                value = value &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return Double(value >> 11)
            }
            try await fixture.store.store(fixture.batch(values))
            fixture.clock.advance(by: .seconds(1))
            try await Self.pack(fixture.store)
        }
        let statistics = try await fixture.store.statistics()
        #expect(statistics.counters.retired > 0)
        let gaps = try await fixture.store.gaps().filter { $0.subject == "reader:judge" }
        #expect(gaps.reduce(0) { $0 + $1.count } == statistics.counters.retired)
        #expect(gaps.allSatisfy { $0.reason == .droppedUnread })
    }
}

extension HistoryTests.Field {
    /// The same stream in a store that was opened again.
    init(_ other: Self, in fixture: Fixture) {
        self.fixture = fixture
        (tags, text, stored) = (other.tags, other.text, other.stored)
    }
}
