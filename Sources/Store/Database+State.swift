internal import Plant
internal import SQLite

extension Database {
    /// Gaps of one subject and reason that lie closer together than this are kept as one.
    private static let gapJoinNanoseconds: Int64 = 60_000_000_000

    // MARK: Values by name

    func value(_ key: String) throws(StoreError) -> String? {
        try row(of: .state, "WHERE key=?", [.text(key)]) { $0.text(at: 2) }
    }

    func set(_ key: String, _ value: String?) throws(StoreError) {
        guard let value else { return try run("DELETE FROM state WHERE key=?", [.text(key)]) }
        let id = try id(of: .state, where: "key", is: key)
        try replace(.state, [.integer(id), .text(key), .text(value)])
    }

    func cursor(_ name: String) throws(StoreError) -> Int64? { try value("cursor.\(name)").flatMap { Int64($0) } }

    func setCursor(_ name: String, _ id: Int64) throws(StoreError) { try set("cursor.\(name)", String(id)) }

    // MARK: Gaps

    func record(_ gap: Gap) throws(StoreError) {
        let last = try rows(
            of: .gaps, "WHERE subject=? AND reason=? ORDER BY id DESC LIMIT 1",
            [.text(gap.subject), .text(gap.reason.rawValue)]
        ) { row in Gap(row).map { (row.int64(at: 0), $0) } }.first
        if let (id, last) = last, abs(gap.from.nanoseconds - last.to.nanoseconds) <= Self.gapJoinNanoseconds {
            var joined = last
            joined.from = min(last.from, gap.from)
            joined.to = max(last.to, gap.to)
            joined.count += gap.count
            return try replace(.gaps, joined.columns(id: id))
        }
        let id = try nextID(of: .gaps)
        try insert(.gaps, gap.columns(id: id))
        try run("DELETE FROM gaps WHERE id<=?", [.integer(id - Bound.gapRows)])
    }

    /// The newest gaps, oldest first.
    func gaps(limit: Int) throws(StoreError) -> [Gap] {
        try rows(of: .gaps, "ORDER BY id DESC LIMIT ?", [.integer(Int64(limit))], decode: Gap.init).reversed()
    }
}

extension Gap {
    fileprivate init?(_ row: Statement) {
        guard let subject = row.text(at: 1), let reason = row.text(at: 5).flatMap(Reason.init) else { return nil }
        self.init(
            subject: subject, from: WallTime(nanoseconds: row.int64(at: 2)),
            to: WallTime(nanoseconds: row.int64(at: 3)),
            count: row.int64(at: 4), reason: reason)
    }

    fileprivate func columns(id: Int64) -> [ColumnValue] {
        [
            .integer(id), .text(subject), .integer(from.nanoseconds), .integer(to.nanoseconds), .integer(count),
            .text(reason.rawValue),
        ]
    }
}
