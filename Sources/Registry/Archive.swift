package import Plant
import SQLite
import Threads
package import Trust

/// The registry's reader: a connection of its own on a thread of its own, so that pages and exports never hold up a commit.
package actor Archive {
    /// Who a token belongs to.
    package enum Caller: Sendable, Hashable {
        case administrator
        case device(String)
    }

    package struct Device: Sendable, Hashable {
        package var id: String
        package var created: WallTime
        package var seen: WallTime?
        /// Highest sequence number; 0 before the first entry.
        package var highest: Int64
        package var rows: Int64
        /// Entries that the device dropped before they could be sent.
        package var missing: Int64
    }

    package struct Row: Sendable, Hashable {
        package var sequence: Int64
        package var kind: String
        package var created: String
        package var received: WallTime
        /// JSON.
        package var body: String
    }

    package struct StoredAlert: Sendable, Hashable {
        package var device: String
        package var alert: String
        package var asset: String
        package var severity: String
        package var state: String
        package var raisedAt: String
        package var received: WallTime
        /// The whole message, JSON.
        package var body: String
    }

    package struct Model: Sendable, Hashable {
        package var pack: String
        package var version: Int64
        package var release: Int64
        package var digest: String
        package var expires: WallTime
        package var published: WallTime
    }

    private let thread = ThreadExecutor.required()
    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
    private let directory: RegistryDirectory
    private var connection: Connection?

    package init(_ directory: RegistryDirectory) { self.directory = directory }

    /// Who may call with this token; nil for a token that nobody has.
    ///
    /// Found by digest: how long that takes says nothing of use about a token.
    package func caller(token: Token) throws(RegistryError) -> Caller? {
        let digest: Digest
        do { digest = try token.digest() } catch { throw .trust(error) }
        if let id = try rows("SELECT id FROM devices WHERE token_sha256=?", { $0.text(at: 0) }, [.text(digest.hex)])
            .first
        {
            return .device(id)
        }
        let admin = try rows(
            "SELECT 1 FROM settings WHERE key='admin_token_sha256' AND value=?", { $0.int64(at: 0) },
            [.text(digest.hex)])
        return admin.isEmpty ? nil : .administrator
    }

    package func devices() throws(RegistryError) -> [Device] {
        try rows(
            """
            SELECT id, created_ns, seen_ns, highest, rows,
              (SELECT coalesce(sum(last-first+1), 0) FROM gaps WHERE device=number) FROM devices ORDER BY id
            """, Device.init)
    }

    /// What a device sent, in the order of its numbers.
    ///
    /// - Throws: `.unknownDevice`.
    package func telemetry(device: String, after sequence: Int64, limit: Int) throws(RegistryError) -> [Row] {
        let number = try number(of: device)
        return try rows(
            """
            SELECT sequence, kind, created, received_ns, body FROM telemetry
            WHERE device=? AND sequence>? ORDER BY sequence LIMIT ?
            """, Row.init, [.integer(number), .integer(sequence), .integer(Int64(limit))])
    }

    /// Numbers that a device never sent, as closed ranges.
    package func gaps(device: String) throws(RegistryError) -> [ClosedRange<Int64>] {
        let number = try number(of: device)
        return try rows(
            "SELECT first, last FROM gaps WHERE device=? ORDER BY first",
            { row in row.int64(at: 0) <= row.int64(at: 1) ? row.int64(at: 0)...row.int64(at: 1) : nil },
            [.integer(number)])
    }

    /// Alerts as their devices told them last, newest word first.
    package func alerts(limit: Int) throws(RegistryError) -> [StoredAlert] {
        try rows(
            """
            SELECT id, alert, asset, severity, state, raised_at, received_ns, body FROM alerts
            JOIN devices ON number=device ORDER BY received_ns DESC, alert DESC LIMIT ?
            """, StoredAlert.init, [.integer(Int64(limit))])
    }

    package func models() throws(RegistryError) -> [Model] {
        try rows(
            "SELECT pack, version, release, digest, expires_ns, published_ns FROM models ORDER BY pack", Model.init)
    }

    /// The signed statement on a pack, byte for byte; nil when nothing was published.
    package func envelope(pack: String) throws(RegistryError) -> [UInt8]? {
        try rows("SELECT envelope FROM models WHERE pack=?", { $0.blob(at: 0) }, [.text(pack)]).first
    }

    /// The length of a published file; nil when it was never published.
    package func lengthBytes(of digest: Digest) throws(RegistryError) -> Int64? {
        try rows("SELECT bytes FROM targets WHERE digest=? LIMIT 1", { $0.int64(at: 0) }, [.text(digest.hex)]).first
    }

    private func number(of device: String) throws(RegistryError) -> Int64 {
        guard
            let number = try rows(
                "SELECT number FROM devices WHERE id=?", { $0.int64(at: 0) }, [.text(device)]
            ).first
        else { throw .unknownDevice(device) }
        return number
    }

    private enum Parameter {
        case integer(Int64)
        case text(String)
    }

    private func rows<Value>(
        _ sql: String, _ decode: (Statement) -> Value?, _ parameters: [Parameter] = []
    ) throws(RegistryError) -> [Value] {
        let database = try database()
        do throws(SQLiteError) {
            let statement = try database.statement(sql)
            for (index, parameter) in parameters.enumerated() {
                switch parameter {
                case .integer(let number): try statement.bind(Int32(index + 1), number)
                case .text(let text): try statement.bind(Int32(index + 1), text)
                }
            }
            var values: [Value] = []
            while try statement.step() { if let value = decode(statement) { values.append(value) } }
            return values
        } catch {
            if error.isInputOutput {
                connection?.close()
                connection = nil
            }
            throw RegistryError(error)
        }
    }

    private func database() throws(RegistryError) -> Connection {
        if let connection, connection.isOpen { return connection }
        let opened = try directory.open(access: .readWrite)
        do throws(SQLiteError) { try opened.pragma("query_only", "ON") } catch { throw RegistryError(error) }
        connection = opened
        return opened
    }
}

