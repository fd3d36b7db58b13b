import Plant
import Store
import TestBench
import Testing

@Suite struct OutboxTests {
    @Test func entriesComeInOrderWithinBothLimitsUntilConfirmed() async throws {
        var fixture = try await Fixture()
        for index in 0..<200 {
            try await fixture.store.enqueue(.telemetry, Array(repeating: UInt8(index), count: 100))
        }
        #expect(try await fixture.store.nextBatch(rows: 5, bytes: 100_000).map(\.sequence) == [1, 2, 3, 4, 5])
        #expect(try await fixture.store.nextBatch(after: 10, rows: 50, bytes: 350).map(\.sequence) == [11, 12, 13])
        #expect(try await fixture.store.nextBatch(rows: 5, bytes: 1).count == 1)
        #expect(try await fixture.store.nextBatch(rows: 1_000, bytes: .max).count == 200)
        try await fixture.store.confirmOutbox(through: 150)
        fixture = try await fixture.reopened()
        let rest = try await fixture.store.nextBatch(rows: 1_000, bytes: .max)
        #expect(rest.map(\.sequence) == Array(151...200) && rest.first?.body == Array(repeating: 150, count: 100))
        #expect(try await fixture.store.outboxTotals()[.telemetry]?.rows == 50)
        try await fixture.store.confirmOutbox(through: 1_000)
        #expect(try await fixture.store.outboxTotals()[.telemetry] == OutboxTotals())
        // A number is never given twice, also when nothing waits.
        fixture = try await fixture.reopened()
        #expect(try await fixture.store.enqueue(.report, []) == 201)
    }

    @Test func overTheBoundTheOldestTelemetryGoesAndIsCountedAndAlertsStay() async throws {
        var limits = Fixture.smallLimits
        limits.outboxRows = 50
        let fixture = try await Fixture(limits: limits)
        for index in 0..<100 {
            try await fixture.store.enqueue(index % 10 == 0 ? .alert : .telemetry, [UInt8(index)])
            fixture.clock.advance(by: .seconds(1))
        }
        let entries = try await fixture.store.nextBatch(rows: 1_000, bytes: .max)
        #expect(entries.count == 50)
        #expect(entries.filter { $0.kind == .alert }.count == 10)
        #expect(entries.filter { $0.kind == .telemetry }.map { Int($0.body[0]) } == (56..<100).filter { $0 % 10 != 0 })
        let totals = try await fixture.store.outboxTotals()
        #expect(totals[.telemetry]?.rows == 40 && totals[.telemetry]?.droppedRows == 50)
        let gaps = try await fixture.store.gaps()
        #expect(gaps.count == 1 && gaps.first?.count == 50 && gaps.first?.reason == .outboxFull)
        #expect(gaps.first.map { $0.to - $0.from } == .seconds(54))
    }

    @Test func theBoundInBytesHoldsToo() async throws {
        var limits = Fixture.smallLimits
        limits.outboxBytes = 10_000
        let fixture = try await Fixture(limits: limits)
        for _ in 0..<50 { try await fixture.store.enqueue(.telemetry, Array(repeating: 0, count: 936)) }
        #expect(try await fixture.store.nextBatch(rows: 1_000, bytes: .max).map(\.sequence) == Array(41...50))
        // One entry that is too large alone is dropped like any other, and counted.
        try await fixture.store.enqueue(.telemetry, Array(repeating: 0, count: 20_000))
        #expect(try await fixture.store.nextBatch(rows: 1_000, bytes: .max).isEmpty)
        #expect(try await fixture.store.outboxTotals()[.telemetry]?.droppedRows == 51)
    }
}
