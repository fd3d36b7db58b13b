import Glibc
import Plant
import SQLite
import TestBench
import Testing

@testable import Store

@Suite struct MigrationTests {
    /// Databases written by earlier versions, as they lie in `Databases/`; never written again.
    static let folder = #filePath.dropLast("MigrationTests.swift".count) + "Databases"
    static let newest = 6
    static let versions = [1, 3, 5, 6]

    @Test(arguments: versions) func aDatabaseOfEachEarlierVersionOpensWithAllThatIsInIt(version: Int) async throws {
        let digits = String(version)
        let kept = "\(Self.folder)/v\(String(repeating: "0", count: 4 - digits.count))\(digits).sqlite"
        let folder = try TempDirectory()
        mkdir(folder.file("store"), 0o750)
        let path = folder.file("store/store.sqlite")
        if getenv("MILLWRIGHT_REGOLD") != nil, Self.newest == version, access(kept, F_OK) != 0 {
            let filled = try await DamageTests.filled()
            try DamageTests.write(#require(DamageTests.read(filled.databasePath)), to: kept)
        }
        try DamageTests.write(#require(DamageTests.read(kept), "no \(kept)"), to: path)
        let store = try DamageTests.open(folder, ManualClock())
        let statistics = try await store.statistics()
        #expect(statistics.schema == Self.newest && statistics.quarantined == 0)
        #expect(statistics.samples == 60 && statistics.alerts == 3 && statistics.gaps == 1 + 2)
        #expect(try await store.storedReceipts(link: "plc-1").map(\.packetID) == Array(1...30))
        let samples = try await store.samples(after: 0, limit: 100).samples
        #expect(
            samples.map(\.id) == Array(1...60) && samples.first?.sample.value == .number(0)
                && samples.last?.sample.value == .waveform((0..<64).map { 29 + Float($0) }))
        #expect(try await store.alert("a-1")?.alert.acknowledgedBy == "li.wei")
        #expect(try await store.slots().first?.active == ModelTests.second)
        #expect(try await store.cursor("drift") == 9)
        #expect(try await store.enqueue(.report, []) == 7)
        await store.close()
    }

    /// Version 5 put the samples of every block into the rollups; since then those of full blocks alone are there.
    @Test func blocksOfVersionFiveCountOnceInTheRollups() async throws {
        var limits = HistoryTests.limits()
        // Each is full, and so in the rollups, as every block was.
        limits.samplesPerBlock = 1
        var field = try await HistoryTests.Field(seed: 21, samples: 1_200, limits: limits)
        let fixture = field.fixture
        try await HistoryTests.pack(fixture.store)
        await fixture.store.close()
        let connection = try Connection(path: fixture.databasePath, access: .readWrite)
        let columns = Table.blocks.columns.dropLast().joined(separator: ",")
        let rows = try connection.prepare("SELECT \(columns) FROM blocks")
        let update = try connection.prepare("UPDATE blocks SET crc=? WHERE id=?")
        var blocks = 0
        while try rows.step() {
            blocks += 1
            let checksum = rows.checksum(.blocks, columns: Int32(Table.blocks.columns.count - 1))
            try update.bind(1, Int64(checksum.value) + (blocks == 7 ? 1 : 0))
            try update.bind(2, rows.int64(at: 0))
            try update.run()
        }
        try connection.execute(
            """
            DROP INDEX blocks_open;
            ALTER TABLE blocks DROP COLUMN rolled;
            DELETE FROM state WHERE key='\(SchemaCheck.key)';
            PRAGMA user_version=5;
            """)
        connection.close()
        var later = HistoryTests.limits()
        later.hotSamples = limits.hotSamples
        let opened = try await Fixture(folder: fixture.folder, clock: fixture.clock, limits: later)
        #expect(try await opened.store.statistics().schema == Self.newest)
        // The one that was damaged is found as such, and only that one.
        for _ in 0...blocks / Int(Bound.blocksPerLook) { _ = try await opened.store.maintain() }
        #expect(try await opened.store.statistics().quarantined == 1)
        let lost = try #require(try await opened.store.gaps().last)
        #expect(lost.reason == .damaged && lost.count == 1)
        field = HistoryTests.Field(field, in: opened)
        try await field.add(900, seed: 22)
        try await HistoryTests.pack(opened.store)
        for tag in field.tags {
            for width in RollupWidth.allCases {
                let found = try await opened.store.rollups(
                    tag, width, from: field.start + .seconds(-86_400), to: field.end)
                #expect(found == field.naiveRollups(tag, width))
            }
        }
        await opened.store.close()
    }

    @Test func anEmptyFileBecomesAStore() async throws {
        let folder = try TempDirectory()
        mkdir(folder.file("store"), 0o750)
        try DamageTests.write([], to: folder.file("store/store.sqlite"))
        let store = try DamageTests.open(folder, ManualClock())
        #expect(try await store.statistics().schema == Self.newest)
        await store.close()
    }

    @Test(arguments: ["PRAGMA user_version=999", "PRAGMA application_id=7", "PRAGMA user_version=0"])
    func aFileOfANewerProgramOrOfAnotherOneIsLeftAlone(change: String) async throws {
        let fixture = try await Fixture()
        try await fixture.store.store(fixture.batch([1]))
        await fixture.store.close()
        try fixture.tamper(change)
        let bytes = DamageTests.read(fixture.databasePath)
        let error = #expect(throws: StoreError.self) { try DamageTests.open(fixture.folder, fixture.clock) }
        #expect(error?.code == "store.schema")
        #expect(DamageTests.read(fixture.databasePath) == bytes)
        let reading = #expect(throws: StoreError.self) {
            try StoreReader(directory: fixture.store.directory, clock: fixture.clock, logger: quietLogger)
        }
        #expect(reading?.code == "store.schema")
    }

    @Test func aReaderFindsNoStoreWhereThereIsNone() throws {
        let folder = try TempDirectory()
        let error = #expect(throws: StoreError.self) {
            try StoreReader(directory: folder.path, clock: ManualClock(), logger: quietLogger)
        }
        #expect(error?.code == "store.not_found")
    }
}
