import Plant
import Store
import TestBench
import Testing

@Suite struct AlertTests {
    @Test func anAlertAndItsLifeComeBackAsWritten() async throws {
        var fixture = try await Fixture()
        let (clock, start) = (fixture.clock, fixture.clock.wall())
        var alert = makeAlert("a-1", at: start)
        try await fixture.store.apply([.raise(alert), .cursor("scoring", 17)])
        clock.advance(by: .seconds(5))
        alert.worstScore = 9.5
        try await fixture.store.apply([.update(alert, at: clock.wall())])
        clock.advance(by: .seconds(5))
        let acknowledged = try await fixture.store.acknowledge("a-1", by: "li.wei")
        #expect(acknowledged.state == .acknowledged && acknowledged.acknowledgedBy == "li.wei")
        clock.advance(by: .seconds(5))
        alert = acknowledged
        alert.state = .cleared
        alert.clearedAt = clock.wall()
        try await fixture.store.apply([.update(alert, at: clock.wall())])
        fixture = try await fixture.reopened()
        let history = try #require(try await fixture.store.alert("a-1"))
        #expect(history.alert == alert)
        #expect(history.transitions.map(\.state) == [.active, .acknowledged, .cleared])
        #expect(history.transitions.map(\.by) == [nil, "li.wei", nil])
        #expect(history.transitions.map(\.at) == [0, 10, 15].map { start + .seconds($0) })
        #expect(try await fixture.store.cursor("scoring") == 17)
        #expect(try await fixture.store.alert("a-2") == nil)
    }

    @Test func anAcknowledgementByACommandSurvivesTheDaemonsNextUpdate() async throws {
        let fixture = try await Fixture()
        var alert = makeAlert("a-1", at: fixture.clock.wall())
        try await fixture.store.apply([.raise(alert)])
        #expect(try await !fixture.store.changedByOthers())
        let command = try StoreReader(directory: fixture.store.directory, clock: fixture.clock, logger: quietLogger)
        #expect(try await command.acknowledge("a-1", by: "wang.fang").state == .acknowledged)
        #expect(try await fixture.store.changedByOthers())
        #expect(try await !fixture.store.changedByOthers())
        // The rule knows nothing of it yet and writes its own view, then clears.
        alert.worstScore = 8
        try await fixture.store.apply([.update(alert, at: fixture.clock.wall())])
        #expect(try await fixture.store.alert("a-1")?.alert.state == .acknowledged)
        #expect(try await fixture.store.alert("a-1")?.alert.acknowledgedBy == "wang.fang")
        alert.state = .cleared
        alert.clearedAt = fixture.clock.wall()
        try await fixture.store.apply([.update(alert, at: fixture.clock.wall())])
        let stored = try #require(try await fixture.store.alert("a-1"))
        #expect(stored.alert.state == .cleared && stored.alert.acknowledgedBy == "wang.fang")
        #expect(stored.transitions.map(\.state) == [.active, .acknowledged, .cleared])
        #expect(try await !fixture.store.changedByOthers())
    }

    @Test func aSecondAcknowledgementChangesNothing() async throws {
        let fixture = try await Fixture()
        try await fixture.store.apply([.raise(makeAlert("a-1", at: fixture.clock.wall()))])
        _ = try await fixture.store.acknowledge("a-1", by: "first")
        #expect(try await fixture.store.acknowledge("a-1", by: "second").acknowledgedBy == "first")
        let error = await #expect(throws: StoreError.self) { try await fixture.store.acknowledge("a-9", by: "x") }
        #expect(error?.code == "store.not_found")
        #expect(try await fixture.store.alert("a-1")?.transitions.count == 2)
    }

    @Test func changesAreWrittenTogetherOrNotAtAll() async throws {
        let fixture = try await Fixture()
        try await fixture.store.apply([.raise(makeAlert("a-1", at: fixture.clock.wall()))])
        let error = await #expect(throws: StoreError.self) {
            try await fixture.store.apply([
                .cursor("scoring", 99), .enqueue(.alert, [1]), .raise(makeAlert("a-1", at: fixture.clock.wall())),
            ])
        }
        #expect(error?.code == "store.already_exists")
        #expect(try await fixture.store.cursor("scoring") == nil)
        #expect(try await fixture.store.nextBatch(rows: 10, bytes: 1_000).isEmpty)
        let numbers = try await fixture.store.apply([
            .cursor("scoring", 99), .enqueue(.alert, [1]), .enqueue(.alert, [2]),
        ])
        #expect(numbers == [0, 1, 2])
    }

    @Test func theFilterChoosesNewestFirst() async throws {
        let fixture = try await Fixture()
        let start = fixture.clock.wall()
        for index in 0..<6 {
            var alert = makeAlert("a-\(index)", at: start + .seconds(index))
            alert.asset = index % 2 == 0 ? "pump-7" : "press-3"
            if index >= 4 { alert.state = .cleared }
            try await fixture.store.apply([.raise(alert)])
        }
        _ = try await fixture.store.acknowledge("a-0", by: "x")
        func ids(_ filter: AlertFilter) async throws -> [String] { try await fixture.store.alerts(filter).map(\.id) }
        #expect(try await ids(AlertFilter()) == ["a-5", "a-4", "a-3", "a-2", "a-1", "a-0"])
        #expect(try await ids(AlertFilter(limit: 2)) == ["a-5", "a-4"])
        #expect(try await ids(AlertFilter(states: [.active, .acknowledged], asset: "pump-7")) == ["a-2", "a-0"])
        #expect(
            try await ids(AlertFilter(isUnacknowledged: true, raisedSince: start + .seconds(3))) == [
                "a-5", "a-4", "a-3",
            ])
        #expect(try await fixture.store.unacknowledgedAlerts().count == 5)
    }

    @Test func aDeliveryIsTriedUntilItIsDoneOrGivenUp() async throws {
        let fixture = try await Fixture()
        let (store, clock) = (fixture.store, fixture.clock)
        let new = ["mqtt", "webhook", "mail"].map {
            NewDelivery(alert: "a-1", channel: $0, event: "raised", body: [123, 125])
        }
        let ids = try await store.apply(new.map { .deliver($0) })
        #expect(try await store.dueDeliveries(limit: 10).map(\.channel) == ["mqtt", "webhook", "mail"])
        let later = clock.wall() + .seconds(30)
        try await store.apply([
            .delivery(ids[0], .sent), .delivery(ids[1], .failed(reason: "http 503", nextTry: later)),
            .delivery(ids[2], .givenUp(reason: "no such mailbox")),
        ])
        #expect(try await store.dueDeliveries(limit: 10).isEmpty)
        clock.advance(by: .seconds(31))
        let due = try await store.dueDeliveries(limit: 10)
        #expect(due.map(\.id) == [ids[1]] && due.first?.attempts == 1 && due.first?.reason == "http 503")
        #expect(due.first?.body == [123, 125])
        // A clock set back by years must not hold a message for years.
        clock.step(wallTo: WallTime(nanoseconds: 0))
        #expect(try await store.dueDeliveries(limit: 10).map(\.id) == [ids[1]])
        #expect(try await store.deliveries(alert: "a-1").map(\.state) == [.done, .pending, .givenUp])
        try await store.apply([.delivery(ids[0], .failed(reason: "late", nextTry: later))])
        #expect(try await store.deliveries(alert: "a-1").first?.state == .done)
    }
}
