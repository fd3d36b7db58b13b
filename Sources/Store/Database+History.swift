internal import Plant
internal import SQLite

extension Database {
    /// Samples of one tag with a time in `from ..< to`, in the order of storing.
    func samples(tag: TagID, from: WallTime, to: WallTime, limit: Int) throws(StoreError) -> [StoredSample] {
        let limit = min(max(0, limit), Bound.rowsPerRead)
        let thisBoot = try firstSampleOfThisBoot()
        var found: [StoredSample] = []
        try eachRecord(from: 1, of: TagSelection([tag])) { (number, record) throws(StoreError) in
            guard found.count < limit else { return false }
            guard record.time >= from.nanoseconds, record.time < to.nanoseconds,
                let stored = record.stored(number: number, thisBoot: thisBoot)
            else { return true }
            try fill(stored, record.state.kind) { found.append($0) }
            return true
        }
        return found
    }
}
