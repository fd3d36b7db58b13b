/// The first schema: history, receipts, alerts, outbox, models and what the store keeps of itself.
///
/// Every table but `quarantine` carries the checksum of its row. `samples` has no index but its own order of arrival:
/// an index by tag and time costs thirteen times the time of an append (measured); `blocks` is built later, off the hot
/// path.
enum M0001_Initial {
    static let migration = Migration(
        number: 1,
        sql: """
            CREATE TABLE commits(
              id INTEGER PRIMARY KEY CHECK(id = 1), sequence INTEGER NOT NULL, last_sample INTEGER NOT NULL,
              crc INTEGER NOT NULL) STRICT;
            CREATE TABLE boots(
              id INTEGER PRIMARY KEY AUTOINCREMENT, boot TEXT NOT NULL, first_sample INTEGER NOT NULL,
              seen_ns INTEGER NOT NULL, crc INTEGER NOT NULL) STRICT;
            CREATE TABLE tags(
              id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, unit TEXT NOT NULL, samples INTEGER,
              rate_hertz REAL, declared_ns INTEGER NOT NULL, retired_ns INTEGER, crc INTEGER NOT NULL) STRICT;
            CREATE UNIQUE INDEX tags_by_name ON tags(name) WHERE retired_ns IS NULL;
            CREATE TABLE links(
              id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, crc INTEGER NOT NULL) STRICT;
            CREATE TABLE samples(
              id INTEGER PRIMARY KEY, tag INTEGER NOT NULL, source_ns INTEGER, arrival_ns INTEGER NOT NULL,
              monotonic_ns INTEGER NOT NULL, value REAL, quality INTEGER NOT NULL, crc INTEGER NOT NULL) STRICT;
            CREATE TABLE waveforms(
              sample_id INTEGER PRIMARY KEY, rate_hertz REAL NOT NULL, data BLOB NOT NULL,
              crc INTEGER NOT NULL) STRICT;
            CREATE TABLE receipts(
              id INTEGER PRIMARY KEY, data BLOB NOT NULL, crc INTEGER NOT NULL) STRICT;
            CREATE TABLE blocks(
              id INTEGER PRIMARY KEY, last_id INTEGER NOT NULL, from_ns INTEGER NOT NULL, to_ns INTEGER NOT NULL,
              tags BLOB NOT NULL, crc INTEGER NOT NULL) STRICT;
            CREATE TABLE alerts(
              id INTEGER PRIMARY KEY AUTOINCREMENT, alert TEXT NOT NULL UNIQUE, asset TEXT NOT NULL, code TEXT NOT NULL,
              severity TEXT NOT NULL, state TEXT NOT NULL, raised_ns INTEGER NOT NULL, acknowledged_ns INTEGER,
              acknowledged_by TEXT, cleared_ns INTEGER, score REAL, threshold REAL, worst_score REAL,
              features TEXT NOT NULL, model_digest TEXT NOT NULL, title_en TEXT NOT NULL, title_zh TEXT NOT NULL,
              cause_en TEXT NOT NULL, cause_zh TEXT NOT NULL, action_en TEXT NOT NULL, action_zh TEXT NOT NULL,
              crc INTEGER NOT NULL) STRICT;
            CREATE INDEX alerts_open ON alerts(id) WHERE acknowledged_ns IS NULL OR cleared_ns IS NULL;
            CREATE TABLE transitions(
              id INTEGER PRIMARY KEY AUTOINCREMENT, alert TEXT NOT NULL, state TEXT NOT NULL, at_ns INTEGER NOT NULL,
              by TEXT, score REAL, crc INTEGER NOT NULL) STRICT;
            CREATE INDEX transitions_by_alert ON transitions(alert, id);
            CREATE TABLE deliveries(
              id INTEGER PRIMARY KEY AUTOINCREMENT, alert TEXT NOT NULL, channel TEXT NOT NULL, event TEXT NOT NULL,
              body BLOB NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL, created_ns INTEGER NOT NULL,
              next_try_ns INTEGER NOT NULL, ended_ns INTEGER, reason TEXT, crc INTEGER NOT NULL) STRICT;
            CREATE INDEX deliveries_pending ON deliveries(id) WHERE state = 'pending';
            CREATE TABLE outbox(
              id INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL, body BLOB NOT NULL,
              created_ns INTEGER NOT NULL, crc INTEGER NOT NULL) STRICT;
            CREATE INDEX outbox_by_kind ON outbox(kind, id);
            CREATE TABLE outbox_totals(
              id INTEGER PRIMARY KEY, rows INTEGER NOT NULL, bytes INTEGER NOT NULL, dropped_rows INTEGER NOT NULL,
              dropped_bytes INTEGER NOT NULL, crc INTEGER NOT NULL) STRICT;
            CREATE TABLE models(
              id INTEGER PRIMARY KEY AUTOINCREMENT, digest TEXT NOT NULL, pack TEXT NOT NULL, version INTEGER NOT NULL,
              state TEXT NOT NULL, reason TEXT, file TEXT NOT NULL, envelope BLOB NOT NULL, bytes INTEGER NOT NULL,
              fetched_ns INTEGER NOT NULL, proved_ns INTEGER, activated_ns INTEGER, changed_ns INTEGER NOT NULL,
              crc INTEGER NOT NULL, UNIQUE(pack, digest)) STRICT;
            CREATE TABLE slots(
              id INTEGER PRIMARY KEY AUTOINCREMENT, pack TEXT NOT NULL UNIQUE, active TEXT, previous TEXT,
              switched_ns INTEGER NOT NULL, crc INTEGER NOT NULL) STRICT;
            CREATE TABLE state(
              id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, value TEXT NOT NULL,
              crc INTEGER NOT NULL) STRICT;
            CREATE TABLE gaps(
              id INTEGER PRIMARY KEY AUTOINCREMENT, subject TEXT NOT NULL, from_ns INTEGER NOT NULL,
              to_ns INTEGER NOT NULL, count INTEGER NOT NULL, reason TEXT NOT NULL, crc INTEGER NOT NULL) STRICT;
            CREATE TABLE quarantine(
              id INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL, row INTEGER NOT NULL,
              found_ns INTEGER NOT NULL, content TEXT NOT NULL) STRICT;
            """)
}
