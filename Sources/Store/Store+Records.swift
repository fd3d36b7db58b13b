package import Plant

/// Alerts, deliveries, outbox, models and small values; each write is one transaction.
extension Store {
    // MARK: Alerts

    /// Takes an alert on for somebody; one that is taken already is returned as it is.
    package func acknowledge(_ alert: String, by person: String) throws(StoreError) -> Alert {
        try write { (database) throws(StoreError) in try database.acknowledge(alert, by: person) }
    }

    package func alerts(_ filter: AlertFilter = AlertFilter()) throws(StoreError) -> [Alert] {
        try read { (database) throws(StoreError) in try database.alerts(filter) }
    }

    /// One alert with every step of its life, nil when there is none of that id.
    package func alert(_ id: String) throws(StoreError) -> AlertHistory? {
        try read { (database) throws(StoreError) in try database.alert(id) }
    }

    /// Alerts that nobody has taken, newest first.
    package func unacknowledgedAlerts() throws(StoreError) -> [Alert] {
        try alerts(AlertFilter(isUnacknowledged: true))
    }

    /// Alerts whose condition holds, or which nobody has taken.
    package func openAlerts() throws(StoreError) -> [Alert] {
        let holding = try alerts(AlertFilter(states: [.active, .acknowledged]))
        return holding + (try unacknowledgedAlerts().filter { $0.state == .cleared })
    }

    // MARK: Deliveries

    /// Messages about alerts whose time to be sent has come, oldest first.
    package func dueDeliveries(limit: Int) throws(StoreError) -> [Delivery] {
        let now = clock.wall()
        return try read { (database) throws(StoreError) in try database.deliveries(dueAt: now, limit: limit) }
    }

    /// Messages of one channel that still have to be sent, oldest first, whether or not their time has come.
    package func pendingDeliveries(channel: String, limit: Int) throws(StoreError) -> [Delivery] {
        try read { (database) throws(StoreError) in try database.deliveries(pendingOn: channel, limit: limit) }
    }

    package func deliveries(alert: String) throws(StoreError) -> [Delivery] {
        try read { (database) throws(StoreError) in try database.deliveries(ofAlert: alert) }
    }

    // MARK: Outbox

    /// Puts something in line to be sent upstream; over the bound the oldest telemetry goes, and a gap is recorded.
    ///
    /// - Returns: its sequence number.
    @discardableResult
    package func enqueue(_ kind: OutboxKind, _ body: [UInt8]) async throws(StoreError) -> Int64 {
        try await apply([.enqueue(kind, body)]).first ?? 0
    }

    /// The oldest entries after `sequence`, within both limits; one entry is returned even if it alone is over `bytes`.
    package func nextBatch(after sequence: Int64 = 0, rows: Int, bytes: Int) throws(StoreError) -> [OutboxEntry] {
        try read { (database) throws(StoreError) in try database.outbox(after: sequence, rows: rows, bytes: bytes) }
    }

    /// Removes what the registry has confirmed.
    package func confirmOutbox(through sequence: Int64) async throws(StoreError) {
        try await apply([.confirmOutbox(through: sequence)])
    }

    package func outboxTotals() throws(StoreError) -> [OutboxKind: OutboxTotals] {
        try read { (database) throws(StoreError) in try database.outboxTotals() }
    }

    // MARK: Small values

    package func value(_ key: String) throws(StoreError) -> String? {
        try read { (database) throws(StoreError) in try database.value(key) }
    }

    package func setValue(_ key: String, _ value: String?) async throws(StoreError) {
        try await apply([.value(key, value)])
    }

    /// Number of the last sample that the named reader is done with; nil before its first ``setCursor(_:_:)``.
    package func cursor(_ name: String) throws(StoreError) -> Int64? {
        try read { (database) throws(StoreError) in try database.cursor(name) }
    }

    package func setCursor(_ name: String, _ id: Int64) async throws(StoreError) {
        try await apply([.cursor(name, id)])
    }

    /// The newest gaps, oldest first.
    package func gaps(limit: Int = 100) throws(StoreError) -> [Gap] {
        try read { (database) throws(StoreError) in try database.gaps(limit: limit) }
    }
}
