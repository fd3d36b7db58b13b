import Glibc
import Plant
import SQLite
import Synchronization
import TestBench
import Testing

@testable import Store

@Suite struct BackupTests {
    private final class Counter: Sendable {
        private let state = Mutex(0)
        var count: Int { state.withLock { $0 } }
        func add() { state.withLock { $0 += 1 } }
    }

    /// A closed store with rows in every table; its model files, which have other names than their digests, are gone.
    private static func filled() async throws -> Fixture {
        let fixture = try await DamageTests.filled()
        for digest in try fixture.store.models.digests() { unlink(try fixture.store.models.path(of: digest)) }
        return fixture
    }

    private func reader(_ fixture: Fixture) throws -> StoreReader {
        try StoreReader(directory: fixture.store.directory, clock: fixture.clock, logger: quietLogger)
    }

    /// Opens a copy as the store of another box.
    private func restored(_ path: String, _ clock: ManualClock) throws -> (store: Store, folder: TempDirectory) {
        let folder = try TempDirectory()
        mkdir(folder.file("store"), 0o750)
        try DamageTests.write(#require(DamageTests.read(path)), to: folder.file("store/store.sqlite"))
        return (try DamageTests.open(folder, clock), folder)
    }

    private func leftovers(_ fixture: Fixture) throws -> [String] {
        let names = try #require(opendir(fixture.folder.path))
        defer { closedir(names) }
        var found: [String] = []
        while let entry = readdir(names) {
            found.append(
                withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
        }
        return found.filter { ![".", "..", "store"].contains($0) }.sorted()
    }

    @Test func aBackupOpensAsAStoreWithEverythingInIt() async throws {
        let original = try await Self.filled()
        let sound = try await Fixture(folder: original.folder, clock: original.clock)
        let expected = try await DamageTests.items(sound.store)
        let model = Array("a model".utf8)
        let digest = "97ff8a35544dcf40ad84047074439dd6aa3a0be469ea578a1b1c017d939ec61c"
        let rotten = String(repeating: "ab", count: 32)
        try sound.store.models.write(model, digest: digest)
        try sound.store.models.write(model, digest: rotten)
        let path = sound.folder.file("copy.sqlite")
        let report = try await reader(sound).backup(to: path, replaces: false)
        #expect(report.check.faults.map { "\($0)" } == ["model file 2: \(rotten).mwplan has another digest"])
        #expect(report.check.samples == 60 && report.check.modelFiles == 2 && report.check.lastSample == 60)
        #expect(report.check.taken == sound.clock.wall() && report.isOnSameFileSystem)
        #expect(try leftovers(sound) == ["copy.sqlite"])
        let sequence = try await sound.store.enqueue(.report, [1])
        await sound.store.close()

        sound.clock.advance(by: .seconds(60))
        let (store, folder) = try restored(path, sound.clock)
        #expect(try await DamageTests.items(store) == expected)
        #expect(try await store.statistics().quarantined == 0)
        #expect(DamageTests.read(folder.file("store/models/\(digest).mwplan")) == model)
        #expect(try store.models.digests() == [digest])
        // What the box has sent since the backup has numbers that must not be given again.
        #expect(try await store.enqueue(.report, [2]) > sequence)
        let gap = try #require(try await store.gaps().last)
        #expect(gap.reason == .restored && gap.to - gap.from == .seconds(60))
        let next = try await store.enqueue(.report, [3])
        await store.close()
        // Once: the next start finds a store like any other.
        let again = try DamageTests.open(folder, sound.clock)
        #expect(try await again.enqueue(.report, [4]) == next + 1)
        #expect(try await again.gaps().filter { $0.reason == .restored }.count == 1)
        await again.close()
    }

    @Test func picturesOfWhichPeopleHaveSpokenComeBack() async throws {
        let fixture = try await Fixture()
        try await fixture.store.store(fixture.batch([1]))
        let pictures = [
            "feedback/press-3/good/143210.250-17.png": [UInt8](repeating: 7, count: 300_000),
            "feedback/press-3/bad/143211.png": [1], "feedback/gate/good/1.jpg": [2, 3],
        ]
        for (name, bytes) in pictures {
            var folder = fixture.store.directory
            for part in name.split(separator: "/").dropLast() {
                folder += "/\(part)"
                mkdir(folder, 0o750)
            }
            try DamageTests.write(bytes, to: "\(fixture.store.directory)/\(name)")
        }
        let good = "\(fixture.store.directory)/feedback/press-3/good"
        symlink("../../../store.sqlite", "\(good)/link.png")
        try DamageTests.write([9], to: "\(good)/\(String(repeating: "n", count: 251)).png")
        // Not what the daemon keeps there.
        try DamageTests.write([9], to: "\(fixture.store.directory)/feedback/press-3/good/.hidden")
        mkdir("\(fixture.store.directory)/evidence", 0o750)
        try DamageTests.write([9], to: "\(fixture.store.directory)/evidence/1.png")
        let path = fixture.folder.file("copy.sqlite")
        let report = try await reader(fixture).backup(to: path, replaces: false)
        #expect(report.check.otherFiles == 4 && report.check.modelFiles == 0)
        let missing = "feedback/press-3/good/link.png is not in the backup"
        #expect(report.check.faults.count == 1 && report.check.faults[0].reason.hasPrefix(missing))
        await fixture.store.close()

        // One is damaged on the way.
        let connection = try Connection(path: path, access: .readWrite)
        try connection.execute("UPDATE files SET data=x'04' WHERE name='feedback/gate/good/1.jpg'")
        connection.close()
        let faults = try await StoreReader(directory: path, clock: fixture.clock, logger: quietLogger).check().faults
        #expect(faults.count == 1 && faults[0].place == "files")
        let (store, folder) = try restored(path, fixture.clock)
        for (name, bytes) in pictures {
            #expect(DamageTests.read(folder.file("store/\(name)")) == (name.contains("gate") ? nil : bytes), "\(name)")
        }
        let long = "store/feedback/press-3/good/\(String(repeating: "n", count: 251)).png"
        #expect(DamageTests.read(folder.file(long)) == [9])
        #expect(DamageTests.read(folder.file("store/feedback/press-3/good/.hidden")) == nil)
        #expect(DamageTests.read(folder.file("store/evidence/1.png")) == nil)
        await store.close()
    }

    /// A backup may come from anywhere: what cannot be written is left out, and the store starts.
    @Test(arguments: [
        ["feedback/a", "feedback/a/b"], ["feedback/a/b/c", "feedback/a/b"], ["feedback/a", "feedback/../../evil"],
    ])
    func filesOfABackupThatDoNotGoTogetherKeepNothingFromStarting(_ names: [String]) async throws {
        let fixture = try await Fixture()
        try await fixture.store.store(fixture.batch([1]))
        let path = fixture.folder.file("copy.sqlite")
        _ = try await reader(fixture).backup(to: path, replaces: false)
        await fixture.store.close()
        let database = try Database(beside: path, access: .readWrite, clock: fixture.clock, logger: quietLogger)
        for name in names {
            try [UInt8](repeating: 7, count: 1).withUnsafeBytes { try database.carry($0, as: name) }
        }
        database.connection.close()
        let (store, folder) = try restored(path, fixture.clock)
        #expect(try await store.samples(after: 0, limit: 10).samples.count == 1)
        #expect(names.map { DamageTests.read(folder.file("store/\($0)")) } == [[7], nil])
        #expect(DamageTests.read(folder.file("evil")) == nil)
        await store.close()
    }

    @Test(arguments: [
        ("feedback/a/good/1.png", true), ("feedback/1.png", true), ("feedback", false), ("feedback/", false),
        ("feedback/../../etc/passwd", false), ("/etc/passwd", false), ("models/x/y", false), ("feedback//1.png", false),
        ("feedback/.ssh/key", false), ("feedback/a/b/c/d/e", false), ("feedback/a\u{0}/b", false),
        ("feedback/a\nb/1.png", false),
        ("evidence/1.png", false),
    ])
    func aBackupWritesOnlyWhereItsFilesBelong(_ name: String, _ isInStore: Bool) {
        #expect(StoreFolder.holds(name) == isInStore)
    }

    @Test func aBackupWhileSamplesComeHasEverySampleUpToItsMoment() async throws {
        let fixture = try await Fixture()
        try await fixture.store.store(fixture.batch((0..<50_000).map(Double.init)))
        let reader = try reader(fixture)
        let path = fixture.folder.file("copy.sqlite")
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                var next = 50_000.0
                while !Task.isCancelled {
                    try await fixture.store.store(fixture.batch([next, next + 1]))
                    next += 2
                    _ = try await fixture.store.maintain()
                }
            }
            for _ in 0..<5 {
                let before = try await reader.lastSample()
                let report = try await reader.backup(to: path, replaces: true)
                #expect(report.check.isSound && report.check.lastSample >= before, "\(report.check.faults)")
                #expect(report.check.samples == report.check.lastSample)
            }
            group.cancelAll()
            try await group.waitForAll()
        }
        let last = try await StoreReader(directory: path, clock: fixture.clock, logger: quietLogger).lastSample()
        #expect(last < (try await reader.lastSample()))
        await fixture.store.close()
        let (store, _) = try restored(path, fixture.clock)
        var cursor: Int64 = 0
        while true {
            let page = try await store.samples(after: cursor, limit: 10_000)
            for stored in page.samples { #expect(stored.sample.value == .number(Double(stored.id - 1))) }
            #expect(Int64(page.samples.count) == page.through - cursor)
            cursor = page.through
            if page.isEnd { break }
        }
        #expect(cursor == last)
        await store.close()
    }

    @Test func whatIsDamagedIsNamedAndTheRestIsKept() async throws {
        let fixture = try await Self.filled()
        try fixture.tamper(
            """
            UPDATE alerts SET title_en='Nothing' WHERE id=2;
            UPDATE chunks SET data=zeroblob(3) WHERE id=(SELECT max(id) FROM chunks)
            """)
        let path = fixture.folder.file("copy.sqlite")
        let report = try await reader(fixture).backup(to: path, replaces: false)
        #expect(
            report.check.faults.map { "\($0)" } == [
                "alerts 2: its checksum does not hold", "chunks 59: not of a length that it can have",
            ])
        #expect(report.check.samples == 58)
        let (store, _) = try restored(path, fixture.clock)
        #expect(try await store.alerts().map(\.id).sorted() == ["a-0", "a-2"])
        #expect(try await store.samples(after: 0, limit: 100).samples.count == 58)
        await store.close()
    }

