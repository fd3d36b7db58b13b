import Plant
import SQLite
import Store
import TestBench
import Testing

/// Orders to write to the field, and the chained audit of them.
@Suite struct WriteOrderTests {
    private func reader(_ fixture: Fixture) throws -> StoreReader {
        try StoreReader(directory: fixture.store.directory, clock: fixture.clock, logger: quietLogger)
    }

    @Test func anOrderIsTakenOnceAndItsEndIsAudited() async throws {
        let fixture = try await Fixture()
        let reader = try reader(fixture)
        let order = try await reader.order("pump.speed", 1_500, by: "li.wei", reason: "noise")
        #expect(try await fixture.store.takeOrders().map(\.id) == [order.id])
        #expect(try await fixture.store.takeOrders().isEmpty)
        try await fixture.store.finishOrder(order.id, WriteResult(outcome: "written", old: 1_400))
        // A second end of the same order changes nothing.
        try await fixture.store.finishOrder(order.id, WriteResult(outcome: "refused"))
        let done = try #require(try await reader.order(order.id))
        #expect(done.state == .done && done.outcome == "written" && done.old == 1_400)
        let entry = try #require(try await reader.auditEntries(limit: 10).first)
        #expect(entry.by == "li.wei" && entry.subject == "pump.speed" && entry.reason == "noise")
        #expect(entry.old == 1_400 && entry.new == 1_500 && entry.outcome == "written")
        #expect(try await reader.verifyAudit() == .intact(rows: 1, head: entry.digest))
        await fixture.store.close()
    }

    @Test func anOrderThatIsOldOrOfTheFutureIsNeverExecuted() async throws {
        let fixture = try await Fixture()
        let reader = try reader(fixture)
        let old = try await reader.order("pump.speed", 1, by: "a", reason: nil)
        fixture.clock.advance(by: WriteOrder.validity)
        #expect(try await fixture.store.takeOrders().isEmpty)
        #expect(try await reader.order(old.id)?.outcome == "expired")
        let future = try await reader.order("pump.speed", 2, by: "a", reason: nil)
        fixture.clock.step(wallTo: fixture.clock.wall() + .seconds(-3_600))
        #expect(try await fixture.store.takeOrders().isEmpty)
        #expect(try await reader.order(future.id)?.outcome == "expired")
        await fixture.store.close()
    }

    @Test func aRestartLeavesNoOrderToBeExecuted() async throws {
        var fixture = try await Fixture()
        let waiting = try await reader(fixture).order("a", 1, by: "a", reason: nil)
        #expect(try await fixture.store.takeOrders().count == 1)
        let next = try await reader(fixture).order("b", 2, by: "a", reason: nil)
        fixture = try await fixture.reopened()
        try await fixture.store.abandonOrders()
        #expect(try await reader(fixture).order(waiting.id)?.outcome == "unknown")
        #expect(try await reader(fixture).order(next.id)?.outcome == "expired")
        #expect(try await fixture.store.takeOrders().isEmpty)
        #expect(try await reader(fixture).auditEntries(limit: 10).map(\.outcome) == ["expired", "unknown"])
        await fixture.store.close()
    }

    @Test func whatWasWithdrawnIsNotTakenAndWhatWasTakenNotWithdrawn() async throws {
        let fixture = try await Fixture()
        let reader = try reader(fixture)
        let first = try await reader.order("a", 1, by: "a", reason: nil)
        #expect(try await reader.withdraw(first.id)?.outcome == "expired")
        #expect(try await fixture.store.takeOrders().isEmpty)
        let second = try await reader.order("a", 1, by: "a", reason: nil)
        #expect(try await fixture.store.takeOrders().count == 1)
        #expect(try await reader.withdraw(second.id)?.state == .taken)
        await fixture.store.close()
    }

    @Test func moreOrdersThanAPlantGivesAreRefused() async throws {
        let fixture = try await Fixture()
        let reader = try reader(fixture)
        for index in 0..<WriteOrder.maxWaiting { _ = try await reader.order("t", Double(index), by: "a", reason: nil) }
        #expect(try await reader.order("t", 0, by: "a", reason: nil).outcome == "refused")
        #expect(try await reader.auditEntries(limit: 1).first?.reason == "\(WriteOrder.maxWaiting) orders wait already")
        #expect(try await fixture.store.takeOrders().count == WriteOrder.maxWaiting)
        await fixture.store.close()
    }

    /// Every change of any field, a row taken out, one cut off the end: the chain does not hold.
    @Test(arguments: [
        "UPDATE audit SET old=1 WHERE id=2", "UPDATE audit SET by='x' WHERE id=1",
        "UPDATE audit SET outcome='x' WHERE id=3",
        "DELETE FROM audit WHERE id=2", "DELETE FROM audit WHERE id=3", "DELETE FROM audit",
    ])
    func aChangeOfTheAuditIsFound(change: String) async throws {
        let fixture = try await Fixture()
        let reader = try reader(fixture)
        for index in 0..<3 {
            let order = try await reader.order("t", Double(index), by: "a", reason: nil)
            _ = try await fixture.store.takeOrders()
            try await fixture.store.finishOrder(order.id, WriteResult(outcome: "written", old: 0))
        }
        guard case .intact(3, _) = try await reader.verifyAudit() else {
            Issue.record("three rows were written")
            return
        }
        await fixture.store.close()
        try fixture.tamper(change)
        let verdict = try await self.reader(fixture).verifyAudit()
        guard case .broken = verdict else {
            Issue.record("\(change): \(verdict)")
            return
        }
    }
}
