import SQLite

/// Which blocks are in `rollups`: since then only those that are full, so that a row is not written anew with each run.
/// Those of before are, all of them.
enum M0006_Rolled {
    static let migration = Migration(
        number: 6,
        sql: """
            ALTER TABLE blocks ADD COLUMN rolled INTEGER NOT NULL DEFAULT 1;
            CREATE INDEX blocks_open ON blocks(tag, from_ns) WHERE rolled=0;
            """
    ) { (connection) throws(SQLiteError) in
        let before = ["id", "tag", "from_ns", "to_ns", "arrived_ns", "first_number", "last_number", "samples", "bytes"]
        let rows = try connection.prepare("SELECT \(before.joined(separator: ",")),rolled,crc FROM blocks")
        let update = try connection.prepare("UPDATE blocks SET crc=? WHERE id=?")
        while try rows.step() {
            let columns = Int32(before.count)
            var checksum = rows.checksum(.blocks, columns: columns)
            // What was damaged before stays so, and is found when it is read.
            guard rows.int64(at: columns + 1) == Int64(checksum.value) else { continue }
            checksum.add(rows.int64(at: columns))
            try update.bind(1, Int64(checksum.value))
            try update.bind(2, rows.int64(at: 0))
            try update.run()
        }
    }
}
