internal import Logging
import SQLite
import Synchronization
import Threads

/// Moves the write-ahead log into the database on a thread and a connection of its own, so that no commit waits for it.
actor Checkpointer {
    /// What it has done, readable from anywhere.
    struct Progress: Sendable {
        var runs = 0
        var failures = 0
    }

    nonisolated let executor = ThreadExecutor.required()
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let path: String
    private let logger: Logger
    private var connection: Connection?
    private var isEnded = false
    private let isRequested = Atomic(false)
    private let progress = Mutex(Progress())

    init(path: String, logger: Logger) {
        self.path = path
        self.logger = logger
    }

    nonisolated var counters: Progress { progress.withLock { $0 } }

    /// Asks for a run and returns at once; asking again before it has begun changes nothing.
    nonisolated func request() {
        guard !isRequested.exchange(true, ordering: .acquiringAndReleasing) else { return }
        executor.submit { self.assumeIsolated { $0.checkpoint() } }
    }

    /// Closes the connection, so that the next run opens the file anew.
    nonisolated func close() {
        executor.submit { self.assumeIsolated { $0.closeNow() } }
    }

    /// Closes the connection for good; after it has returned nobody holds the file any more.
    func end() {
        isEnded = true
        closeNow()
    }

    /// Its statements hold a connection: only closing lets go of the file.
    private func closeNow() {
        connection?.close()
        connection = nil
    }

    private func checkpoint() {
        isRequested.store(false, ordering: .releasing)
        guard !isEnded else { return }
        do throws(SQLiteError) {
            let connection = try openConnection()
            _ = try connection.checkpoint(.passive)
            progress.withLock { $0.runs += 1 }
        } catch {
            // Nothing is lost: the pages stay in the log. After a failed sync the connection must not be used further.
            closeNow()
            progress.withLock { $0.failures += 1 }
            logger.warning("checkpoint failed", metadata: ["error": "\(error)"])
        }
    }

    private func openConnection() throws(SQLiteError) -> Connection {
        if let connection { return connection }
        let made = try Connection(path: path, access: .readWrite)
        try made.pragma("synchronous", "FULL")
        connection = made
        return made
    }
}
