internal import Logging
internal import Plant
internal import SQLite

/// What is known of a block without its data.
struct BlockHead: Hashable, Sendable {
    var id: Int64
    var tag: Int32
    /// Of the times that its samples are ordered by.
    var from: Int64
    var to: Int64
    /// When the newest of its samples arrived.
    var arrived: Int64
    var firstNumber: Int64
    var lastNumber: Int64
    var samples: Int64
    var bytes: Int64
    /// Whether its samples are in `rollups` as well; those of the others are added by who asks for rollups.
    var isRolled: Bool

    /// - Parameter samples: at least one, in the order of their numbers.
    init(id: Int64, tag: Int32, samples: [HistorySample], bytes: Int, isRolled: Bool) {
        self.id = id
        self.tag = tag
        let times = samples.lazy.map(\.time)
        (from, to) = (times.min() ?? 0, times.max() ?? 0)
        arrived = samples.lazy.map(\.arrival).max() ?? 0
        (firstNumber, lastNumber) = (samples.first?.number ?? 0, samples.last?.number ?? 0)
        self.samples = Int64(samples.count)
        self.bytes = Int64(bytes)
        self.isRolled = isRolled
    }

    init?(_ row: Statement) {
        guard let tag = Int32(exactly: row.int64(at: 1)) else { return nil }
        self.tag = tag
        (id, from, to, arrived) = (row.int64(at: 0), row.int64(at: 2), row.int64(at: 3), row.int64(at: 4))
        (firstNumber, lastNumber) = (row.int64(at: 5), row.int64(at: 6))
        (samples, bytes, isRolled) = (row.int64(at: 7), row.int64(at: 8), row.int64(at: 9) != 0)
    }

    var columns: [ColumnValue] {
        [id, Int64(tag), from, to, arrived, firstNumber, lastNumber, samples, bytes, isRolled ? 1 : 0]
            .map { .integer($0) }
    }
}

/// Where something damaged was met.
enum DamagedPlace: Hashable, Sendable {
    case row(Table, Int64)
    /// The data of a block.
    case block(Int64)
    case chunk(Int64)
}

/// Old samples: each row of `blocks` says what a block of one tag holds, the row of `packed` with its number holds it.
extension Database {
    /// - Parameter tail: what follows the table's name.
    func blocks(_ tail: String, _ values: [Int64] = []) throws(StoreError) -> [BlockHead] {
        try rows(of: .blocks, tail, values.map { .integer($0) }, decode: BlockHead.init)
    }

    /// What a block holds, in the order of the numbers; nothing of a damaged one, which is put aside.
    func unpack(_ block: BlockHead) throws(StoreError) -> [HistorySample] {
        let data = try packed(block.id)
        // First and last number show that these are the data of this block.
        if let data, let samples = try? HistoryCodec.decode(data), Int64(samples.count) == block.samples,
            samples.first?.number == block.firstNumber, samples.last?.number == block.lastNumber
        {
            return samples
        }
        try putAside(block, data)
        return []
    }

    private func packed(_ block: Int64) throws(StoreError) -> [UInt8]? {
        try sql { () throws(SQLiteError) in
            let statement = try connection.statement("SELECT data FROM packed WHERE block=?")
            defer { statement.reset() }
            try statement.bind(1, block)
            return try statement.step() ? statement.blob(at: 0) : nil
        }
    }

    func insert(_ block: BlockHead, _ data: [UInt8]) throws(StoreError) {
        try insert(.blocks, block.columns)
        try run("INSERT INTO packed(block, data) VALUES(?,?)", [.integer(block.id), .blob(data)])
    }

    func remove(_ block: BlockHead) throws(StoreError) {
        try delete(.blocks, id: block.id)
        try run("DELETE FROM packed WHERE block=?", [.integer(block.id)])
    }

    // MARK: Quarantine

    /// Takes out a block whose data are damaged, and records what is missing.
    private func putAside(_ block: BlockHead, _ data: [UInt8]?) throws(StoreError) {
        noteDamage(1)
        logger.error(
            "damaged block left out", metadata: ["block": "\(block.id)", "quarantined": "\(mayRepair)"])
        guard mayRepair else {
            foundDamage.insert(.block(block.id))
            return
        }
        try inTransaction { () throws(StoreError) in
            let content =
                "\(block)\ndata="
                + (data.map { DamagedRow.hex($0.prefix(DamagedRow.blobLimit)) } ?? "missing")
            try keepAside(source: Table.blocks.rawValue, row: block.id, content: content)
            try remove(block)
            try record(
                Gap(
                    subject: subject(tag: block.tag), from: WallTime(nanoseconds: block.from),
                    to: WallTime(nanoseconds: block.to), count: block.samples, reason: .damaged))
            try recountArchive()
        }
    }

    /// Records what goes with a damaged row of the history, as far as anything of it can be believed.
    func recordLoss(of row: DamagedRow) throws(StoreError) {
        let now = clock.wall()
        switch row.source {
        case Table.blocks.rawValue:
            // The data tell when samples are missing, but not of which tag.
            let samples = try packed(row.row).flatMap { try? HistoryCodec.decode($0) } ?? []
            let times = samples.map { WallTime(nanoseconds: $0.time) }
            try record(
                Gap(
                    subject: "samples", from: times.min() ?? now, to: times.max() ?? now,
                    count: Int64(max(1, samples.count)), reason: .damaged))
            try run("DELETE FROM packed WHERE block=?", [.integer(row.row)])
        case Table.rollups.rawValue:
            try record(Gap(subject: "rollups", from: now, to: now, count: 1, reason: .damaged))
        case "chunks":
            let count = try integer(
                "SELECT length(data) / \(SampleRecord.bytes) FROM chunks WHERE id=?", [.integer(row.row)])
            try record(Gap(subject: "samples", from: now, to: now, count: max(1, count ?? 1), reason: .damaged))
        default: break
        }
    }

    /// Looks once more at what another connection has met damaged, and puts it aside.
    func repair(_ places: Set<DamagedPlace>) throws(StoreError) {
        for place in places {
            switch place {
            case .row(let table, let id): _ = try rows(of: table, "WHERE \(table.key)=?", [.integer(id)]) { _ in true }
            case .block(let id):
                for block in try blocks("WHERE id=?", [id]) { _ = try unpack(block) }
            case .chunk(let id): try eachRecord(from: id) { (number, _) in number < id + Int64(Bound.samplesPerChunk) }
            }
        }
    }

    func subject(tag: Int32) -> String {
        "tag:" + (tags[TagID(rawValue: tag)]?.definition.name ?? "number \(tag)")
    }
}