    @Test(arguments: 1...2 as ClosedRange<UInt64>)
    func aFlippedBitInABackupIsFoundOrChangesNothing(seed: UInt64) async throws {
        let fixture = try await Self.filled()
        let path = fixture.folder.file("copy.sqlite")
        _ = try await reader(fixture).backup(to: path, replaces: false)
        let (original, _) = try restored(path, fixture.clock)
        let expected = try await DamageTests.items(original)
        await original.close()
        let bytes = try #require(DamageTests.read(path))
        var random = seed
        var found = 0
        for _ in 0..<40 {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let place = Int(random >> 33) % bytes.count
            var flipped = bytes
            flipped[place] ^= 1 << UInt8(random >> 20 & 7)
            try DamageTests.write(flipped, to: path)
            do {
                let report = try await StoreReader(directory: path, clock: fixture.clock, logger: quietLogger).check()
                guard report.isSound else {
                    found += 1
                    continue
                }
            } catch is StoreError {
                found += 1
                continue
            } catch is BackupError {
                found += 1
                continue
            }
            let (store, _) = try restored(path, fixture.clock)
            #expect(try await DamageTests.items(store) == expected, "seed \(seed), byte \(place)")
            await store.close()
        }
        #expect(found > 0 && found < 40)
    }

    @Test func aNameThatMustNotBeTakenIsRefusedBeforeAnythingIsWritten() async throws {
        let fixture = try await Fixture()
        try await fixture.store.store(fixture.batch([1]))
        let reader = try reader(fixture)
        let kept = fixture.folder.file("kept")
        try DamageTests.write([1, 2, 3], to: kept)
        let refusals = [
            (kept, false, "backup.exists"), (fixture.folder.path, true, "backup.not_a_target"),
            (fixture.folder.file("none/copy"), true, "backup.not_a_target"),
            (fixture.databasePath, true, "backup.not_a_target"),
            (fixture.folder.file("store/copy"), true, "backup.not_a_target"),
        ]
        for (path, replaces, code) in refusals {
            let error = await #expect(throws: BackupError.self) {
                try await reader.backup(to: path, replaces: replaces)
            }
            #expect(error?.code == code, "\(path)")
        }
        #expect(DamageTests.read(kept) == [1, 2, 3])
        #expect(try leftovers(fixture) == ["kept"])
        _ = try await reader.backup(to: kept, replaces: true)
        #expect(try await StoreReader(directory: kept, clock: fixture.clock, logger: quietLogger).lastSample() == 1)
        await fixture.store.close()
    }

    @Test func aBackupThatIsEndedLeavesNothing() async throws {
        let fixture = try await Fixture()
        try await fixture.store.store(fixture.batch((0..<200_000).map(Double.init)))
        let reader = try reader(fixture)
        let path = fixture.folder.file("copy.sqlite")
        let steps = Counter()
        let error = await #expect(throws: BackupError.self) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    _ = try await reader.backup(to: path, replaces: false) { _ in
                        steps.add()
                        withUnsafeCurrentTask { $0?.cancel() }
                    }
                }
                try await group.waitForAll()
            }
        }
        #expect(error?.code == "backup.cancelled" && steps.count == 1)
        #expect(try leftovers(fixture) == [])
        await fixture.store.close()
    }
}
