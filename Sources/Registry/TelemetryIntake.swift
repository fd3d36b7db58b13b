import SQLite
import Trust

/// Puts the entries of one batch into an open transaction, and keeps the list of gaps.
final class TelemetryIntake {
    private let connection: Connection
    private let device: Int64
    private let received: Int64
    private(set) var inserted = 0

    init(connection: Connection, device: Int64, received: Int64) {
        self.connection = connection
        self.device = device
        self.received = received
    }

    /// - Returns: the number under which other content is stored already, nil when there is none.
    func store(_ entries: [TelemetryBatch.Entry]) throws(SQLiteError) -> Int64? {
        var highest = try integer("SELECT highest FROM devices WHERE number=?", [device]) ?? 0
        for entry in entries {
            let body = String(decoding: entry.body.bytes(), as: UTF8.self)
            guard try insert(entry, body: body) else {
                if try isSame(entry, body: body) { continue }
                return entry.sequence
            }
            inserted += 1
            if entry.sequence > highest {
                if entry.sequence > highest + 1 { try note(gap: highest + 1, entry.sequence - 1) }
                highest = entry.sequence
            } else {
                try fill(entry.sequence)
            }
            if entry.kind == "alert" { try keep(alert: entry, body: body) }
        }
        let statement = try connection.statement(
            "UPDATE devices SET highest=?, rows=rows+?, seen_ns=max(coalesce(seen_ns, 0), ?) WHERE number=?")
        try bind(statement, [highest, Int64(inserted), received, device])
        try statement.run()
        return nil
    }

    /// False when the number is taken.
    private func insert(_ entry: TelemetryBatch.Entry, body: String) throws(SQLiteError) -> Bool {
        let statement = try connection.statement(
            "INSERT OR IGNORE INTO telemetry(device, sequence, received_ns, kind, created, body) VALUES(?,?,?,?,?,?)")
        try bind(statement, [device, entry.sequence, received])
        try statement.bind(4, entry.kind)
        try statement.bind(5, entry.created)
        try statement.bind(6, body)
        try statement.run()
        return connection.changes == 1
    }

    private func isSame(_ entry: TelemetryBatch.Entry, body: String) throws(SQLiteError) -> Bool {
        let statement = try connection.statement(
            "SELECT 1 FROM telemetry WHERE device=? AND sequence=? AND kind=? AND created=? AND body=?")
        try bind(statement, [device, entry.sequence])
        try statement.bind(3, entry.kind)
        try statement.bind(4, entry.created)
        try statement.bind(5, body)
        defer { statement.reset() }
        return try statement.step()
    }

    // MARK: Gaps

    private func note(gap first: Int64, _ last: Int64) throws(SQLiteError) {
        let statement = try connection.statement("INSERT INTO gaps(device, first, last, found_ns) VALUES(?,?,?,?)")
        try bind(statement, [device, first, last, received])
        try statement.run()
    }

    /// An entry that was taken for dropped has come: its gap is cut in two.
    private func fill(_ sequence: Int64) throws(SQLiteError) {
        let covering = try connection.statement(
            "SELECT first, last FROM gaps WHERE device=? AND first<=? ORDER BY first DESC LIMIT 1")
        try bind(covering, [device, sequence])
        guard try covering.step() else { return }
        let (first, last) = (covering.int64(at: 0), covering.int64(at: 1))
        covering.reset()
        guard sequence <= last else { return }
        let removal = try connection.statement("DELETE FROM gaps WHERE device=? AND first=?")
        try bind(removal, [device, first])
        try removal.run()
        if first < sequence { try note(gap: first, sequence - 1) }
        if sequence < last { try note(gap: sequence + 1, last) }
    }

    // MARK: Alerts

    /// Keeps the newest word on each alert. A body without an alert's fields stays telemetry only.
    private func keep(alert entry: TelemetryBatch.Entry, body: String) throws(SQLiteError) {
        let fields = ["alert", "raised_at", "state", "severity", "asset"].map { entry.body[$0]?.stringValue }
        let known = fields.compactMap { $0 }
        guard known.count == fields.count else { return }
        let statement = try connection.statement(
            """
            INSERT INTO alerts(device, sequence, received_ns, alert, raised_at, state, severity, asset, body)
            VALUES(?,?,?,?,?,?,?,?,?)
            ON CONFLICT(device, alert) DO UPDATE SET sequence=excluded.sequence, received_ns=excluded.received_ns,
              raised_at=excluded.raised_at, state=excluded.state, severity=excluded.severity, asset=excluded.asset,
              body=excluded.body
            WHERE excluded.sequence > alerts.sequence
            """)
        try bind(statement, [device, entry.sequence, received])
        for (index, text) in (known + [body]).enumerated() { try statement.bind(Int32(4 + index), text) }
        try statement.run()
    }

    // MARK: Helpers

    private func bind(_ statement: Statement, _ numbers: [Int64]) throws(SQLiteError) {
        for (index, number) in numbers.enumerated() { try statement.bind(Int32(index + 1), number) }
    }

    private func integer(_ sql: String, _ numbers: [Int64]) throws(SQLiteError) -> Int64? {
        let statement = try connection.statement(sql)
        try bind(statement, numbers)
        defer { statement.reset() }
        return try statement.step() ? statement.int64(at: 0) : nil
    }
}
