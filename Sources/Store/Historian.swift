internal import Logging
import Plant
internal import SQLite
import Threads

/// Reads old samples and packs new ones on a thread and a connection of its own, so that no commit waits for it. It
/// writes nothing: what is to be written, and what it met damaged, it hands to the store.
actor Historian {
    nonisolated let executor = ThreadExecutor.required()
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let directory: String
    private let tags: SharedTags
    private let clock: any PlantClock
    private let logger: Logger
    private var database: Database?
    private var isEnded = false

    init(directory: String, tags: SharedTags, clock: any PlantClock, logger: Logger) {
        self.directory = directory
        self.tags = tags
        self.clock = clock
        self.logger = logger
    }

    /// - Returns: what `body` returns, and what it met damaged.
    func read<Value: Sendable>(
        _ body: @Sendable (Database) throws(StoreError) -> Value
    ) throws(StoreError) -> (value: Value, damage: Set<DamagedPlace>) {
        let database = try openDatabase()
        do throws(StoreError) {
            let value = try body(database)
            defer { database.foundDamage = [] }
            return (value, database.foundDamage)
        } catch {
            // The next one opens the file anew, which the store may have made anew meanwhile.
            closeNow()
            throw error
        }
    }

    /// Closes the connection, so that the next reading opens the file anew.
    nonisolated func close() {
        executor.submit { self.assumeIsolated { $0.closeNow() } }
    }

    /// Closes the connection for good; after it has returned nobody holds the file any more.
    func end() {
        isEnded = true
        closeNow()
    }

    private func closeNow() {
        database?.connection.close()
        database = nil
    }

    /// Samples unpacked for a reader by number are given back when nobody has asked for them since the last time.
    func giveBackMemory() { database?.forgetWindows() }

    /// Samples up to this number may have gone, although somebody has just unpacked them.
    nonisolated func forget(through number: Int64) {
        executor.submit { self.assumeIsolated { $0.database?.forgetWindows(through: number) } }
    }

    private func openDatabase() throws(StoreError) -> Database {
        guard !isEnded else { throw .closed }
        if let database { return database }
        let made = try Database(
            beside: Database.path(in: directory), access: .readOnly, tags: tags, clock: clock, logger: logger)
        database = made
        return made
    }
}
