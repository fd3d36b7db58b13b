/// Samples packed by tag into blocks, their rollups, and how far the packing has come.
///
/// The indices are on tables that only the archiver writes, never on the hot one. A block's data lies apart from what
/// is known of it, so that a walk over the blocks reads no data.
enum M0004_History {
    static let migration = Migration(
        number: 4,
        sql: """
            CREATE TABLE blocks(
              id INTEGER PRIMARY KEY, tag INTEGER NOT NULL, from_ns INTEGER NOT NULL, to_ns INTEGER NOT NULL,
              arrived_ns INTEGER NOT NULL, first_number INTEGER NOT NULL, last_number INTEGER NOT NULL,
              samples INTEGER NOT NULL, bytes INTEGER NOT NULL, crc INTEGER NOT NULL) STRICT;
            CREATE INDEX blocks_by_time ON blocks(tag, from_ns, to_ns);
            CREATE INDEX blocks_by_number ON blocks(last_number, first_number);
            CREATE TABLE packed(block INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
            CREATE TABLE rollups(
              id INTEGER PRIMARY KEY, tag INTEGER NOT NULL, minutes INTEGER NOT NULL, from_ns INTEGER NOT NULL,
              data BLOB NOT NULL, crc INTEGER NOT NULL) STRICT;
            CREATE UNIQUE INDEX rollups_by_time ON rollups(tag, minutes, from_ns);
            CREATE INDEX rollups_by_age ON rollups(minutes, from_ns);
            CREATE TABLE archive(
              id INTEGER PRIMARY KEY CHECK(id = 1), number INTEGER NOT NULL, tag INTEGER NOT NULL,
              under_way INTEGER NOT NULL, samples INTEGER NOT NULL, blocks INTEGER NOT NULL, bytes INTEGER NOT NULL,
              rollup_bytes INTEGER NOT NULL, crc INTEGER NOT NULL) STRICT;
            """)
}
