internal import Logging
internal import Plant
internal import SQLite

/// The open file behind a ``Store`` or a ``StoreReader``: transactions, checked rows, quarantine. Not thread-safe.
final class Database {
    static func path(in directory: String) -> String { "\(directory)/store.sqlite" }

    let connection: Connection
    let clock: any PlantClock
    let logger: Logger
    /// Whether damaged rows are moved to quarantine; a reader only leaves them out.
    let mayRepair: Bool
    /// Damaged rows found since the file was opened.
    private(set) var damagedRows = 0
    /// What the last commit was, and what the open transaction will make of it.
    var mark = CommitMark(sequence: 0, lastSample: 0)
    var tags = TagCache()
    /// By one that looks beside the store.
    var tagsSeen: TagsSeen?
    /// Where the store that declares them is in this process.
    let sharedTags: SharedTags?
    /// Messages stored for a link since its first, by link number; nothing kept over a rollback.
    var receiptTotals: [Int64: Int64] = [:]
    var links: [String: Int64] = [:]
    /// Samples of the open transaction that are not in the file yet.
    var openChunk = OpenChunk()
    /// Highest number of the blocks that the open transaction lets go.
    var retiredThrough: Int64?
    /// Archived samples that somebody reads by number just now.
    var windows: [NumberWindow] = []
    /// Of the tag that somebody is asking for page by page.
    var recentSamples: RecentSamples?
    /// The archiver's run, as it was last looked through.
    var run: ArchiveRun?
    /// What was met damaged and cannot be put aside by this connection.
    var foundDamage: Set<DamagedPlace> = []

    /// Opens the file for the daemon: makes it, migrates it, write-ahead log, full sync, no automatic checkpoint.
    init(directory: String, clock: any PlantClock, logger: Logger) throws(StoreError) {
        self.clock = clock
        self.logger = logger
        mayRepair = true
        sharedTags = nil
        connection = try Self.sql { () throws(SQLiteError) in
            try Connection(path: Self.path(in: directory), access: .create, busyTimeout: Self.busyTimeout)
        }
        // First, so that a file that is not ours is left as it is.
        let version = try Migrations.version(of: connection)
        try sql { () throws(SQLiteError) in
            // Only a file without tables takes this; it is what lets retention give space back.
            if version == 0 { try connection.pragma("auto_vacuum", "INCREMENTAL") }
            try connection.pragma("journal_mode", "WAL")
            try connection.pragma("synchronous", "FULL")
            try connection.pragma("secure_delete", "OFF")
            try connection.pragma("cache_size", Self.cacheKibibytes)
        }
        // Before the tables change, so that a damaged list of them is noticed.
        if version > 0, version < Migrations.newest { try SchemaCheck.run(on: self) }
        try Migrations.run(on: connection)
        try SchemaCheck.run(on: self)
        try sql { () throws(SQLiteError) in
            try connection.watchLog()
            _ = try connection.dataVersion()
        }
        try reload()
        try adoptRows()
    }

    /// Reads what is kept in memory, and looks at every row of the small tables: a damaged one that is only found by
    /// its name would otherwise be missed without a word.
    func reload() throws(StoreError) {
        mark = try readMark()
        try reloadTags()
        for table in [Table.boots, .links, .outboxTotals, .models, .slots, .state] {
            _ = try rows(of: table) { _ in true }
        }
        receiptTotals = [:]
        links = [:]
    }

    /// Opens a store's file beside a daemon, which alone migrates it.
    ///
    /// - Parameter tags: those of the store, where that is in this process.
    init(
        beside file: String, access: Connection.Access, tags: SharedTags? = nil, clock: any PlantClock, logger: Logger
    ) throws(StoreError) {
        self.clock = clock
        self.logger = logger
        mayRepair = false
        sharedTags = tags
        connection = try Self.sql { () throws(SQLiteError) in
            try Connection(path: file, access: access, busyTimeout: Self.busyTimeout)
        }
        let version = try Migrations.version(of: connection)
        guard version == Migrations.newest else {
            throw .schema(found: version, known: Migrations.newest, file: connection.file)
        }
        try sql { () throws(SQLiteError) in
            try connection.pragma("cache_size", Self.cacheKibibytes)
            if access == .readOnly {
                try connection.pragma("query_only", "ON")
            } else {
                try connection.pragma("synchronous", "FULL")
                try connection.watchLog()
            }
        }
        try refreshTags()
    }

