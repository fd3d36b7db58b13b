package import Logging
package import Plant
internal import SQLite
import Threads

/// Looks into a store from a command, beside a daemon or without one. Reads only, but for what people decide:
/// an alert taken, a model taken back, a value to be written.
package actor StoreReader {
    nonisolated let executor = ThreadExecutor.required()
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    package nonisolated let directory: String
    /// The store's file itself.
    package nonisolated let file: String
    let database: Database
    let clock: any PlantClock
    let logger: Logger

    /// - Parameter place: folder of a store, or the file of a backup.
    /// - Throws: `.notFound` when there is no store, `.schema` when it is of another version than this program.
    package init(directory place: String, clock: any PlantClock, logger: Logger) throws(StoreError) {
        let isFile = Files.isFile(place)
        file = isFile ? place : Database.path(in: place)
        directory = isFile ? Files.directory(of: place) : place
        self.clock = clock
        self.logger = logger
        guard Files.size(file) != nil else { throw .notFound(what: "store in", id: place) }
        database = try Database(beside: file, access: .readOnly, clock: clock, logger: logger)
    }

    /// Number of the last sample that is durable; cheap enough to be asked each millisecond.
    package func lastSample() throws(StoreError) -> Int64 {
        try database.integer("SELECT last_sample FROM commits") ?? 0
    }

    package func tags() throws(StoreError) -> [String: (id: TagID, definition: TagDefinition)] {
        try database.refreshTags()
        return database.tags.inUse
    }

    package func samples(after id: Int64, limit: Int) throws(StoreError) -> SamplePage {
        try database.samples(after: id, limit: limit)
    }

    /// As ``Store/history(_:from:to:after:limit:)``.
    package func history(
        _ tag: TagID, from: WallTime, to: WallTime, after position: HistoryPosition? = nil, limit: Int
    ) throws(StoreError) -> HistoryPage {
        try database.history(tag, from: from, to: to, after: position, limit: limit)
    }

    /// As ``Store/rollups(_:_:from:to:)``.
    package func rollups(
        _ tag: TagID, _ width: RollupWidth, from: WallTime, to: WallTime
    ) throws(StoreError) -> [RollupBucket] {
        try database.rollups(tag, width, from: from, to: to)
    }

    /// Every tag that was ever declared, also those whose unit has changed since.
    package func tagRecords() throws(StoreError) -> [TagRecord] {
        try database.refreshTags()
        return database.tagRecords()
    }

    /// The newest sample of a tag; nil when there is none.
    package func latest(_ tag: TagID) throws(StoreError) -> StoredSample? {
        try database.latest(tag, depth: Int64(Bound.rowsPerRead))
    }

    package func alerts(_ filter: AlertFilter = AlertFilter()) throws(StoreError) -> [Alert] {
        try database.alerts(filter)
    }

    package func alert(_ id: String) throws(StoreError) -> AlertHistory? { try database.alert(id) }

    package func deliveries(alert: String) throws(StoreError) -> [Delivery] { try database.deliveries(ofAlert: alert) }

    package func slots() throws(StoreError) -> [ModelSlots] { try database.slots() }

    package func modelRecords(pack: String? = nil) throws(StoreError) -> [ModelRecord] {
        try database.models(pack: pack)
    }

    package func value(_ key: String) throws(StoreError) -> String? { try database.value(key) }

    package func gaps(limit: Int = 100) throws(StoreError) -> [Gap] { try database.gaps(limit: limit) }

    /// The last sequence number that the outbox has given; 0 before the first.
    package func outboxSequence() throws(StoreError) -> Int64 { try database.nextID(of: .outbox) - 1 }

    package func statistics() throws(StoreError) -> StoreStatistics {
        try database.statistics(directory: directory, counters: StoreCounters(), isShort: false)
    }

    /// What is wrong with the file's structure, empty when nothing is; reads the whole file.
    package func structureFaults() throws(StoreError) -> [String] {
        try database.sql { () throws(SQLiteError) in try database.connection.structureFaults() }
    }

    /// Takes an alert on for somebody; durable when it returns. A running daemon notices by
    /// ``Store/changedByOthers()``.
    package func acknowledge(_ alert: String, by person: String) throws(StoreError) -> Alert {
        let writer = try makeWriter()
        return try writer.transaction { () throws(StoreError) in try writer.acknowledge(alert, by: person) }
    }

    /// Goes back to a pack's previous model; a running daemon notices by ``Store/changedByOthers()``.
    package func rollback(pack: String, reason: String) throws(StoreError) -> ModelSlots {
        let writer = try makeWriter()
        return try writer.transaction { () throws(StoreError) in try writer.rollback(pack, reason: reason) }
    }

    /// Puts a value by name in the place of another, with its line in the audit; durable when it returns. A running daemon notices by
    /// ``Store/changedByOthers()``.
    ///
    /// - Returns: false, and nothing was done, when another value stands there than `old`: somebody was faster.
    package func replace(
        _ key: String, _ old: String?, by new: String?, act: AuditedAct
    ) throws(StoreError) -> Bool {
        let writer = try makeWriter()
        return try writer.transaction { () throws(StoreError) in
            guard try writer.value(key) == old else { return false }
            try writer.set(key, new)
            try writer.audit(act)
            return true
        }
    }

    func makeWriter() throws(StoreError) -> Database {
        try Database(beside: file, access: .readWrite, clock: clock, logger: logger)
    }
}
