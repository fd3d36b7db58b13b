internal import Plant
internal import SQLite
internal import Trust

extension Database {
    // MARK: Orders

    /// Beyond ``WriteOrder/maxWaiting`` an order is done without at once, and audited like any other.
    func order(_ tag: String, _ value: Double, by person: String, reason: String?) throws(StoreError) -> WriteOrder {
        let waiting = try integer("SELECT count(*) FROM orders WHERE state <> 'done'") ?? 0
        let now = clock.wall()
        let order = WriteOrder(
            id: try nextID(of: .orders), tag: tag, value: value, by: person, reason: reason, createdAt: now,
            expiresAt: now + WriteOrder.validity)
        try insert(.orders, order.columns)
        try run("DELETE FROM orders WHERE state = 'done' AND id <= ?", [.integer(order.id - WriteOrder.maxKept)])
        guard waiting >= Int64(WriteOrder.maxWaiting) else { return order }
        return try finish(order, WriteResult(outcome: "refused", detail: "\(waiting) orders wait already"))
    }

    func order(_ id: Int64) throws(StoreError) -> WriteOrder? {
        try row(of: .orders, "WHERE id=?", [.integer(id)], decode: WriteOrder.init)
    }

    /// Whether there is anything to take; cheap enough to be asked each few milliseconds.
    func hasOrders() throws(StoreError) -> Bool {
        try integer("SELECT id FROM orders WHERE state <> 'done' LIMIT 1") != nil
    }

    /// Takes what waits for execution; what is too old, or from a time that has not come, is done without.
    func takeOrders() throws(StoreError) -> [WriteOrder] {
        let now = clock.wall()
        var taken: [WriteOrder] = []
        for var order in try openOrders() where order.state == .waiting {
            guard order.createdAt <= now, now < order.expiresAt else {
                try finish(order, WriteResult(outcome: "expired", detail: "nobody took it in time"))
                continue
            }
            order.state = .taken
            try replace(.orders, order.columns)
            taken.append(order)
        }
        return taken
    }

    /// After a start: nothing that was ordered before is executed any more.
    func abandonOrders() throws(StoreError) {
        for order in try openOrders() {
            let result =
                order.state == .waiting
                ? WriteResult(outcome: "expired", detail: "the daemon did not run")
                : WriteResult(outcome: "unknown", detail: "the daemon ended while it was under way")
            try finish(order, result)
        }
    }

    func finishOrder(_ id: Int64, _ result: WriteResult) throws(StoreError) {
        guard let order = try order(id) else { throw .notFound(what: "order", id: "\(id)") }
        guard order.state != .done else { return }
        try finish(order, result)
    }

    /// Withdraws an order that nobody has taken.
    ///
    /// - Returns: the order as it is now.
    func withdraw(_ id: Int64) throws(StoreError) -> WriteOrder? {
        guard let order = try order(id), order.state == .waiting else { return try order(id) }
        return try finish(order, WriteResult(outcome: "expired", detail: "no daemon took it"))
    }

    private func openOrders() throws(StoreError) -> [WriteOrder] {
        try rows(of: .orders, "WHERE state <> 'done' ORDER BY id", [], decode: WriteOrder.init)
    }

    @discardableResult
    private func finish(_ order: WriteOrder, _ result: WriteResult) throws(StoreError) -> WriteOrder {
        var order = order
        order.state = .done
        (order.outcome, order.detail, order.old) = (result.outcome, result.detail, result.old)
        order.endedAt = clock.wall()
        try replace(.orders, order.columns)
        let reasons = [order.reason, result.detail].compactMap(\.self)
        try audit(
            AuditedAct(
                by: order.by, action: "write", subject: order.tag, new: order.value,
                reason: reasons.isEmpty ? nil : reasons.joined(separator: "; "), result: result))
        return order
    }

    // MARK: Audit

    /// Where the digest of the newest row is kept besides, so that a row cut off the end is missed.
    private static let headKey = "audit.head"