    /// How long a statement waits for the lock of the other side: a commit takes milliseconds, a sync on a worn flash
    /// card up to seconds.
    private static let busyTimeout = Duration.seconds(10)

    /// Negative for KiB. Samples are only appended, and the kernel caches the file as well: half of what SQLite takes.
    private static let cacheKibibytes = "-1024"

    // MARK: Transactions

    /// Runs `body` in one transaction without the group commit's mark; used by writers beside the daemon.
    func transaction<Result>(_ body: () throws(StoreError) -> Result) throws(StoreError) -> Result {
        try sql { () throws(SQLiteError) in try connection.begin() }
        do throws(StoreError) {
            let result = try body()
            try sql { () throws(SQLiteError) in try connection.commit() }
            return result
        } catch {
            connection.rollback()
            openChunk.count = 0
            throw error
        }
    }

    /// As ``transaction(_:)``, in the open one where there is one.
    func inTransaction<Result>(_ body: () throws(StoreError) -> Result) throws(StoreError) -> Result {
        connection.isInTransaction ? try body() : try transaction(body)
    }

    /// Runs `body` so that all that it reads is of one moment, with the tags of it; only beside a daemon can there be several.
    func snapshot<Result>(_ body: () throws(StoreError) -> Result) throws(StoreError) -> Result {
        guard !mayRepair, !connection.isInTransaction else { return try body() }
        try sql { () throws(SQLiteError) in try connection.begin(.deferred) }
        defer { connection.rollback() }
        try refreshTags()
        return try body()
    }

    /// Runs `body` so that a throw undoes what it did, and no more.
    func savepoint<Result>(_ body: () throws(StoreError) -> Result) throws(StoreError) -> Result {
        try run("SAVEPOINT part")
        do throws(StoreError) {
            let result = try body()
            try run("RELEASE part")
            return result
        } catch {
            // After a full disk or a failed write SQLite has undone the whole transaction itself.
            if connection.isInTransaction {
                try run("ROLLBACK TO part")
                try run("RELEASE part")
            }
            throw error
        }
    }

    func sql<Result>(_ body: () throws(SQLiteError) -> Result) throws(StoreError) -> Result { try Self.sql(body) }

    private static func sql<Result>(_ body: () throws(SQLiteError) -> Result) throws(StoreError) -> Result {
        do throws(SQLiteError) { return try body() } catch { throw StoreError(error) }
    }

    func run(_ text: String, _ values: [ColumnValue] = []) throws(StoreError) {
        try sql { () throws(SQLiteError) in
            let statement = try connection.statement(text)
            try statement.bind(values)
            try statement.run()
        }
    }

    /// The first column of the first row as an integer, nil for no row or NULL.
    func integer(_ text: String, _ values: [ColumnValue] = []) throws(StoreError) -> Int64? {
        try sql { () throws(SQLiteError) in
            let statement = try connection.statement(text)
            defer { statement.reset() }
            try statement.bind(values)
            return try statement.step() ? statement.optionalInt64(at: 0) : nil
        }
    }

    // MARK: Rows

    /// Reads rows, leaves out and quarantines those whose checksum does not hold.
    ///
    /// - Parameter tail: what follows the table's name: `WHERE ... ORDER BY ... LIMIT ...`.
    /// - Parameter onVisit: called with the number of every row, sound or not.
    /// - Parameter decode: nil for a row that makes no sense although its checksum holds; it counts as damaged.
    func rows<Element>(
        of table: Table, _ tail: String = "", _ values: [ColumnValue] = [], onVisit: (Int64) -> Void = { _ in },
        decode: (Statement) -> Element?
    ) throws(StoreError) -> [Element] {
        var found: [Element] = []
        var damaged: [DamagedRow] = []
        try sql { () throws(SQLiteError) in
            let statement = try connection.statement(tail.isEmpty ? table.select : "\(table.select) \(tail)")
            defer { statement.reset() }
            try statement.bind(values)
            while try statement.step() {
                onVisit(statement.int64(at: 0))
                if statement.hasSoundChecksum(table), let element = decode(statement) {
                    found.append(element)
                } else {
                    damaged.append(DamagedRow(source: table.rawValue, row: statement))
                }
            }
        }
        try quarantine(damaged)
        return found
    }

