import Plant
import Store
import TestBench
import Testing

/// What nobody waits for is committed together, within the contract; what somebody waits for at once.
@Suite struct LossContractTests {
    /// Samples that another process would find now: what a power cut leaves.
    static func durable(_ fixture: Fixture) async throws -> Int {
        try await StoreReader(directory: fixture.store.directory, clock: fixture.clock, logger: quietLogger)
            .samples(after: 0, limit: 100_000).samples.count
    }

    @Test func acceptedSamplesShareACommitWithinAPartOfTheContract() async throws {
        let fixture = try await Fixture()
        let before = try await fixture.store.statistics().counters.commits
        for value in 0..<50 { try await fixture.store.accept(fixture.batch([Double(value)])) }
        #expect(try await Self.durable(fixture) == 0)
        fixture.clock.advance(by: .milliseconds(240))
        let waiting = await fixture.store.lossReport()
        #expect(waiting.waiting == 50 && waiting.oldest == .milliseconds(240) && !waiting.isBroken)
        fixture.clock.advance(by: .milliseconds(10))
        let store = fixture.store
        let keeper = Task { await store.keepLossContract() }
        #expect(await eventually { await store.lossReport().waiting == 0 })
        keeper.cancel()
        await keeper.value
        #expect(try await Self.durable(fixture) == 50)
        #expect(try await fixture.store.statistics().counters.commits == before + 1)
        let report = await fixture.store.lossReport()
        #expect(report.worst == .milliseconds(250) && report.lateCommits == 0 && report.oldest == .zero)
    }

    @Test func whatSomebodyWaitsForTakesAcceptedSamplesAlong() async throws {
        let fixture = try await Fixture()
        let before = try await fixture.store.statistics().counters.commits
        try await fixture.store.accept(fixture.batch([1]))
        try await fixture.store.accept(fixture.batch([2], receipts: [MessageReceipt(packetID: 1, digest: 1)]))
        #expect(try await Self.durable(fixture) == 2)
        #expect(try await fixture.store.statistics().counters.commits == before + 1)
    }

    @Test func manySamplesAreNotHeldBack() async throws {
        let fixture = try await Fixture()
        for start in 0..<10 {
            try await fixture.store.accept(fixture.batch((0..<100).map { Double(start * 100 + $0) }))
        }
        let store = fixture.store
        #expect(await eventually { await store.lossReport().waiting == 0 })
        #expect(try await Self.durable(fixture) == 1_000)
    }

    @Test func aBatchOlderThanTheContractIsCountedAsLate() async throws {
        let fixture = try await Fixture()
        try await fixture.store.accept(fixture.batch([1]))
        fixture.clock.advance(by: .milliseconds(1_001))
        #expect(await fixture.store.lossReport().isBroken)
        try await fixture.store.apply([.cursor("scoring", 1)])
        let report = await fixture.store.lossReport()
        #expect(!report.isBroken && report.lateCommits == 1 && report.worst == .milliseconds(1_001))
    }

    @Test func closingCommitsWhatWasAccepted() async throws {
        var fixture = try await Fixture()
        try await fixture.store.accept(fixture.batch([1, 2, 3]))
        fixture = try await fixture.reopened()
        #expect(try await fixture.everything().count == 3)
    }

    @Test func aContractOfNothingMakesEverySampleDurableAtOnce() async throws {
        let folder = try TempDirectory()
        let store = try Store(
            directory: folder.file("store"), limits: Fixture.smallLimits, contract: LossContract(samples: .zero),
            clock: ManualClock(), logger: quietLogger)
        let tag = try await store.tagID(for: Fixture.numberTag)
        let sample = Sample(
            tag: tag, value: .number(1), quality: .good, arrival: WallTime(nanoseconds: 1),
            monotonic: MonotonicTime(nanoseconds: 1))
        try await store.accept(SampleBatch(link: "plc-1", samples: [sample]))
        #expect(try await store.statistics().samples == 1)
        await store.keepLossContract()
        await store.close()
    }
}
