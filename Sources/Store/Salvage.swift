internal import Glibc
internal import Logging
internal import Plant
internal import SQLite

/// Makes a sound file out of one whose structure is damaged: rows whose checksum holds are copied, the damaged file is
/// kept aside for people to look at.
///
/// Of the history only the newest samples are copied, so that the box is back in seconds; the rest stays in the file
/// aside.
enum Salvage {
    /// The damaged file between the first rename and the end of the copying: when a start finds it, the copying begins
    /// again.
    private static func pendingPath(_ directory: String) -> String { "\(directory)/salvage.sqlite" }

    /// Up to 4 million samples: as long to copy as the samples that are not packed.
    private static let blockLimit = 1_000
    /// A day of a thousand tags.
    private static let rollupLimit = 25_000

    static func isPending(in directory: String) -> Bool { Files.size(pendingPath(directory)) != nil }

    /// Puts the file aside, unless it is aside already, and copies what is sound into a new one.
    static func run(in directory: String, clock: any PlantClock, logger: Logger) throws(StoreError) -> Database {
        let (path, pending) = (Database.path(in: directory), pendingPath(directory))
        if isPending(in: directory) {
            for suffix in ["", "-wal", "-shm"] { try Files.remove(path + suffix) }
        } else {
            if Files.size("\(path)-wal") != nil { try Files.rename("\(path)-wal", to: "\(pending)-wal") }
            try Files.remove("\(path)-shm")
            try Files.rename(path, to: pending)
        }
        try Files.syncDirectory(directory)
        let made = try Database(directory: directory, clock: clock, logger: logger)
        let copied = try made.transaction { () throws(StoreError) in try copyRows(from: pending, to: made) }
        try made.reload()
        try made.adoptRows()
        try keepAside(directory, at: clock.wall())
        logger.error(
            "the store was damaged and has been made anew; the damaged file is kept",
            metadata: ["directory": "\(directory)", "rows": "\(copied)"])
        return made
    }

    /// Only the newest damaged file is kept: it may be as large as the store.
    private static func keepAside(_ directory: String, at time: WallTime) throws(StoreError) {
        for name in try Files.names(in: directory) where name.hasPrefix("damaged-") {
            try Files.remove("\(directory)/\(name)")
        }
        let pending = pendingPath(directory)
        for suffix in ["-wal", "-shm"] { try Files.remove(pending + suffix) }
        try Files.rename(pending, to: "\(directory)/damaged-\(ISO8601.compact(time)).sqlite")
        try Files.syncDirectory(directory)
    }

    private static func copyRows(from path: String, to made: Database) throws(StoreError) -> Int {
        // A file that cannot even be opened gives nothing, and that is all that can be done.
        if let connection = try? Connection(path: path, access: .readWrite) {
            // Seen by connections that open the file after this one has closed it.
            try? SchemaCheck.repair(connection)
            connection.close()
        }
        guard let source = try? Connection(path: path, access: .readWrite) else { return 0 }
        defer { source.close() }
        var copied = 0
        for table in Table.allCases {
            let limit =
                switch table {
                case .samples, .waveforms, .texts: Bound.rowsPerRead
                case .blocks: blockLimit
                case .rollups: rollupLimit
                default: Int.max
                }
            // From both ends, so that one damaged page costs only its own rows.
            let down = try copy(table, "DESC", limit: limit, from: source, to: made)
            copied += down.rows
            if down.wasCut { copied += try copy(table, "ASC", limit: limit, from: source, to: made).rows }
        }
        copied += try copyChunks(from: source, to: made)
        try copyPacked(from: source, to: made)
        try copySequences(from: source, to: made)
        let now = made.clock.wall()
        try made.record(Gap(subject: "store", from: now, to: now, count: 1, reason: .damaged))
        return copied
    }

    private static func copy(
        _ table: Table, _ order: String, limit: Int, from source: Connection, to made: Database
    ) throws(StoreError) -> (rows: Int, wasCut: Bool) {
        let text = "\(table.select) ORDER BY \(table.key) \(order) LIMIT \(limit)"
        guard let rows = try? source.prepare(text) else { return (0, true) }
        let target = try made.sql { () throws(SQLiteError) in
            try made.connection.statement(table.insertMissing)
        }
        var count = 0
        while true {
            guard let isRow = try? rows.step() else { return (count, true) }
            guard isRow else { return (count, false) }
            guard rows.hasSoundChecksum(table) else { continue }
            try made.sql { () throws(SQLiteError) in
                try target.bindColumns(of: rows)
                try target.run()
            }
            count += 1
        }
    }

    /// Chunks with a sound record in them; their damaged ones are found when they are read.
    private static func copyChunks(from source: Connection, to made: Database) throws(StoreError) -> Int {
        var copied = 0
        for order in ["DESC", "ASC"] {
            guard let rows = try? source.prepare("SELECT id, data FROM chunks ORDER BY id \(order)") else { break }
            var samples = 0
            var wasCut = false
            while samples < Bound.rowsPerRead {
                guard let isRow = try? rows.step() else {
                    wasCut = true
                    break
                }
                guard isRow else { break }
                let chunk = rows.int64(at: 0)
                let sound = rows.withBytes(at: 1) { SampleRecord.sound($0, chunk: chunk) }
                guard sound > 0, let data = rows.blob(at: 1) else { continue }
                try made.run(
                    "INSERT OR IGNORE INTO chunks(id, data) VALUES(?,?)", [.integer(chunk), .blob(data)])
                samples += sound
            }
            copied += samples
            // The other end only where a damaged page ended the way from this one.
            if !wasCut { break }
        }
        return copied
    }

    /// The data of the blocks that were copied; a block without is found when it is read.
    private static func copyPacked(from source: Connection, to made: Database) throws(StoreError) {
        guard let row = try? source.prepare("SELECT data FROM packed WHERE block=?") else { return }
        for block in try made.blocks("") {
            row.reset()
            guard (try? row.bind(1, block.id)) != nil, (try? row.step()) == true, let data = row.blob(at: 0) else {
                continue
            }
            try made.run("INSERT OR IGNORE INTO packed(block, data) VALUES(?,?)", [.integer(block.id), .blob(data)])
        }
        try made.recountArchive()
    }

    /// Numbers given once must not be given again, also where the rows are gone: the registry knows the outbox by them.
    private static func copySequences(from source: Connection, to made: Database) throws(StoreError) {
        guard let rows = try? source.prepare("SELECT name, seq FROM sqlite_sequence") else { return }
        while (try? rows.step()) == true {
            guard let name = rows.text(at: 0), Table(rawValue: name) != nil else { continue }
            try made.run(
                "DELETE FROM sqlite_sequence WHERE name=? AND seq<?", [.text(name), .integer(rows.int64(at: 1))])
            try made.run(
                """
                INSERT INTO sqlite_sequence(name, seq) SELECT ?1, ?2
                WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name=?1)
                """, [.text(name), .integer(rows.int64(at: 1))])
        }
    }
}

extension Statement {
    /// Binds every column of another statement's row to the parameter at the same place.
    func bindColumns(of row: Statement) throws(SQLiteError) {
        for column in 0..<Int32(row.columnCount) {
            switch row.storage(at: column) {
            case .integer: try bind(column + 1, row.int64(at: column))
            case .real: try bind(column + 1, row.double(at: column))
            case .text: try bind(column + 1, row.text(at: column))
            case .blob: try bind(column + 1, row.blob(at: column))
            case .null: try bindNull(column + 1)
            }
        }
    }
}
