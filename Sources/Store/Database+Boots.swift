internal import Plant
internal import SQLite

extension Database {
    /// Notes that samples from here on carry the monotonic time of another run of the machine.
    func note(boot: String) throws(StoreError) {
        let last = try row(of: .boots, "ORDER BY id DESC LIMIT 1", []) { $0.text(at: 1) }
        guard last != boot else { return }
        try insert(
            .boots,
            [
                .integer(try nextID(of: .boots)), .text(boot), .integer(mark.lastSample + 1),
                .integer(clock.wall().nanoseconds),
            ])
    }

    /// The first transaction of a daemon.
    func begin(boot: String) throws(StoreError) {
        try transaction { () throws(StoreError) in
            try note(boot: boot)
            try writeMark()
        }
    }

    func firstSampleOfThisBoot() throws(StoreError) -> Int64 {
        try row(of: .boots, "ORDER BY id DESC LIMIT 1", []) { $0.int64(at: 2) } ?? 0
    }
}