extension Archive.Device {
    fileprivate init?(_ row: Statement) {
        guard let id = row.text(at: 0) else { return nil }
        self.init(
            id: id, created: WallTime(nanoseconds: row.int64(at: 1)),
            seen: row.optionalInt64(at: 2).map { WallTime(nanoseconds: $0) }, highest: row.int64(at: 3),
            rows: row.int64(at: 4), missing: row.int64(at: 5))
    }
}

extension Archive.Row {
    fileprivate init?(_ row: Statement) {
        guard let kind = row.text(at: 1), let created = row.text(at: 2), let body = row.text(at: 4) else { return nil }
        self.init(
            sequence: row.int64(at: 0), kind: kind, created: created, received: WallTime(nanoseconds: row.int64(at: 3)),
            body: body)
    }
}

extension Archive.StoredAlert {
    fileprivate init?(_ row: Statement) {
        let texts = (Int32(0)...5).compactMap { row.text(at: $0) }
        guard texts.count == 6, let body = row.text(at: 7) else { return nil }
        self.init(
            device: texts[0], alert: texts[1], asset: texts[2], severity: texts[3], state: texts[4], raisedAt: texts[5],
            received: WallTime(nanoseconds: row.int64(at: 6)), body: body)
    }
}

extension Archive.Model {
    fileprivate init?(_ row: Statement) {
        guard let pack = row.text(at: 0), let digest = row.text(at: 3) else { return nil }
        self.init(
            pack: pack, version: row.int64(at: 1), release: row.int64(at: 2), digest: digest,
            expires: WallTime(nanoseconds: row.int64(at: 4)), published: WallTime(nanoseconds: row.int64(at: 5)))
    }
}