    func row<Element>(
        of table: Table, _ tail: String, _ values: [ColumnValue], decode: (Statement) -> Element?
    ) throws(StoreError) -> Element? {
        try rows(of: table, tail, values, decode: decode).first
    }

    /// Appends a row; fails when its number is taken.
    func insert(_ table: Table, _ values: [ColumnValue]) throws(StoreError) { try write(table.insert, table, values) }

    /// Puts a whole row in the place of the one with the same number.
    func replace(_ table: Table, _ values: [ColumnValue]) throws(StoreError) { try write(table.replace, table, values) }

    private func write(_ text: String, _ table: Table, _ values: [ColumnValue]) throws(StoreError) {
        var checksum = RowChecksum(table: table.rawValue)
        for value in values { checksum.add(value) }
        try run(text, values + [.integer(Int64(checksum.value))])
    }

    func delete(_ table: Table, id: Int64) throws(StoreError) {
        try run("DELETE FROM \(table.rawValue) WHERE \(table.key)=?", [.integer(id)])
    }

    /// A number that no row of the table has had; for tables with AUTOINCREMENT.
    func nextID(of table: Table) throws(StoreError) -> Int64 {
        let given = try integer("SELECT seq FROM sqlite_sequence WHERE name=?", [.text(table.rawValue)]) ?? 0
        let largest = try integer("SELECT max(\(table.key)) FROM \(table.rawValue)") ?? 0
        return max(given, largest) + 1
    }

    /// The number of the row whose `column` holds `value`, a new one when there is none.
    func id(of table: Table, where column: String, is value: String) throws(StoreError) -> Int64 {
        let found = try integer("SELECT \(table.key) FROM \(table.rawValue) WHERE \(column)=?", [.text(value)])
        if let found { return found }
        return try nextID(of: table)
    }

    // MARK: Quarantine

    func noteDamage(_ count: Int) { damagedRows += count }

    /// Moves damaged rows out of their tables, so that they are reported once and never returned.
    func quarantine(_ damaged: [DamagedRow]) throws(StoreError) {
        guard !damaged.isEmpty else { return }
        noteDamage(damaged.count)
        for row in damaged {
            logger.error(
                "damaged row left out",
                metadata: ["table": "\(row.source)", "row": "\(row.row)", "quarantined": "\(mayRepair)"])
        }
        guard mayRepair else {
            for row in damaged {
                if let table = Table(rawValue: row.source) { foundDamage.insert(.row(table, row.row)) }
                if row.source == "chunks" { foundDamage.insert(.chunk(row.row)) }
            }
            return
        }
        try inTransaction { () throws(StoreError) in try move(damaged) }
    }

    private func move(_ damaged: [DamagedRow]) throws(StoreError) {
        for row in damaged {
            try keepAside(source: row.source, row: row.row, content: row.content)
            try recordLoss(of: row)
            try run("DELETE FROM \(row.source) WHERE rowid=?", [.integer(row.row)])
        }
        let sources = Set(damaged.map(\.source))
        if sources.contains(Table.outbox.rawValue) { try recountOutbox() }
        if !sources.isDisjoint(with: [Table.blocks, .rollups, .archive].map(\.rawValue)) { try recountArchive() }
    }

    /// Keeps what was found damaged for those who look into it.
    func keepAside(source: String, row: Int64, content: String) throws(StoreError) {
        try run(
            "INSERT INTO quarantine(source,row,found_ns,content) VALUES(?,?,?,?)",
            [.text(source), .integer(row), .integer(clock.wall().nanoseconds), .text(content)])
        try run(
            "DELETE FROM quarantine WHERE id <= (SELECT max(id) FROM quarantine) - ?", [.integer(Bound.quarantineRows)])
    }

    /// Rows ever moved to quarantine in this file.
    func quarantinedEver() throws(StoreError) -> Int64 {
        try integer("SELECT seq FROM sqlite_sequence WHERE name='quarantine'") ?? 0
    }
}
