internal import Plant
internal import SQLite

/// Each step may be entered again after a cut: doing it twice leaves the same rows.
extension Database {
    func recordFetched(_ fetched: FetchedModel) throws(StoreError) -> ModelRecord {
        guard ModelFiles.isDigest(fetched.digest) else { throw .notADigest(fetched.digest) }
        if let (_, known) = try find(fetched.digest, fetched.pack) { return known }
        let now = clock.wall()
        let record = ModelRecord(
            digest: fetched.digest, pack: fetched.pack, version: fetched.version, state: .fetched, reason: nil,
            file: ModelFiles.name(of: fetched.digest), envelope: fetched.envelope, bytes: fetched.bytes, fetchedAt: now,
            provedAt: nil, activatedAt: nil, changedAt: now)
        try write(record, as: try nextID(of: .models))
        return record
    }

    func markProved(_ digest: String, pack: String) throws(StoreError) {
        let (id, record) = try existing(digest, pack)
        switch record.state {
        case .fetched: try set(record, id, to: .proved)
        case .proved, .active, .previous: return
        case .refused: throw .modelState(digest: digest, expected: "fetched", found: record.state.rawValue)
        }
    }

    /// Makes a proved model the active one and keeps the one before it.
    func activate(_ digest: String, pack: String) throws(StoreError) -> ModelSlots {
        let (id, record) = try existing(digest, pack)
        let slots = try slots(pack) ?? ModelSlots(pack: pack, switchedAt: clock.wall())
        if slots.active == digest { return slots }
        guard record.state == .proved || record.state == .previous else {
            throw .modelState(digest: digest, expected: "proved", found: record.state.rawValue)
        }
        if let oldest = slots.previous, oldest != digest { try setState(of: oldest, pack, to: .proved) }
        if let active = slots.active { try setState(of: active, pack, to: .previous) }
        try set(record, id, to: .active)
        return try write(ModelSlots(pack: pack, active: digest, previous: slots.active, switchedAt: clock.wall()))
    }

    /// Goes back to the previous model; the one that was active is refused with the reason.
    func rollback(_ pack: String, reason: String) throws(StoreError) -> ModelSlots {
        guard let slots = try slots(pack), let previous = slots.previous else {
            throw .notFound(what: "previous model of pack", id: pack)
        }
        if let active = slots.active { try setState(of: active, pack, to: .refused, reason: reason) }
        let (id, record) = try existing(previous, pack)
        try set(record, id, to: .active)
        return try write(ModelSlots(pack: pack, active: previous, previous: nil, switchedAt: clock.wall()))
    }

    func refuse(_ digest: String, pack: String, reason: String) throws(StoreError) {
        let (id, record) = try existing(digest, pack)
        guard record.state != .active else {
            throw .modelState(digest: digest, expected: "not active", found: record.state.rawValue)
        }
        if var slots = try slots(pack), slots.previous == digest {
            slots.previous = nil
            _ = try write(slots)
        }
        try set(record, id, to: .refused, reason: reason)
    }

    /// Lets a refused model be proved and activated again, because a person says so.
    func reconsider(_ digest: String, pack: String) throws(StoreError) {
        let (id, record) = try existing(digest, pack)
        if record.state == .refused { try set(record, id, to: .fetched) }
    }

    /// Removes the record of a model that no slot names.
    func forget(_ digest: String, pack: String) throws(StoreError) {
        let (id, record) = try existing(digest, pack)
        if let slots = try slots(pack), slots.active == digest || slots.previous == digest {
            throw .modelState(digest: digest, expected: "in no slot", found: record.state.rawValue)
        }
        try delete(.models, id: id)
    }

    func slots() throws(StoreError) -> [ModelSlots] { try rows(of: .slots, "ORDER BY pack", decode: ModelSlots.init) }

