import Glibc
import Plant
import SQLite
import Store
import TestBench
import Testing

/// No room: alerts, acknowledgements and update steps go on, telemetry is refused, and the gap is recorded.
@Suite struct ShortageTests {
    /// Stores until the store says that it is full.
    ///
    /// - Returns: values stored.
    static func fill(_ fixture: Fixture, batch: Int = 100, limit: Int = 3_000) async throws -> Int {
        for round in 0..<limit {
            do throws(StoreError) {
                _ = try await fixture.store.commit(fixture.batch((0..<batch).map { Double(round * batch + $0) }))
            } catch {
                try #require(error.code == "store.full", "\(error)")
                return round * batch
            }
        }
        Issue.record("never full")
        return 0
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

    @Test func aStoreAtItsOwnBoundRefusesTelemetryOnlyAndRecovers() async throws {
        let limits = Limits(maximumBytes: 1 << 20, reserveBytes: 256 << 10)
        var fixture = try await Fixture(limits: limits)
        let start = fixture.clock.wall()
        let stored = try await Self.fill(fixture)
        #expect(stored > 5_000)
        #expect(try await fixture.store.statistics().isShort)
        for round in 1...5 { try await Self.alertsAndUpdatesGoOn(fixture, round) }
        // Refused again without a try, telemetry for the outbox too, which must not cost the alert beside it.
        fixture.clock.advance(by: .seconds(60))
        let refused = fixture.batch([7, 8], receipts: [MessageReceipt(packetID: 9, digest: 9)])
        let error = await #expect(throws: StoreError.self) { try await fixture.store.commit(refused) }
        #expect(error?.code == "store.full")
        try await fixture.store.apply([.enqueue(.telemetry, [1]), .enqueue(.alert, [2])])
        #expect(try await fixture.store.nextBatch(rows: 100, bytes: .max).allSatisfy { $0.kind == .alert })
        #expect(try await fixture.everything().count == stored)
        // Retention makes room; the refused spans are then written down.
        while try await !fixture.store.maintain().isDone {}
        #expect(try await !fixture.store.statistics().isShort)
        try await fixture.store.store(refused)
        fixture = try await fixture.reopened()
        let gaps = try await fixture.store.gaps()
        #expect(gaps.contains { $0.subject == "outbox" && $0.reason == .diskFull && $0.count == 1 })
        let gap = try #require(gaps.first { $0.subject == "link:plc-1" && $0.reason == .diskFull })
        #expect(gap.count == 100 && gap.from <= start && gap.to >= start + .milliseconds(-3))
        #expect(gaps.contains { $0.subject == "link:plc-1" && $0.reason == .diskFullNotAcknowledged && $0.count == 2 })
        #expect(try await fixture.store.alerts().count == 5)
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
        let stored = try await Self.fill(fixture)
        #expect(stored > 1_000)
        for round in 1...5 { try await Self.alertsAndUpdatesGoOn(fixture, round) }
        #expect(try await fixture.everything().count == stored)
        // Also through a restart while the disk is full.
        fixture = try await fixture.reopened()
        for round in 6...9 { try await Self.alertsAndUpdatesGoOn(fixture, round) }
        let error = await #expect(throws: StoreError.self) {
            for _ in 0..<200 { _ = try await fixture.store.commit(fixture.batch((0..<1_000).map(Double.init))) }
        }
        #expect(error?.code == "store.full")
        #expect(try await fixture.store.alerts().count == 9)
        unlink(other)
        _ = try await fixture.store.maintain()
        #expect(try await !fixture.store.statistics().isShort)
        try await fixture.store.store(fixture.batch([1, 2, 3]))
        #expect(try await fixture.store.gaps().contains { $0.reason == .diskFull })
        #expect(try await fixture.store.latest(fixture.number)?.sample.value == .number(3))
        let connection = try Connection(path: fixture.databasePath, access: .readOnly)
        #expect(try connection.structureFaults().isEmpty)
        await fixture.store.close()
    }
}
