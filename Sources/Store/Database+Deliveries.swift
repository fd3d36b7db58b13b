internal import Plant
internal import SQLite

extension Database {
    /// Deliveries due later than this from now were planned by a clock that has since been set back: they are due now.
    private static let farthestTry = Duration.seconds(86_400)
    /// Deliveries kept after they were done or given up; the oldest go first.
    private static let endedDeliveries: Int64 = 10_000

    func insert(_ delivery: NewDelivery) throws(StoreError) -> Int64 {
        let id = try nextID(of: .deliveries)
        let now = clock.wall()
        try write(
            Delivery(
                id: id, alert: delivery.alert, channel: delivery.channel, event: delivery.event, body: delivery.body,
                state: .pending, attempts: 0, created: now, nextTry: now, reason: nil), ended: nil)
        return id
    }

    func deliveries(dueAt now: WallTime, limit: Int) throws(StoreError) -> [Delivery] {
        try rows(
            of: .deliveries, "WHERE state='pending' AND (next_try_ns<=? OR next_try_ns>?) ORDER BY id LIMIT ?",
            [
                .integer(now.nanoseconds), .integer((now + Self.farthestTry).nanoseconds), .integer(Int64(limit)),
            ], decode: Delivery.init)
    }

    func deliveries(pendingOn channel: String, limit: Int) throws(StoreError) -> [Delivery] {
        try rows(
            of: .deliveries, "WHERE state='pending' AND channel=? ORDER BY id LIMIT ?",
            [.text(channel), .integer(Int64(limit))], decode: Delivery.init)
    }

    func deliveries(ofAlert id: String) throws(StoreError) -> [Delivery] {
        try rows(of: .deliveries, "WHERE alert=? ORDER BY id", [.text(id)], decode: Delivery.init)
    }

    /// Ends or delays a delivery and counts the attempt.
    func attempted(_ id: Int64, _ outcome: DeliveryOutcome) throws(StoreError) {
        guard var delivery = try row(of: .deliveries, "WHERE id=?", [.integer(id)], decode: Delivery.init) else {
            throw .notFound(what: "delivery", id: String(id))
        }
        guard delivery.state == .pending else { return }
        delivery.attempts += 1
        switch outcome {
        case .sent:
            delivery.state = .done
            delivery.reason = nil
        case .failed(let reason, let nextTry):
            delivery.reason = reason
            delivery.nextTry = nextTry
        case .givenUp(let reason):
            delivery.state = .givenUp
            delivery.reason = reason
        }
        try write(delivery, ended: delivery.state == .pending ? nil : clock.wall())
        if delivery.state != .pending {
            try run(
                "DELETE FROM deliveries WHERE id<=? AND state<>'pending'",
                [.integer(delivery.id - Self.endedDeliveries)])
        }
    }

    private func write(_ delivery: Delivery, ended: WallTime?) throws(StoreError) {
        try replace(
            .deliveries,
            [
                .integer(delivery.id), .text(delivery.alert), .text(delivery.channel), .text(delivery.event),
                .blob(delivery.body), .text(delivery.state.rawValue), .integer(Int64(delivery.attempts)),
                .integer(delivery.created.nanoseconds), .integer(delivery.nextTry.nanoseconds),
                .integer(ended?.nanoseconds), .text(delivery.reason),
            ])
    }
}

extension Delivery {
    fileprivate init?(_ row: Statement) {
        guard let alert = row.text(at: 1), let channel = row.text(at: 2), let event = row.text(at: 3),
            let body = row.blob(at: 4), let state = row.text(at: 5).flatMap(State.init)
        else { return nil }
        self.init(
            id: row.int64(at: 0), alert: alert, channel: channel, event: event, body: body, state: state,
            attempts: Int(row.int64(at: 6)), created: WallTime(nanoseconds: row.int64(at: 7)),
            nextTry: WallTime(nanoseconds: row.int64(at: 8)), reason: row.text(at: 10))
    }
}
