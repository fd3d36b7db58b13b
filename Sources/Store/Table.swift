/// The tables whose rows carry a checksum. The first column is the row's number, the last one, not listed, is `crc`.
enum Table: String, CaseIterable {
    case commits, boots, tags, links, waveforms, texts, receipts
    /// Of the first schema; empty once the file has been opened.
    case samples
    case alerts, transitions, deliveries, outbox
    case outboxTotals = "outbox_totals"
    case models, slots, state, gaps
    case orders, audit
    case blocks, rollups, archive
    /// Files beside the store, carried by a backup; empty in a store that is in use.
    case files

    var columns: [String] {
        switch self {
        case .commits: ["id", "sequence", "last_sample"]
        case .boots: ["id", "boot", "first_sample", "seen_ns"]
        case .tags: ["id", "name", "unit", "samples", "rate_hertz", "declared_ns", "retired_ns"]
        case .links: ["id", "name"]
        case .samples: ["id", "tag", "source_ns", "arrival_ns", "monotonic_ns", "value", "quality"]
        case .waveforms: ["sample_id", "rate_hertz", "data"]
        case .receipts: ["id", "data"]
        case .texts: ["sample_id", "text"]
        case .alerts:
            [
                "id", "alert", "asset", "code", "severity", "state", "raised_ns", "acknowledged_ns", "acknowledged_by",
                "cleared_ns", "score", "threshold", "worst_score", "features", "model_digest", "title_en", "title_zh",
                "cause_en", "cause_zh", "action_en", "action_zh",
            ]
        case .transitions: ["id", "alert", "state", "at_ns", "by", "score"]
        case .deliveries:
            [
                "id", "alert", "channel", "event", "body", "state", "attempts", "created_ns", "next_try_ns", "ended_ns",
                "reason",
            ]
        case .outbox: ["id", "kind", "body", "created_ns"]
        case .outboxTotals: ["id", "rows", "bytes", "dropped_rows", "dropped_bytes"]
        case .models:
            [
                "id", "digest", "pack", "version", "state", "reason", "file", "envelope", "bytes", "fetched_ns",
                "proved_ns", "activated_ns", "changed_ns",
            ]
        case .slots: ["id", "pack", "active", "previous", "switched_ns"]
        case .state: ["id", "key", "value"]
        case .gaps: ["id", "subject", "from_ns", "to_ns", "count", "reason"]
        case .orders:
            [
                "id", "tag", "value", "by", "reason", "created_ns", "expires_ns", "state", "outcome", "detail", "old",
                "ended_ns",
            ]
        case .files: ["id", "name", "data"]
        case .audit: ["id", "at_ns", "by", "action", "subject", "old", "new", "outcome", "reason", "digest"]
        case .blocks:
            [
                "id", "tag", "from_ns", "to_ns", "arrived_ns", "first_number", "last_number", "samples", "bytes",
                "rolled",
            ]
        case .rollups: ["id", "tag", "minutes", "from_ns", "data"]
        case .archive: ["id", "number", "tag", "under_way", "samples", "blocks", "bytes", "rollup_bytes"]
        }
    }

    var key: String { columns[0] }

    /// `SELECT` of every column and the checksum; a `WHERE` may follow.
    var select: String { Self.selects[self, default: ""] }
    /// `INSERT` of a whole row with its checksum.
    var insert: String { Self.inserts[self, default: ""] }
    /// The same, leaving a row with that number as it is.
    var insertMissing: String { Self.insertsMissing[self, default: ""] }
    /// The same, in the place of the row with that number.
    var replace: String { Self.replaces[self, default: ""] }

    private static let selects = Dictionary(
        uniqueKeysWithValues: allCases.map { table in
            (table, "SELECT \((table.columns + ["crc"]).joined(separator: ",")) FROM \(table.rawValue)")
        })

    private static let inserts = texts(verb: "INSERT")
    private static let insertsMissing = texts(verb: "INSERT OR IGNORE")
    private static let replaces = texts(verb: "REPLACE")

    private static func texts(verb: String) -> [Table: String] {
        Dictionary(
            uniqueKeysWithValues: allCases.map { table in
                let columns = table.columns + ["crc"]
                let places = Array(repeating: "?", count: columns.count).joined(separator: ",")
                return (table, "\(verb) INTO \(table.rawValue)(\(columns.joined(separator: ","))) VALUES(\(places))")
            })
    }
}
