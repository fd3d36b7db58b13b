internal import Plant
internal import SQLite

/// A row of `rollups`: the minutes of an hour or the hours of a day of one tag.
struct RollupRow: Sendable {
    /// 0 for one that is not in the file yet.
    var id: Int64
    var tag: Int32
    var width: RollupWidth
    var from: Int64
    /// In the order of their starts.
    var buckets: [RollupBucket]
    /// Of what is in the file.
    var bytes: Int64

    /// The row that a time belongs to, without anything in it.
    init(tag: Int32, width: RollupWidth, from: Int64) {
        (id, self.tag, self.width, self.from, buckets, bytes) = (0, tag, width, from, [], 0)
    }

    init?(_ row: Statement) {
        guard let tag = Int32(exactly: row.int64(at: 1)), let width = RollupWidth(rawValue: row.int64(at: 2)),
            let data = row.blob(at: 4), let buckets = try? RollupCodec.decode(data)
        else { return nil }
        (id, self.tag, self.width, from) = (row.int64(at: 0), tag, width, row.int64(at: 3))
        self.buckets = buckets.map { RollupBucket(start: WallTime(nanoseconds: $0.start), rollup: $0.rollup) }
        bytes = Int64(data.count)
    }

    var data: [UInt8] { RollupCodec.encode(buckets.map { ($0.start.nanoseconds, $0.rollup) }) }

    /// Adds what came in after what is in it.
    mutating func merge(_ later: [(key: Int64, value: Rollup)]) {
        var merged = Dictionary(uniqueKeysWithValues: buckets.map { ($0.start.nanoseconds, $0.rollup) })
        for (start, rollup) in later { merged[start, default: Rollup()].merge(rollup) }
        buckets = merged.sorted { $0.key < $1.key }.map {
            RollupBucket(start: WallTime(nanoseconds: $0.key), rollup: $0.value)
        }
    }
}

extension Database {
    /// - Parameter tail: what follows the table's name.
    func rollupRows(_ tail: String, _ values: [Int64]) throws(StoreError) -> [RollupRow] {
        try rows(of: .rollups, tail, values.map { .integer($0) }, decode: RollupRow.init)
    }

    /// Puts a row in the place of what it was made from.
    ///
    /// - Returns: by how many bytes more it is.
    func write(_ row: RollupRow, _ data: [UInt8]) throws(StoreError) -> Int64 {
        let id = try row.id == 0 ? nextID(of: .rollups) : row.id
        try replace(
            .rollups,
            [
                .integer(id), .integer(Int64(row.tag)), .integer(row.width.rawValue), .integer(row.from), .blob(data),
            ])
        return Int64(data.count) - row.bytes
    }

    /// The rows that samples of a tag belong to, with them in it.
    func rolledUp(
        _ samples: [HistorySample], of tag: Int32, _ width: RollupWidth
    ) throws(StoreError) -> [(row: RollupRow, data: [UInt8])] {
        var rolled: [(row: RollupRow, data: [UInt8])] = []
        let rows = Dictionary(grouping: Rollup.buckets(of: samples, width)) {
            Rollup.start(of: $0.key, width: width.rowNanoseconds)
        }
        for (from, buckets) in rows.sorted(by: { $0.key < $1.key }) {
            let stored = try rollupRows(
                "WHERE tag=? AND minutes=? AND from_ns=?", [Int64(tag), width.rawValue, from]
            ).first { $0.tag == tag && $0.width == width && $0.from == from }
            var row = stored ?? RollupRow(tag: tag, width: width, from: from)
            row.merge(buckets)
            rolled.append((row, row.data))
        }
        return rolled
    }
}

extension Rollup {
    /// Each bucket of some samples, in the order of their numbers.
    static func buckets(of samples: [HistorySample], _ width: RollupWidth) -> [Int64: Rollup] {
        var buckets: [Int64: Rollup] = [:]
        var open: (start: Int64, rollup: Rollup)?
        for sample in samples {
            let start = Rollup.start(of: sample.time, width: width.nanoseconds)
            if open?.start != start {
                if let open { buckets[open.start] = open.rollup }
                open = (start, buckets[start] ?? Rollup())
            }
            open?.rollup.add(sample.goodValue, at: sample.time)
        }
        if let open { buckets[open.start] = open.rollup }
        return buckets
    }
}
