/// What a backup carries besides the tables: model files and those of ``StoreFolder``, so that one file is all that a restore needs.
enum M0005_Files {
    static let migration = Migration(
        number: 5,
        sql: """
            CREATE TABLE files(
              id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, data BLOB NOT NULL,
              crc INTEGER NOT NULL) STRICT;
            """)
}
