internal import SQLite

/// One row, written in every transaction of the daemon: tells after a failed sync whether the last one landed, and
/// keeps sample numbers from being given twice when the newest samples are gone.
struct CommitMark: Equatable {
    var sequence: Int64
    /// Number of the last sample ever stored.
    var lastSample: Int64
}

extension Database {
    func readMark() throws(StoreError) -> CommitMark {
        let stored = try row(of: .commits, "WHERE id=1", []) { row in
            CommitMark(sequence: row.int64(at: 1), lastSample: row.int64(at: 2))
        }
        // Should the row be damaged, the newest sound samples tell; their numbers are checked, unlike max(id).
        let newest = try newestRecord() ?? 0
        let boot = try rows(of: .boots, "ORDER BY id DESC LIMIT 1") { $0.int64(at: 2) - 1 }
        let lastSample = max(stored?.lastSample ?? 0, newest, boot.max() ?? 0)
        return CommitMark(sequence: stored?.sequence ?? 0, lastSample: lastSample)
    }

    func writeMark() throws(StoreError) {
        try flushChunk()
        mark.sequence += 1
        try replace(.commits, [.integer(1), .integer(mark.sequence), .integer(mark.lastSample)])
    }
}
