/// The first schema: devices, what they sent, what is missing of it, and published models.
///
/// `telemetry` holds one row a device and sequence number, which is what makes delivery exactly once. Devices have a small
/// number of their own, so that the key of a million rows does not repeat a name.
enum M0001_Initial {
    static let migration = Migration(
        number: 1,
        sql: """
            CREATE TABLE settings(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
            CREATE TABLE devices(
              number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, token_sha256 TEXT NOT NULL UNIQUE,
              created_ns INTEGER NOT NULL, seen_ns INTEGER, highest INTEGER NOT NULL DEFAULT 0,
              rows INTEGER NOT NULL DEFAULT 0) STRICT;
            CREATE TABLE telemetry(
              device INTEGER NOT NULL REFERENCES devices(number), sequence INTEGER NOT NULL CHECK(sequence > 0),
              kind TEXT NOT NULL, created TEXT NOT NULL, received_ns INTEGER NOT NULL, body TEXT NOT NULL,
              PRIMARY KEY(device, sequence)) STRICT, WITHOUT ROWID;
            CREATE TABLE gaps(
              device INTEGER NOT NULL REFERENCES devices(number), first INTEGER NOT NULL, last INTEGER NOT NULL,
              found_ns INTEGER NOT NULL, PRIMARY KEY(device, first)) STRICT, WITHOUT ROWID;
            CREATE TABLE alerts(
              device INTEGER NOT NULL REFERENCES devices(number), alert TEXT NOT NULL, sequence INTEGER NOT NULL,
              raised_at TEXT NOT NULL, state TEXT NOT NULL, severity TEXT NOT NULL, asset TEXT NOT NULL,
              received_ns INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY(device, alert)) STRICT, WITHOUT ROWID;
            CREATE INDEX alerts_by_arrival ON alerts(received_ns);
            CREATE TABLE models(
              pack TEXT PRIMARY KEY, version INTEGER NOT NULL, release INTEGER NOT NULL, digest TEXT NOT NULL,
              expires_ns INTEGER NOT NULL, published_ns INTEGER NOT NULL, envelope BLOB NOT NULL) STRICT;
            CREATE TABLE targets(
              pack TEXT NOT NULL, release INTEGER NOT NULL, digest TEXT NOT NULL, bytes INTEGER NOT NULL,
              published_ns INTEGER NOT NULL, PRIMARY KEY(pack, release)) STRICT;
            CREATE INDEX targets_by_digest ON targets(digest);
            """)
}
