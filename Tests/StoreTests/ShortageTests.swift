import Glibc
import Plant
import SQLite
import Store
import TestBench
import Testing

/// No room: alerts, acknowledgements and update steps go on, the oldest samples give way to new ones, and both that and
/// what is refused is recorded.
@Suite struct ShortageTests {
    /// Stores until the store is short of space.
    ///
    /// - Returns: values stored.
    static func fill(_ fixture: Fixture, batch: Int = 100, limit: Int = 3_000) async throws -> Int {
        for round in 0..<limit {
            _ = try await fixture.store.commit(fixture.batch((0..<batch).map { Double(round * batch + $0) }))
            if try await fixture.store.statistics().isShort { return (round + 1) * batch }
        }
        Issue.record("never full")
        return 0
    }

    /// The values that are there, and how many of the samples stored are not: what is there is the end of what was stored.
    static func lost(_ fixture: Fixture, stored: Int) async throws -> Int {
        let values = try await fixture.everything().compactMap(\.sample.value.asNumber)
        let lost = stored - values.count
        #expect(values == (lost..<stored).map(Double.init))
        return lost
    }

    static func gaps(_ fixture: Fixture, _ subject: String, _ reason: Gap.Reason) async throws -> Int64 {
        try await fixture.store.gaps().filter { $0.subject == subject && $0.reason == reason }.reduce(0) {
            $0 + $1.count
        }
    }

    /// What must still be possible.
    static func alertsAndUpdatesGoOn(_ fixture: Fixture, _ round: Int) async throws {
        let (store, id, digest) = (fixture.store, "a-\(round)", String(repeating: "\(round)", count: 64))
        try await store.apply([
            .raise(makeAlert(id, at: fixture.clock.wall())), .enqueue(.alert, [1]),
            .deliver(NewDelivery(alert: id, channel: "mqtt", event: "raised", body: [1])),
            .cursor("scoring", Int64(round)),
        ])
        #expect(try await store.acknowledge(id, by: "li.wei").acknowledgedBy == "li.wei")
        try store.models.write([1], digest: digest)
        try await store.recordFetched(
            FetchedModel(digest: digest, pack: "p", version: 1, envelope: [], bytes: 1))
        try await store.markProved(digest, pack: "p")
        #expect(try await store.activate(digest, pack: "p").active == digest)
    }

    @Test func aStoreAtItsOwnBoundLetsTheOldestGiveWayAndRecovers() async throws {
        let limits = Limits(maximumBytes: 1 << 20, reserveBytes: 256 << 10)
        var fixture = try await Fixture(limits: limits)
        var stored = try await Self.fill(fixture)
        #expect(stored > 5_000)
        for round in 1...5 { try await Self.alertsAndUpdatesGoOn(fixture, round) }
        // Many times what there is room for: new values are taken all the same, telemetry for the outbox too.
        for _ in 0..<300 {
            try await fixture.store.store(fixture.batch((stored..<stored + 100).map(Double.init)))
            stored += 100
        }
        try await fixture.store.apply([.enqueue(.telemetry, [1]), .enqueue(.alert, [2])])
        #expect(try await fixture.store.nextBatch(rows: 100, bytes: .max).contains { $0.kind == .telemetry })
        #expect(try await fixture.store.statistics().databaseBytes <= 1_310_720 + 262_144)
        let lost = try await Self.lost(fixture, stored: stored)
        #expect(lost > 0 && lost < stored)
        #expect(try await Self.gaps(fixture, "samples", .diskFullOldest) == Int64(lost))
        #expect(try await fixture.store.statistics().counters.droppedForRoom == Int64(lost))
        // Retention makes room, and all is as before.
        while try await !fixture.store.maintain().isDone {}
        #expect(try await !fixture.store.statistics().isShort)
        try await fixture.store.store(fixture.batch([1]))
        fixture = try await fixture.reopened()
        #expect(try await fixture.store.alerts().count == 5)
        #expect(try await Self.gaps(fixture, "samples", .diskFullOldest) == Int64(lost))
    }

    @Test func whereNothingOldCanGiveWayNewValuesAreRefusedAndTheGapOutlivesARestart() async throws {
        let limits = Limits(maximumBytes: 1 << 20, reserveBytes: 256 << 10)
        var fixture = try await Fixture(limits: limits)
        let start = fixture.clock.wall()
        // Alerts that nobody has sent yet take all of the file; they never give way.
        while try await !fixture.store.statistics().isShort {
            try await fixture.store.apply([.enqueue(.alert, Array(repeating: 7, count: 20_000))])
        }
        fixture.clock.advance(by: .seconds(60))
        let polled = fixture.batch([1, 2, 3])
        let messages = fixture.batch([7, 8], receipts: [MessageReceipt(packetID: 9, digest: 9)])
        for batch in [polled, messages] {
            let error = await #expect(throws: StoreError.self) { try await fixture.store.commit(batch) }
            #expect(error?.code == "store.full")
        }
        // Telemetry beside an alert must not cost the alert.
        let alerts = try await fixture.store.outboxTotals()[.alert]?.rows ?? 0
        try await fixture.store.apply([.enqueue(.telemetry, [1]), .enqueue(.alert, [2])])
        #expect(try await fixture.store.outboxTotals()[.alert]?.rows == alerts + 1)
        #expect(try await fixture.store.outboxTotals()[.telemetry]?.rows == 0)
        _ = try await fixture.store.maintain()
        #expect(try await fixture.store.statistics().isShort)
        // What was refused is written down meanwhile.
        fixture = try await fixture.reopened()
        #expect(try await Self.gaps(fixture, "outbox", .diskFull) == 1)
        #expect(try await Self.gaps(fixture, "link:plc-1", .diskFullNotAcknowledged) == 2)
        let gap = try #require(try await fixture.store.gaps().first { $0.subject == "link:plc-1" && $0.count == 3 })
        #expect(gap.reason == .diskFull && gap.from >= start + .seconds(59) && gap.to >= gap.from)
        #expect(try await fixture.store.storedReceipts(link: "plc-1").isEmpty)
        try await fixture.store.confirmOutbox(through: .max)
        while try await !fixture.store.maintain().isDone {}
        try await fixture.store.store(messages)
        #expect(try await fixture.store.storedReceipts(link: "plc-1").map(\.packetID) == [9])
    }

