internal import Plant

/// Steps of a model's life on this box, each one transaction, each safe to enter again after a cut.
///
/// Order: the file is written and adopted by ``ModelFiles``, then `recordFetched`, the receipt is proved, `markProved`,
/// `activate`. Until `activate` has returned the old model is the active one; from then on the new one.
extension Store {
    /// - Returns: the record; an earlier one of the same digest and pack as it is, for example refused.
    @discardableResult
    package func recordFetched(_ model: FetchedModel) throws(StoreError) -> ModelRecord {
        try write { (database) throws(StoreError) in try database.recordFetched(model) }
    }

    /// - Throws: `.modelState` for a refused one.
    package func markProved(_ digest: String, pack: String) throws(StoreError) {
        try write { (database) throws(StoreError) in try database.markProved(digest, pack: pack) }
    }

    /// Makes a proved model the active one and keeps the one before it; the active one again changes nothing.
    ///
    /// - Throws: `.modelState` for one that is not proved.
    @discardableResult
    package func activate(_ digest: String, pack: String) throws(StoreError) -> ModelSlots {
        try write { (database) throws(StoreError) in try database.activate(digest, pack: pack) }
    }

    /// Goes back to the previous model; the one that was active is refused with the reason.
    ///
    /// - Throws: `.notFound` when there is no previous one; the active one then stays.
    @discardableResult
    package func rollback(pack: String, reason: String) throws(StoreError) -> ModelSlots {
        try write { (database) throws(StoreError) in try database.rollback(pack, reason: reason) }
    }

    /// - Throws: `.modelState` for the active one: roll back first.
    package func refuse(_ digest: String, pack: String, reason: String) throws(StoreError) {
        try write { (database) throws(StoreError) in try database.refuse(digest, pack: pack, reason: reason) }
    }

    /// Lets a refused model start again from `fetched`, because a person says so.
    package func reconsider(_ digest: String, pack: String) throws(StoreError) {
        try write { (database) throws(StoreError) in try database.reconsider(digest, pack: pack) }
    }

    /// Forgets models that no slot names beyond the newest `keeping` of each pack, and removes every file without a
    /// record.
    ///
    /// - Returns: names of the files removed.
    @discardableResult
    package func pruneModels(keeping: Int = 2) throws(StoreError) -> [String] {
        let kept = try write { (database) throws(StoreError) in
            let slots = try database.slots()
            let named = Set(slots.flatMap { [$0.active, $0.previous] }.compactMap { $0 })
            var spare: [String: Int] = [:]
            var kept = named
            for model in try database.models(pack: nil).reversed() where !named.contains(model.digest) {
                spare[model.pack, default: 0] += 1
                if spare[model.pack, default: 0] > keeping {
                    try database.forget(model.digest, pack: model.pack)
                } else {
                    kept.insert(model.digest)
                }
            }
            return kept
        }
        return try models.removeAll(except: kept)
    }

    /// The slots of every pack that has had a model.
    package func slots() throws(StoreError) -> [ModelSlots] {
        try read { (database) throws(StoreError) in try database.slots() }
    }

    /// Models in the order of fetching, of one pack or of all.
    package func modelRecords(pack: String? = nil) throws(StoreError) -> [ModelRecord] {
        try read { (database) throws(StoreError) in try database.models(pack: pack) }
    }

    package func modelRecord(_ digest: String, pack: String) throws(StoreError) -> ModelRecord? {
        try read { (database) throws(StoreError) in try database.model(digest, pack: pack) }
    }
}
