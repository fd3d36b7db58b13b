internal import Plant
internal import SQLite

extension Database {
    /// Counted for each entry besides its body, so that a million empty entries are not free.
    private static let bytesPerRow: Int64 = 64
    /// Entries dropped at once when the outbox is over its bound.
    private static let rowsPerDrop: Int64 = 64

    func enqueue(_ kind: OutboxKind, _ body: [UInt8], limits: Limits) throws(StoreError) -> Int64 {
        var totals = try outboxTotals()
        let sequence = try nextID(of: .outbox)
        try insert(
            .outbox, [.integer(sequence), .integer(kind.rawValue), .blob(body), .integer(clock.wall().nanoseconds)])
        totals[kind, default: OutboxTotals()].rows += 1
        totals[kind, default: OutboxTotals()].bytes += Int64(body.count) + Self.bytesPerRow
        try shrink(&totals, to: limits)
        try write(totals)
        return sequence
    }

    /// Counts telemetry that could not be kept at all.
    func refuseOutboxEntry(_ body: [UInt8], reason: Gap.Reason) throws(StoreError) {
        var totals = try outboxTotals()
        totals[.telemetry, default: OutboxTotals()].droppedRows += 1
        totals[.telemetry, default: OutboxTotals()].droppedBytes += Int64(body.count)
        try write(totals)
        let now = clock.wall()
        try record(Gap(subject: "outbox", from: now, to: now, count: 1, reason: reason))
    }

    /// The oldest entries after `sequence`, as many as both limits allow, at least one if there is any.
    func outbox(after sequence: Int64, rows: Int, bytes: Int) throws(StoreError) -> [OutboxEntry] {
        var batch: [OutboxEntry] = []
        var total = 0
        var last = sequence
        while batch.count < rows {
            // Few at a time, so that a small byte limit does not read a large part of the outbox.
            let count = min(rows - batch.count, 64)
            var seen = 0
            let part = try self.rows(
                of: .outbox, "WHERE id>? ORDER BY id LIMIT ?", [.integer(last), .integer(Int64(count))],
                onVisit: { number in
                    seen += 1
                    last = max(last, number)
                }, decode: OutboxEntry.init)
            for entry in part {
                if !batch.isEmpty, total + entry.body.count > bytes { return batch }
                total += entry.body.count
                batch.append(entry)
            }
            if seen < count { break }
        }
        return batch
    }

    /// Removes what the registry has confirmed.
    func acknowledgeOutbox(through sequence: Int64) throws(StoreError) {
        var totals = try outboxTotals()
        for kind in OutboxKind.allCases {
            let bytes = try sumOfBytes("kind=? AND id<=?", [.integer(kind.rawValue), .integer(sequence)])
            guard bytes.rows > 0 else { continue }
            totals[kind, default: OutboxTotals()].rows -= bytes.rows
            totals[kind, default: OutboxTotals()].bytes -= bytes.bytes
        }
        try run("DELETE FROM outbox WHERE id<=?", [.integer(sequence)])
        try write(totals)
    }

    func outboxTotals() throws(StoreError) -> [OutboxKind: OutboxTotals] {
        let stored = try rows(of: .outboxTotals) { row in
            OutboxKind(rawValue: row.int64(at: 0)).map { kind in
                (
                    kind,
                    OutboxTotals(
                        rows: row.int64(at: 1), bytes: row.int64(at: 2), droppedRows: row.int64(at: 3),
                        droppedBytes: row.int64(at: 4))
                )
            }
        }
        var totals = Dictionary(stored) { $1 }
        for kind in OutboxKind.allCases where totals[kind] == nil {
            // A new file, or the row was damaged: count again.
            let counted = try sumOfBytes("kind=?", [.integer(kind.rawValue)])
            totals[kind] = OutboxTotals(rows: counted.rows, bytes: counted.bytes)
        }
        return totals
    }

    /// Counts what waits again, after rows have gone to quarantine.
    func recountOutbox() throws(StoreError) {
        var totals = try outboxTotals()
        for kind in OutboxKind.allCases {
            let counted = try sumOfBytes("kind=?", [.integer(kind.rawValue)])
            totals[kind, default: OutboxTotals()].rows = counted.rows
            totals[kind, default: OutboxTotals()].bytes = counted.bytes
        }
        try write(totals)
    }

    private func shrink(_ totals: inout [OutboxKind: OutboxTotals], to limits: Limits) throws(StoreError) {
        func rows() -> Int64 { totals.values.reduce(0) { $0 + $1.rows } }
        func bytes() -> Int64 { totals.values.reduce(0) { $0 + $1.bytes } }
        for kind in [OutboxKind.telemetry, .report, .alert] {
            while rows() > limits.outboxRows || bytes() > limits.outboxBytes, totals[kind]?.rows ?? 0 > 0 {
                let over = max(1, min(Self.rowsPerDrop, rows() - limits.outboxRows))
                try drop(kind, over, from: &totals)
            }
        }
    }

    private func drop(
        _ kind: OutboxKind, _ count: Int64, from totals: inout [OutboxKind: OutboxTotals]
    ) throws(StoreError) {
        let chosen = "id IN (SELECT id FROM outbox WHERE kind=? ORDER BY id LIMIT ?)"
        let values: [ColumnValue] = [.integer(kind.rawValue), .integer(count)]
        let dropped = try sumOfBytes(chosen, values)
        let from = try integer("SELECT min(created_ns) FROM outbox WHERE \(chosen)", values)
        let to = try integer("SELECT max(created_ns) FROM outbox WHERE \(chosen)", values)
        guard dropped.rows > 0, let from, let to else {
            totals[kind]?.rows = 0
            totals[kind]?.bytes = 0
            return
        }
        try run("DELETE FROM outbox WHERE \(chosen)", values)
        totals[kind]?.rows -= dropped.rows
        totals[kind]?.bytes -= dropped.bytes
        totals[kind]?.droppedRows += dropped.rows
        totals[kind]?.droppedBytes += dropped.bytes
        try record(
            Gap(
                subject: "outbox", from: WallTime(nanoseconds: from), to: WallTime(nanoseconds: to),
                count: dropped.rows, reason: .outboxFull))
    }

    private func sumOfBytes(
        _ condition: String, _ values: [ColumnValue]
    ) throws(StoreError) -> (rows: Int64, bytes: Int64) {
        let rows = try integer("SELECT count(*) FROM outbox WHERE \(condition)", values) ?? 0
        guard rows > 0 else { return (0, 0) }
        return (
            rows,
            try integer("SELECT sum(length(body)+\(Self.bytesPerRow)) FROM outbox WHERE \(condition)", values) ?? 0
        )
    }

    private func write(_ totals: [OutboxKind: OutboxTotals]) throws(StoreError) {
        for (kind, total) in totals {
            try replace(
                .outboxTotals,
                [
                    .integer(kind.rawValue), .integer(total.rows), .integer(total.bytes), .integer(total.droppedRows),
                    .integer(total.droppedBytes),
                ])
        }
    }
}

extension OutboxEntry {
    fileprivate init?(_ row: Statement) {
        guard let kind = OutboxKind(rawValue: row.int64(at: 1)), let body = row.blob(at: 2) else { return nil }
        self.init(
            sequence: row.int64(at: 0), kind: kind, body: body, created: WallTime(nanoseconds: row.int64(at: 3)))
    }
}
