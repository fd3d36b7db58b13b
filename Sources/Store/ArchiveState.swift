internal import Plant
internal import SQLite

/// How far the archiver has come, and what the archive holds: the one row of `archive`.
///
/// Records with numbers up to ``number`` of tags up to ``tag`` are in blocks. They may be in chunks as well until those
/// are removed, so whoever reads by tag begins in the chunks behind them, and whoever reads by number takes what is in
/// the chunks from there.
struct ArchiveState: Equatable, Sendable {
    /// Tag of a run that is done.
    static let everyTag = Int32.max

    var number: Int64 = 0
    var tag = everyTag
    /// Samples that are in blocks and count among those in chunks as well, while a run is under way.
    var underWay: Int64 = 0
    var samples: Int64 = 0
    var blocks: Int64 = 0
    var bytes: Int64 = 0
    var rollupBytes: Int64 = 0

    /// Number from which on the records of a tag count that are in chunks.
    func firstInChunks(of tag: TagID) -> Int64 { tag.rawValue <= self.tag ? number + 1 : 1 }

    mutating func add(_ block: BlockHead) {
        samples += block.samples
        blocks += 1
        bytes += block.bytes
    }

    mutating func remove(_ block: BlockHead) {
        samples -= block.samples
        blocks -= 1
        bytes -= block.bytes
    }
}

extension Database {
    func archiveState() throws(StoreError) -> ArchiveState {
        let stored = try row(of: .archive, "WHERE id=1", []) { row -> ArchiveState? in
            guard let tag = Int32(exactly: row.int64(at: 2)) else { return nil }
            return ArchiveState(
                number: row.int64(at: 1), tag: tag, underWay: row.int64(at: 3), samples: row.int64(at: 4),
                blocks: row.int64(at: 5), bytes: row.int64(at: 6), rollupBytes: row.int64(at: 7))
        }
        if let stored { return stored }
        return try recounted(try archivePlace())
    }

    func write(_ state: ArchiveState) throws(StoreError) {
        try replace(
            .archive,
            [
                .integer(1), .integer(state.number), .integer(Int64(state.tag)), .integer(state.underWay),
                .integer(state.samples), .integer(state.blocks), .integer(state.bytes), .integer(state.rollupBytes),
            ])
    }

    /// After blocks or rollups have gone otherwise than by the archiver and retention.
    func recountArchive() throws(StoreError) { try write(try recounted(try archiveState())) }

    private func recounted(_ state: ArchiveState) throws(StoreError) -> ArchiveState {
        var state = state
        state.underWay = 0
        if state.tag != ArchiveState.everyTag, let oldest = try oldestRecent() {
            for block in try blocks("WHERE last_number>=?", [oldest]) {
                state.underWay += Int64(try unpack(block).count { $0.number >= oldest })
            }
        }
        state.samples = try integer("SELECT sum(samples) FROM blocks") ?? 0
        state.blocks = try integer("SELECT count(*) FROM blocks") ?? 0
        state.bytes = try integer("SELECT sum(bytes) FROM blocks") ?? 0
        state.rollupBytes = try integer("SELECT sum(length(data)) FROM rollups") ?? 0
        return state
    }

    /// What the row would say, told by blocks and chunks: a run is under way where blocks hold what chunks still hold.
    private func archivePlace() throws(StoreError) -> ArchiveState {
        guard let oldest = try oldestRecent() else {
            return ArchiveState(number: try integer("SELECT max(last_number) FROM blocks") ?? 0)
        }
        guard let last = try integer("SELECT max(last_number) FROM blocks WHERE last_number>=?", [.integer(oldest)])
        else { return ArchiveState(number: oldest - 1) }
        let tag = try integer("SELECT max(tag) FROM blocks WHERE last_number>=?", [.integer(oldest)]) ?? 0
        let end = try integer(
            "SELECT id + length(data) / \(SampleRecord.bytes) - 1 FROM chunks WHERE id<=? ORDER BY id DESC LIMIT 1",
            [.integer(last)])
        return ArchiveState(number: end ?? last, tag: Int32(clamping: tag))
    }
}
