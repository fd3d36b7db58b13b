/// Writes to the field: what somebody has ordered, and the chained record of what became of it.
///
/// No row of `audit` is ever changed or removed: each carries the digest of itself and of the row before it.
enum M0003_Audit {
    static let migration = Migration(
        number: 3,
        sql: """
            CREATE TABLE orders(
              id INTEGER PRIMARY KEY AUTOINCREMENT, tag TEXT NOT NULL, value REAL NOT NULL, by TEXT NOT NULL,
              reason TEXT, created_ns INTEGER NOT NULL, expires_ns INTEGER NOT NULL, state TEXT NOT NULL,
              outcome TEXT, detail TEXT, old REAL, ended_ns INTEGER, crc INTEGER NOT NULL) STRICT;
            CREATE INDEX orders_open ON orders(id) WHERE state <> 'done';
            CREATE TABLE audit(
              id INTEGER PRIMARY KEY AUTOINCREMENT, at_ns INTEGER NOT NULL, by TEXT NOT NULL, action TEXT NOT NULL,
              subject TEXT NOT NULL, old REAL, new REAL, outcome TEXT NOT NULL, reason TEXT, digest TEXT NOT NULL,
              crc INTEGER NOT NULL) STRICT;
            """)
}
