/// Samples as records in chunks instead of a row each; texts.
///
/// `samples` of the first schema is emptied into `chunks` when the file is next opened and stays empty. `chunks` has no
/// checksum of its own: each record in it has one. The coarse index by tag and time, `blocks`, goes: nothing asked it.
enum M0002_Chunks {
    static let migration = Migration(
        number: 2,
        sql: """
            DROP TABLE blocks;
            CREATE TABLE chunks(id INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
            CREATE TABLE texts(sample_id INTEGER PRIMARY KEY, text TEXT NOT NULL, crc INTEGER NOT NULL) STRICT;
            """)
}