    func audit(_ act: AuditedAct) throws(StoreError) {
        var entry = AuditEntry(
            id: try nextID(of: .audit), at: clock.wall(), by: act.by, action: act.action, subject: act.subject,
            old: act.result.old, new: act.new, outcome: act.result.outcome, reason: act.reason, digest: "")
        entry.digest = try entry.digest(after: try value(Self.headKey) ?? "")
        try insert(.audit, entry.columns)
        try set(Self.headKey, entry.digest)
    }

    func auditEntries(before id: Int64, limit: Int) throws(StoreError) -> [AuditEntry] {
        try rows(
            of: .audit, "WHERE id<? ORDER BY id DESC LIMIT ?",
            [.integer(id), .integer(Int64(min(max(0, limit), Bound.rowsPerRead)))], decode: AuditEntry.init)
    }

    /// Follows the chain from its first row to its last.
    func verifyAudit() throws(StoreError) -> AuditVerdict {
        var (last, head, count): (Int64, String, Int) = (0, "", 0)
        while true {
            let page = try rows(
                of: .audit, "WHERE id>? ORDER BY id LIMIT 1000", [.integer(last)], decode: AuditEntry.init)
            if page.isEmpty { break }
            for entry in page {
                guard entry.id == last + 1 else {
                    return .broken(row: last + 1, reason: "it is missing, or its checksum is wrong")
                }
                guard try entry.digest(after: head) == entry.digest else {
                    return .broken(row: entry.id, reason: "it does not follow from the row before it")
                }
                (last, head, count) = (entry.id, entry.digest, count + 1)
            }
        }
        guard try value(Self.headKey) ?? "" == head else {
            return .broken(row: last + 1, reason: "rows at the end are missing")
        }
        return .intact(rows: count, head: head)
    }
}

extension WriteOrder {
    fileprivate init?(_ row: Statement) {
        guard let tag = row.text(at: 1), let by = row.text(at: 3), let state = row.text(at: 7).flatMap(State.init)
        else { return nil }
        self.init(
            id: row.int64(at: 0), tag: tag, value: row.double(at: 2), by: by, reason: row.text(at: 4),
            createdAt: WallTime(nanoseconds: row.int64(at: 5)), expiresAt: WallTime(nanoseconds: row.int64(at: 6)),
            state: state, outcome: row.text(at: 8), detail: row.text(at: 9), old: row.optionalDouble(at: 10),
            endedAt: row.optionalInt64(at: 11).map(WallTime.init(nanoseconds:)))
    }

    fileprivate var columns: [ColumnValue] {
        [
            .integer(id), .text(tag), .real(value), .text(by), .text(reason), .integer(createdAt.nanoseconds),
            .integer(expiresAt.nanoseconds), .text(state.rawValue), .text(outcome), .text(detail), .real(old),
            .integer(endedAt?.nanoseconds),
        ]
    }
}

extension AuditEntry {
    fileprivate init?(_ row: Statement) {
        guard let by = row.text(at: 2), let action = row.text(at: 3), let subject = row.text(at: 4),
            let outcome = row.text(at: 7), let digest = row.text(at: 9)
        else { return nil }
        self.init(
            id: row.int64(at: 0), at: WallTime(nanoseconds: row.int64(at: 1)), by: by, action: action,
            subject: subject, old: row.optionalDouble(at: 5), new: row.optionalDouble(at: 6), outcome: outcome,
            reason: row.text(at: 8), digest: digest)
    }

    fileprivate var columns: [ColumnValue] {
        [
            .integer(id), .integer(at.nanoseconds), .text(by), .text(action), .text(subject), .real(old), .real(new),
            .text(outcome), .text(reason), .text(digest),
        ]
    }

    /// Each field with its length before it, so that no two entries are the same bytes.
    fileprivate func digest(after previous: String) throws(StoreError) -> String {
        let fields = [
            previous, "\(id)", "\(at.nanoseconds)", by, action, subject, old.map { "\($0)" } ?? "",
            new.map { "\($0)" } ?? "", outcome, reason ?? "",
        ]
        let text = fields.map { "\($0.utf8.count):\($0)" }.joined()
        do { return try Digest(of: Array(text.utf8)).hex } catch {
            throw .file(operation: "SHA-256 of", path: "audit row \(id)", errno: 0)
        }
    }
}