    func models(pack: String?) throws(StoreError) -> [ModelRecord] {
        guard let pack else { return try rows(of: .models, "ORDER BY id", decode: ModelRecord.init) }
        return try rows(of: .models, "WHERE pack=? ORDER BY id", [.text(pack)], decode: ModelRecord.init)
    }

    func model(_ digest: String, pack: String) throws(StoreError) -> ModelRecord? { try find(digest, pack)?.1 }

    // MARK: Rows

    private func slots(_ pack: String) throws(StoreError) -> ModelSlots? {
        try row(of: .slots, "WHERE pack=?", [.text(pack)], decode: ModelSlots.init)
    }

    private func find(_ digest: String, _ pack: String) throws(StoreError) -> (Int64, ModelRecord)? {
        try row(of: .models, "WHERE pack=? AND digest=?", [.text(pack), .text(digest)]) { row in
            ModelRecord(row).map { (row.int64(at: 0), $0) }
        }
    }

    private func existing(_ digest: String, _ pack: String) throws(StoreError) -> (Int64, ModelRecord) {
        guard let found = try find(digest, pack) else { throw .notFound(what: "model", id: digest) }
        return found
    }

    /// For a model that only the slots name: its own row may have been damaged, which must not stop the switch.
    private func setState(
        of digest: String, _ pack: String, to state: ModelRecord.State, reason: String? = nil
    ) throws(StoreError) {
        guard let (id, record) = try find(digest, pack) else { return }
        try set(record, id, to: state, reason: reason)
    }

    private func set(
        _ record: ModelRecord, _ id: Int64, to state: ModelRecord.State, reason: String? = nil
    ) throws(StoreError) {
        var record = record
        let now = clock.wall()
        record.state = state
        record.reason = reason
        record.changedAt = now
        if state == .proved, record.provedAt == nil { record.provedAt = now }
        if state == .active { record.activatedAt = now }
        try write(record, as: id)
    }

    private func write(_ record: ModelRecord, as id: Int64) throws(StoreError) {
        try replace(
            .models,
            [
                .integer(id), .text(record.digest), .text(record.pack), .integer(record.version),
                .text(record.state.rawValue), .text(record.reason), .text(record.file), .blob(record.envelope),
                .integer(record.bytes), .integer(record.fetchedAt.nanoseconds), .integer(record.provedAt?.nanoseconds),
                .integer(record.activatedAt?.nanoseconds), .integer(record.changedAt.nanoseconds),
            ])
    }

    private func write(_ slots: ModelSlots) throws(StoreError) -> ModelSlots {
        let id = try id(of: .slots, where: "pack", is: slots.pack)
        try replace(
            .slots,
            [
                .integer(id), .text(slots.pack), .text(slots.active), .text(slots.previous),
                .integer(slots.switchedAt.nanoseconds),
            ])
        return slots
    }
}

extension ModelRecord {
    fileprivate init?(_ row: Statement) {
        guard let digest = row.text(at: 1), let pack = row.text(at: 2), let state = row.text(at: 4).flatMap(State.init),
            let file = row.text(at: 6), let envelope = row.blob(at: 7)
        else { return nil }
        func time(_ column: Int32) -> WallTime? { row.optionalInt64(at: column).map { WallTime(nanoseconds: $0) } }
        self.init(
            digest: digest, pack: pack, version: row.int64(at: 3), state: state, reason: row.text(at: 5), file: file,
            envelope: envelope, bytes: row.int64(at: 8), fetchedAt: WallTime(nanoseconds: row.int64(at: 9)),
            provedAt: time(10), activatedAt: time(11), changedAt: WallTime(nanoseconds: row.int64(at: 12)))
    }
}

extension ModelSlots {
    fileprivate init?(_ row: Statement) {
        guard let pack = row.text(at: 1) else { return nil }
        self.init(
            pack: pack, active: row.text(at: 2), previous: row.text(at: 3),
            switchedAt: WallTime(nanoseconds: row.int64(at: 4)))
    }
}
