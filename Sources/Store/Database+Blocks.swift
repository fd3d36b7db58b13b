internal import Plant
internal import SQLite

/// A coarse index over history: for each run of 4,096 numbers the times and tags in it. Built off the hot path; what it
/// does not cover yet, or no longer, is simply read.
extension Database {
    private struct Block {
        var first: Int64
        var last: Int64
        var from: Int64
        var to: Int64
        var tags: Set<Int32>

        init?(_ row: Statement) {
            first = row.int64(at: 0)
            last = row.int64(at: 1)
            from = row.int64(at: 2)
            to = row.int64(at: 3)
            let tags: [Int32]? = row.withBytes(at: 4) { bytes in
                guard bytes.count % 4 == 0 else { return nil }
                return stride(from: 0, to: bytes.count, by: 4).map {
                    Int32(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: Int32.self))
                }
            }
            guard let tags, first <= last else { return nil }
            self.tags = Set(tags)
        }
    }

    private func lastIndexed() throws(StoreError) -> Int64 {
        let last = try row(of: .blocks, "ORDER BY id DESC LIMIT 1", []) { $0.int64(at: 1) }
        if let last { return last }
        return (try integer("SELECT min(id) FROM samples") ?? 1) - 1
    }

    func hasUnindexedBlock() throws(StoreError) -> Bool {
        try mark.lastSample - lastIndexed() >= Bound.rowsPerBlock
    }

    /// - Returns: whether a block was added.
    func indexNextBlock() throws(StoreError) -> Bool {
        let first = try lastIndexed() + 1
        let last = first + Bound.rowsPerBlock - 1
        guard last <= mark.lastSample else { return false }
        let (from, to) = (ColumnValue.integer(first), ColumnValue.integer(last))
        let time = "coalesce(source_ns, arrival_ns)"
        let earliest = try integer("SELECT min(\(time)) FROM samples WHERE id BETWEEN ? AND ?", [from, to])
        let latest = try integer("SELECT max(\(time)) FROM samples WHERE id BETWEEN ? AND ?", [from, to])
        var tags: [UInt8] = []
        try sql { () throws(SQLiteError) in
            let statement = try connection.statement(
                "SELECT DISTINCT tag FROM samples WHERE id BETWEEN ? AND ? ORDER BY tag")
            defer { statement.reset() }
            try statement.bind([from, to])
            while try statement.step() {
                withUnsafeBytes(of: Int32(truncatingIfNeeded: statement.int64(at: 0)).littleEndian) {
                    tags.append(contentsOf: $0)
                }
            }
        }
        try insert(.blocks, [from, to, .integer(earliest ?? 0), .integer(latest ?? 0), .blob(tags)])
        return true
    }

    /// Samples of one tag with a time in `from ..< to`, in the order of storing.
    func samples(tag: TagID, from: WallTime, to: WallTime, limit: Int) throws(StoreError) -> [StoredSample] {
        let limit = min(max(0, limit), Bound.rowsPerRead)
        let newest = try newestSample()
        var found: [StoredSample] = []
        var next: Int64 = 0
        func read(through last: Int64) throws(StoreError) {
            guard next <= last, found.count < limit else { return }
            found += try samples(tag: tag, in: next...last, from: from, to: to, limit: limit - found.count)
        }
        // A damaged block is left out here, so that its numbers are read like those that no block covers.
        for block in try rows(of: .blocks, "ORDER BY id", decode: Block.init) where block.first >= next {
            try read(through: block.first - 1)
            next = block.first
            if block.from < to.nanoseconds, block.to >= from.nanoseconds, block.tags.contains(tag.rawValue) {
                try read(through: block.last)
            }
            next = block.last + 1
            if found.count >= limit { break }
        }
        try read(through: newest)
        return found
    }

    private func samples(
        tag: TagID, in ids: ClosedRange<Int64>, from: WallTime, to: WallTime, limit: Int
    ) throws(StoreError) -> [StoredSample] {
        let thisBoot = try firstSampleOfThisBoot()
        let samples = try rows(
            of: .samples,
            """
            WHERE id BETWEEN ? AND ? AND tag=? AND coalesce(source_ns, arrival_ns)>=?
              AND coalesce(source_ns, arrival_ns)<? ORDER BY id LIMIT ?
            """,
            [
                .integer(ids.lowerBound), .integer(ids.upperBound), .integer(Int64(tag.rawValue)),
                .integer(from.nanoseconds), .integer(to.nanoseconds), .integer(Int64(limit)),
            ]
        ) { StoredSample($0, thisBoot: thisBoot) }
        return try withWaveforms(samples)
    }
}
