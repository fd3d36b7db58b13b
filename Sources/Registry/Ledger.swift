package import Plant
import SQLite
import Threads
import Trust

/// The registry's writer: one connection on a thread of its own.
///
/// Batches that arrive while one transaction is being synced share the next one (group commit). What has been returned
/// is durable. After a failed sync the connection is closed and opened anew, so that nothing is built on pages that may
/// never have reached the disk.
package actor Ledger {
    /// What a device is told about a batch.
    package struct Receipt: Sendable, Hashable {
        /// Every entry up to this number that the device still had is durable here.
        package var storedThrough: Int64
        package var inserted: Int
        /// Entries that were here already, with the same content.
        package var repeated: Int

        package init(storedThrough: Int64, inserted: Int, repeated: Int) {
            self.storedThrough = storedThrough
            self.inserted = inserted
            self.repeated = repeated
        }
    }

    private struct Waiting {
        var batch: TelemetryBatch
        var device: Int64
        var deviceID: String
        var received: WallTime
        var caller: CheckedContinuation<Result<Receipt, RegistryError>, Never>?
    }

    private let thread = ThreadExecutor.required()
    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
    private let directory: RegistryDirectory
    private var connection: Connection?
    private var followers: [Waiting] = []
    private var hasLeader = false

    /// Entries in one transaction; more wait for the next.
    private static let entriesPerCommit = 20_000

    package init(_ directory: RegistryDirectory) { self.directory = directory }

    /// Opens the database now, so that a start shows what is wrong with it.
    package func open() throws(RegistryError) { _ = try database() }

    package func close() {
        connection?.close()
        connection = nil
    }

    // MARK: Telemetry

    /// Stores a batch; returns when it is durable.
    ///
    /// - Throws: `.unknownDevice`; `.sequenceConflict`, with nothing of the batch stored; `.database`.
    package func store(
        _ batch: TelemetryBatch, from device: String, at received: WallTime
    ) async throws(RegistryError) -> Receipt {
        let number = try number(of: device)
        var own = Waiting(batch: batch, device: number, deviceID: device, received: received)
        if hasLeader {
            let result = await withCheckedContinuation { caller in
                own.caller = caller
                followers.append(own)
            }
            return try result.get()
        }
        hasLeader = true
        // Whatever waits for this thread already joins before the commit.
        await Task.yield()
        var group = [own]
        var entries = batch.entries.count
        while let next = followers.first, entries + next.batch.entries.count <= Self.entriesPerCommit {
            entries += next.batch.entries.count
            group.append(followers.removeFirst())
        }
        let late = followers
        followers = []
        hasLeader = false
        let results = commit(group) + late.flatMap { commit([$0]) }
        for (waiting, result) in zip(group + late, results) { waiting.caller?.resume(returning: result) }
        return try results[0].get()
    }

    private func commit(_ group: [Waiting]) -> [Result<Receipt, RegistryError>] {
        do throws(RegistryError) {
            let database = try database()
            return try transaction(database) { () throws(SQLiteError) in
                var results: [Result<Receipt, RegistryError>] = []
                for waiting in group { results.append(try attempt(waiting, database)) }
                return results
            }
        } catch {
            return group.map { _ in .failure(error) }
        }
    }

    /// One batch within the transaction: all of it or nothing, without touching the others.
    private func attempt(
        _ waiting: Waiting, _ database: Connection
    ) throws(SQLiteError) -> Result<Receipt, RegistryError> {
        try database.run("SAVEPOINT batch")
        let intake = TelemetryIntake(
            connection: database, device: waiting.device, received: waiting.received.nanoseconds)
        if let conflict = try intake.store(waiting.batch.entries) {
            try database.run("ROLLBACK TO batch")
            try database.run("RELEASE batch")
            return .failure(.sequenceConflict(device: waiting.deviceID, sequence: conflict))
        }
        try database.run("RELEASE batch")
        return .success(
            Receipt(
                storedThrough: waiting.batch.entries.last?.sequence ?? 0, inserted: intake.inserted,
                repeated: waiting.batch.entries.count - intake.inserted))
    }

    private func number(of device: String) throws(RegistryError) -> Int64 {
        let database = try database()
        do throws(SQLiteError) {
            let statement = try database.statement("SELECT number FROM devices WHERE id=?")
            try statement.bind(1, device)
            defer { statement.reset() }
            if try statement.step() { return statement.int64(at: 0) }
        } catch {
            throw RegistryError(error)
        }
        throw .unknownDevice(device)
    }

    // MARK: Devices

    /// Adds a device.
    ///
    /// - Returns: its token, which is shown once and never again.
    /// - Throws: `.deviceExists`, `.unfit` for an id of other characters than letters, digits, `.`, `-`, `_`.
    package func add(device id: String, at now: WallTime) throws(RegistryError) -> Token {
        guard TargetFile.isValid(component: id) else {
            throw .unfit(
                what: "device", expected: "1 to 100 letters, digits, '.', '-', '_', not beginning with '.'", found: id)
        }
        let token = Token.random()
        let digest = try Self.digest(of: token)
        let database = try database()
        let isNew = try transaction(database) { () throws(SQLiteError) in
            let statement = try database.statement(
                "INSERT OR IGNORE INTO devices(id, token_sha256, created_ns) VALUES(?, ?, ?)")
            try statement.bind(1, id)
            try statement.bind(2, digest.hex)
            try statement.bind(3, now.nanoseconds)
            try statement.run()
            return database.changes == 1
        }
        guard isNew else { throw .deviceExists(id) }
        return token
    }

    /// Gives a device another token; the one before is worth nothing from now on.
    package func renew(device id: String) throws(RegistryError) -> Token {
        let token = Token.random()
        let digest = try Self.digest(of: token)
        let database = try database()
        let isKnown = try transaction(database) { () throws(SQLiteError) in
            let statement = try database.statement("UPDATE devices SET token_sha256=? WHERE id=?")
            try statement.bind(1, digest.hex)
            try statement.bind(2, id)
            try statement.run()
            return database.changes == 1
        }
        guard isKnown else { throw .unknownDevice(id) }
        return token
    }

    private static func digest(of token: Token) throws(RegistryError) -> Digest {
        do { return try token.digest() } catch { throw .trust(error) }
    }

    // MARK: The connection

    func database() throws(RegistryError) -> Connection {
        if let connection, connection.isOpen { return connection }
        let opened = try directory.open(access: .readWrite)
        connection = opened
        return opened
    }

    /// Runs `body` in one transaction.
    func transaction<Value>(
        _ database: Connection, _ body: () throws(SQLiteError) -> Value
    ) throws(RegistryError) -> Value {
        do throws(SQLiteError) {
            return try database.transaction(.immediate, body)
        } catch {
            if error.isInputOutput { close() }
            throw RegistryError(error)
        }
    }
}
