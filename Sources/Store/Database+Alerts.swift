internal import Plant
internal import SQLite

extension Database {
    func raise(_ alert: Alert) throws(StoreError) -> Int64 {
        guard try number(ofAlert: alert.id) == nil else { throw .alreadyExists(what: "alert", id: alert.id) }
        let number = try nextID(of: .alerts)
        try insert(.alerts, alert.columns(id: number))
        try note(alert, at: alert.raisedAt, by: nil)
        return number
    }

    /// Writes an alert as its rule now sees it. What a person did meanwhile stays: an acknowledgement in the file is
    /// never taken back.
    func update(_ alert: Alert, at time: WallTime) throws(StoreError) -> Int64 {
        guard let (number, stored) = try find(alert.id) else { throw .notFound(what: "alert", id: alert.id) }
        var alert = alert
        if alert.acknowledgedAt == nil, let acknowledgedAt = stored.acknowledgedAt {
            alert.acknowledgedAt = acknowledgedAt
            alert.acknowledgedBy = stored.acknowledgedBy
            if alert.state == .active { alert.state = .acknowledged }
        }
        try replace(.alerts, alert.columns(id: number))
        if stored.acknowledgedAt == nil, alert.acknowledgedAt != nil, alert.state != .acknowledged {
            try note(alert, as: .acknowledged, at: alert.acknowledgedAt ?? time, by: alert.acknowledgedBy)
        }
        if stored.state != alert.state {
            try note(alert, at: time, by: alert.state == .acknowledged ? alert.acknowledgedBy : nil)
        }
        return number
    }

    /// Takes an alert on for somebody; an alert that is taken already stays as it is.
    func acknowledge(_ id: String, by person: String) throws(StoreError) -> Alert {
        guard let (number, stored) = try find(id) else { throw .notFound(what: "alert", id: id) }
        guard stored.acknowledgedAt == nil else { return stored }
        var alert = stored
        alert.acknowledgedAt = clock.wall()
        alert.acknowledgedBy = person
        if alert.state == .active { alert.state = .acknowledged }
        try replace(.alerts, alert.columns(id: number))
        try note(alert, as: .acknowledged, at: alert.acknowledgedAt ?? alert.raisedAt, by: person)
        return alert
    }

    func alert(_ id: String) throws(StoreError) -> AlertHistory? {
        guard let (_, alert) = try find(id) else { return nil }
        let transitions = try rows(
            of: .transitions, "WHERE alert=? ORDER BY id", [.text(id)], decode: AlertTransition.init)
        return AlertHistory(alert: alert, transitions: transitions)
    }

    func alerts(_ filter: AlertFilter) throws(StoreError) -> [Alert] {
        var conditions: [String] = []
        var values: [ColumnValue] = []
        if let states = filter.states {
            conditions.append("state IN (\(states.map { "'\($0.rawValue)'" }.sorted().joined(separator: ",")))")
        }
        if let asset = filter.asset {
            conditions.append("asset=?")
            values.append(.text(asset))
        }
        if filter.isUnacknowledged { conditions.append("acknowledged_ns IS NULL") }
        if let since = filter.raisedSince {
            conditions.append("raised_ns>=?")
            values.append(.integer(since.nanoseconds))
        }
        let condition = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        values.append(.integer(Int64(min(max(0, filter.limit), Bound.rowsPerRead))))
        return try rows(of: .alerts, "\(condition) ORDER BY id DESC LIMIT ?", values, decode: Alert.init)
    }

    private func find(_ id: String) throws(StoreError) -> (Int64, Alert)? {
        try row(of: .alerts, "WHERE alert=?", [.text(id)]) { row in Alert(row).map { (row.int64(at: 0), $0) } }
    }

    private func number(ofAlert id: String) throws(StoreError) -> Int64? {
        try integer("SELECT id FROM alerts WHERE alert=?", [.text(id)])
    }

    private func note(
        _ alert: Alert, as state: AlertState? = nil, at time: WallTime, by person: String?
    ) throws(StoreError) {
        try insert(
            .transitions,
            [
                .integer(try nextID(of: .transitions)), .text(alert.id), .text((state ?? alert.state).rawValue),
                .integer(time.nanoseconds), .text(person), .finite(alert.worstScore),
            ])
    }
}

extension AlertTransition {
    fileprivate init?(_ row: Statement) {
        guard let alert = row.text(at: 1), let state = row.text(at: 2).flatMap(AlertState.init) else { return nil }
        self.init(
            alert: alert, state: state, at: WallTime(nanoseconds: row.int64(at: 3)), by: row.text(at: 4),
            score: row.optionalDouble(at: 5))
    }
}
