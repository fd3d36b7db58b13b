internal import Plant
internal import SQLite

/// How telemetry is taken by a commit.
enum Telemetry {
    case taken
    /// The disk is full: as much as the oldest samples make room for.
    case inPlaceOfOld
    case refused

    var less: Telemetry? {
        switch self {
        case .taken: .inPlaceOfOld
        case .inPlaceOfOld: .refused
        case .refused: nil
        }
    }
}

/// The order of what goes when the disk is full: the oldest samples give way to new ones, because a box that takes nothing
/// in raises no alert; where that makes no room new telemetry is refused; alerts and what people do go on.
///
/// Of the reserve, a half is for alerts alone; the log and the growth of the file for telemetry have a quarter each.
extension Store {
    /// Steps of retention in one commit: each drops up to 64 chunks in a few milliseconds.
    private static let dropsPerCommit = 16
    /// Part of the reserve that the log may take for telemetry.
    private static let logShare: Int64 = 4
    /// Part of the reserve below which the file does not grow for telemetry.
    private static let alertShare: Int64 = 2
    /// Part of the reserve at which the log is moved into the database.
    private static let checkpointShare: Int64 = 8
    /// Free pages that a commit takes for what is not telemetry: gaps, marks, inner pages of the tables.
    private static let pagesBesides: Int64 = 32

    /// Log pages at which the writer checkpoints while space is short.
    var shortLogPages: Int { Int(limits.reserveBytes / Self.checkpointShare / 4_096) }

    /// Moves the log into the database on this thread, while nobody writes.
    func moveLog(of database: Database) throws(SQLiteError) {
        let result = try database.connection.checkpoint(.passive)
        movedPages = result.isComplete ? database.connection.logPages : 0
    }

    private func pagesInLog(of database: Database) -> Int {
        database.connection.logPages == movedPages ? 0 : database.connection.logPages
    }

    /// Lets the oldest samples give way, in the open transaction, until there are free pages for the group's telemetry.
    ///
    /// - Returns: whether there is room now.
    func makeRoom(
        for group: [Request], in database: Database, _ dropped: inout Int64
    ) throws(StoreError) -> Bool {
        let bytes = group.reduce(0) { $0 + $1.telemetryBytes }
        if bytes == 0 { return true }
        if try hasRoomAgain(database) { return true }
        let pageBytes = max(512, try database.pragma("page_size"))
        guard Int64(pagesInLog(of: database)) * pageBytes <= limits.reserveBytes / Self.logShare else {
            return false
        }
        let room = min(
            Files.freeBytes(directory),
            (try database.pragma("max_page_count") - database.pragma("page_count")) * pageBytes)
        // Rows do not fill their pages, and they go through the log.
        if room - Int64(bytes) * 4 >= limits.reserveBytes / Self.alertShare + Self.pagesBesides * pageBytes {
            return true
        }
        let pages = Int64(bytes) * 2 / pageBytes + Self.pagesBesides
        for _ in 0..<Self.dropsPerCommit {
            if try database.pragma("freelist_count") >= pages { return true }
            guard let count = try database.dropOldest(unlessReadBy: readers) else { return false }
            dropped += count
        }
        return try database.pragma("freelist_count") >= pages
    }
}

extension Database {
    /// Drops a step of the oldest samples and records the gap.
    ///
    /// - Returns: how many; nil when there are none.
    func dropOldest(unlessReadBy readers: [String: Int64]) throws(StoreError) -> Int64? {
        guard let step = try nextToRetire(before: nil, after: .noRoom, maximumBytes: 0) else { return nil }
        var (from, to): (WallTime?, WallTime?)
        switch step {
        case .blocks(let blocks):
            from = blocks.map(\.from).min().map(WallTime.init(nanoseconds:))
            to = blocks.map(\.to).max().map(WallTime.init(nanoseconds:))
        case .chunks: from = try oldestArrival()
        }
        let count = try retire(step, unlessReadBy: readers, keepsRollups: false)
        if case .chunks = step { to = try oldestArrival() }
        let now = clock.wall()
        if count > 0 {
            try record(
                Gap(subject: "samples", from: from ?? now, to: to ?? now, count: count, reason: .diskFullOldest))
        }
        return count
    }

    private func oldestArrival() throws(StoreError) -> WallTime? {
        guard let oldest = try oldestRecent() else { return nil }
        var arrival: WallTime?
        try eachRecord(from: oldest) { (_, record) throws(StoreError) in
            arrival = WallTime(nanoseconds: record.arrival)
            return false
        }
        return arrival
    }
}

extension Store.Request {
    /// About what its telemetry takes in the file.
    var telemetryBytes: Int {
        switch work {
        case .batch(let batch):
            batch.samples.reduce(batch.receipts.count * ReceiptPacking.bytesPerReceipt) { $0 + $1.bytes }
        case .changes(let changes):
            changes.reduce(0) { sum, change in
                switch change {
                case .append(let samples): samples.reduce(sum) { $0 + $1.bytes }
                case .enqueue(.telemetry, let body): sum + body.count
                default: sum
                }
            }
        }
    }
}

extension Sample {
    fileprivate var bytes: Int {
        switch value {
        case .waveform(let values): SampleRecord.bytes + values.count * 4
        case .text(let text): SampleRecord.bytes + text.utf8.count
        case .number, .none: SampleRecord.bytes
        }
    }
}