    static let canMount = getuid() == 0

    @Test(.enabled(if: canMount)) func aFullDiskIsSurvivedAndLeftAgain() async throws {
        let folder = try TempDirectory()
        // In a container without the right to mount there is nothing to test here; the bound above tests the same path.
        guard mount("tmpfs", folder.path, "tmpfs", 0, "size=6m") == 0 else { return }
        defer { umount2(folder.path, Int32(MNT_DETACH)) }
        let limits = Limits(maximumBytes: 1 << 30, reserveBytes: 1 << 20)
        var fixture = try await Fixture(folder: folder, limits: limits)
        // Somebody else takes most of the disk.
        let other = folder.file("other")
        let descriptor = open(other, O_CREAT | O_WRONLY, 0o600)
        #expect(posix_fallocate(descriptor, 0, 3 << 20) == 0)
        close(descriptor)
        var stored = try await Self.fill(fixture)
        #expect(stored > 1_000)
        for round in 1...5 { try await Self.alertsAndUpdatesGoOn(fixture, round) }
        func goOn(_ rounds: Int) async throws {
            for _ in 0..<rounds {
                try await fixture.store.store(fixture.batch((stored..<stored + 100).map(Double.init)))
                stored += 100
                _ = try await fixture.store.maintain()
            }
        }
        try await goOn(300)
        // Also through a restart while there is no byte left but the reserve that was not used up.
        await fixture.store.close()
        let rest = folder.file("rest")
        let filler = open(rest, O_CREAT | O_WRONLY, 0o600)
        let block = [UInt8](repeating: 1, count: 4_096)
        while write(filler, block, block.count) > 0 {}
        close(filler)
        let full = await #expect(throws: StoreError.self) { _ = try await Fixture(folder: folder, limits: limits) }
        #expect(["store.full", "store.database"].contains(full?.code), "\(String(describing: full))")
        unlink(rest)
        fixture = try await Fixture(folder: folder, clock: fixture.clock, limits: limits)
        for round in 6...9 { try await Self.alertsAndUpdatesGoOn(fixture, round) }
        try await goOn(100)
        let lost = try await Self.lost(fixture, stored: stored)
        #expect(try await Self.gaps(fixture, "samples", .diskFullOldest) == Int64(lost))
        #expect(try await fixture.store.alerts().count == 9)
        unlink(other)
        _ = try await fixture.store.maintain()
        #expect(try await !fixture.store.statistics().isShort)
        try await fixture.store.store(fixture.batch([1, 2, 3]))
        #expect(try await fixture.store.latest(fixture.number)?.sample.value == .number(3))
        let connection = try Connection(path: fixture.databasePath, access: .readOnly)
        #expect(try connection.structureFaults().isEmpty)
        await fixture.store.close()
    }

    @Test(.enabled(if: canMount)) func aStoreOpensOnADiskWithoutAnyRoomByTheReserve() async throws {
        let folder = try TempDirectory()
        guard mount("tmpfs", folder.path, "tmpfs", 0, "size=6m") == 0 else { return }
        defer { umount2(folder.path, Int32(MNT_DETACH)) }
        let limits = Limits(maximumBytes: 1 << 30, reserveBytes: 1 << 20)
        var fixture = try await Fixture(folder: folder, limits: limits)
        try await fixture.store.store(fixture.batch((0..<1_000).map(Double.init)))
        await fixture.store.close()
        for suffix in ["-wal", "-shm"] { unlink(fixture.databasePath + suffix) }
        let filler = open(folder.file("other"), O_CREAT | O_WRONLY, 0o600)
        let block = [UInt8](repeating: 1, count: 4_096)
        while write(filler, block, block.count) > 0 {}
        close(filler)
        fixture = try await Fixture(folder: folder, clock: fixture.clock, limits: limits)
        #expect(try await fixture.store.statistics().isShort)
        try await Self.alertsAndUpdatesGoOn(fixture, 1)
        unlink(folder.file("other"))
        _ = try await fixture.store.maintain()
        #expect(try await !fixture.store.statistics().isShort)
        #expect(try await fixture.everything().count == 1_000)
        await fixture.store.close()
    }
}
