import Plant
import Store
import TestBench
import Testing

@Suite struct GroupCommitTests {
    @Test func callersThatStoreAtOnceShareCommits() async throws {
        var fixture = try await Fixture()
        let store = fixture.store
        let before = try await store.statistics().counters.commits
        let callers = 400
        let batches = (0..<callers).map {
            fixture.batch([Double($0)], receipts: [MessageReceipt(packetID: UInt16($0 + 1), digest: UInt64($0))])
        }
        let ids = try await withThrowingTaskGroup { group in
            for batch in batches { group.addTask { try await store.commit(batch) } }
            return try await group.reduce(into: [Int64]()) { ids, range in ids += range.map(Array.init) ?? [] }
        }
        #expect(Set(ids) == Set(1...Int64(callers)))
        let commits = try await store.statistics().counters.commits - before
        #expect(commits < callers / 2, "\(commits) commits for \(callers) callers")
        fixture = try await fixture.reopened()
        #expect(
            try await fixture.everything().compactMap(\.sample.value.asNumber).sorted()
                == (0..<callers).map(Double.init))
        #expect(try await fixture.store.storedReceipts(link: "plc-1").count == callers)
    }

    @Test func onlyWhatIsCommittedIsSeenByAnotherProcess() async throws {
        let fixture = try await Fixture()
        let reader = try StoreReader(directory: fixture.store.directory, clock: fixture.clock, logger: quietLogger)
        for value in 0..<20 {
            let range = try await fixture.store.commit(fixture.batch([Double(value)]))
            #expect(try await reader.samples(after: 0, limit: 100).samples.last?.id == range?.upperBound)
        }
    }

    @Test func aLargeBatchIsOneTransaction() async throws {
        let fixture = try await Fixture()
        let before = try await fixture.store.statistics().counters.commits
        try await fixture.store.store(fixture.batch((0..<50_000).map(Double.init)))
        #expect(try await fixture.store.statistics().counters.commits == before + 1)
        #expect(try await fixture.store.statistics().samples == 50_000)
    }

    @Test func theLogStaysBounded() async throws {
        let fixture = try await Fixture()
        for round in 0..<120 {
            try await fixture.store.store(
                SampleBatch(link: "a", samples: (0..<2_000).map { fixture.sample(Double(round * $0)) }))
        }
        let statistics = try await fixture.store.statistics()
        // Without a checkpoint the log would hold about 16 MB by now, and grow with every round.
        #expect(statistics.logBytes < 70 << 20)
        #expect(statistics.counters.checkpoints + statistics.counters.ownCheckpoints > 0)
        #expect(statistics.counters.failedCheckpoints == 0)
    }

    @Test func receiptsComeBackNewestLastAndAreBounded() async throws {
        var fixture = try await Fixture()
        let total = 70_000
        for start in stride(from: 0, to: total, by: 500) {
            let receipts = (start..<start + 500).map {
                MessageReceipt(packetID: UInt16($0 % 65_535 + 1), digest: UInt64($0) &* 0x9E37_79B9_7F4A_7C15)
            }
            try await fixture.store.store(SampleBatch(link: "broker", receipts: receipts))
        }
        try await fixture.store.store(SampleBatch(link: "other", receipts: [MessageReceipt(packetID: 1, digest: .max)]))
        fixture = try await fixture.reopened()
        let stored = try await fixture.store.storedReceipts(link: "broker")
        #expect(stored.count == 65_535)
        #expect(stored.last?.digest == UInt64(total - 1) &* 0x9E37_79B9_7F4A_7C15)
        #expect(stored.first?.digest == UInt64(total - 65_535) &* 0x9E37_79B9_7F4A_7C15)
        #expect(try await fixture.store.storedReceipts(link: "other") == [MessageReceipt(packetID: 1, digest: .max)])
        #expect(try await fixture.store.storedReceipts(link: "never").isEmpty)
        // The same receipt stored again, as after an answer that got lost, is simply the newest once more.
        try await fixture.store.store(SampleBatch(link: "other", receipts: [MessageReceipt(packetID: 1, digest: .max)]))
        #expect(try await fixture.store.storedReceipts(link: "other").count == 2)
    }

    @Test func aSecondDaemonIsRefusedAndTheStoreIsFreeAfterClose() async throws {
        let fixture = try await Fixture()
        let error = #expect(throws: StoreError.self) {
            try Store(directory: fixture.store.directory, clock: fixture.clock, logger: quietLogger)
        }
        #expect(error?.code == "store.locked")
        await fixture.store.close()
        let again = try Store(directory: fixture.store.directory, clock: fixture.clock, logger: quietLogger)
        await again.close()
        let closed = await #expect(throws: StoreError.self) { try await fixture.store.commit(fixture.batch([1])) }
        #expect(closed?.code == "store.closed")
    }
}
