internal import Glibc
internal import Logging
internal import SQLite

extension Store {
    /// Waits before each try to open the file again after it failed, in microseconds.
    private static let reopenDelays: [UInt32] = [0, 10_000, 100_000, 1_000_000]

    /// Runs one transaction of the daemon.
    ///
    /// When the disk fails in it, the file is closed and opened again, and what is then in it decides: a transaction
    /// that has landed is reported as done, one that has not as failed.
    func transact<Value>(_ body: (Database) throws(StoreError) -> Value) throws(StoreError) -> Value {
        let database = try openDatabase()
        let before = database.mark
        var value: Value?
        do throws(StoreError) {
            try database.sql { () throws(SQLiteError) in try database.connection.begin() }
            let made = try body(database)
            value = made
            try database.writeMark()
            try database.sql { () throws(SQLiteError) in try database.connection.commit() }
            counters.commits += 1
            if let gone = database.retiredThrough { historian.forget(through: gone) }
            database.retiredThrough = nil
            return made
        } catch {
            database.connection.rollback()
            database.mark = before
            database.openChunk.count = 0
            database.retiredThrough = nil
            database.receiptTotals = [:]
            database.links = [:]
            guard error.isInputOutput else {
                if error.isDamage { return try again(after: error, body) }
                try database.reloadTags()
                publishTags()
                throw error
            }
            logger.error("the disk failed; the store is opened anew", metadata: ["error": "\(error)"])
            dropDatabase()
            let reopened = try openDatabase()
            guard let value, reopened.mark.sequence == before.sequence + 1 else { throw error }
            counters.commits += 1
            return value
        }
    }

    /// A transaction of one call that does not wait for others: rare and small, and it matters when space is short.
    func write<Value>(_ body: (Database) throws(StoreError) -> Value) throws(StoreError) -> Value {
        do throws(StoreError) {
            return try transact(body)
        } catch {
            guard error.isFull, !isShort else { throw error }
            beginShortage()
            return try transact(body)
        }
    }

    func read<Value>(_ body: (Database) throws(StoreError) -> Value) throws(StoreError) -> Value {
        do throws(StoreError) {
            return try body(try openDatabase())
        } catch {
            if error.isDamage { return try afterDamage(error, body) }
            if error.isInputOutput { dropDatabase() }
            throw error
        }
    }

    private func again<Value>(
        after error: StoreError, _ body: (Database) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        try afterDamage(error) { (database) throws(StoreError) in
            try database.transaction { () throws(StoreError) in
                let value = try body(database)
                try database.writeMark()
                counters.commits += 1
                return value
            }
        }
    }

    /// Runs `body` once more, on the file opened anew, and on one made of its sound rows where it is damaged then too.
    ///
    /// A reading that fails once is damage to SQLite (it takes EIO for a broken file system), and a new file holds only the
    /// newest of the history.
    private func afterDamage<Value>(
        _ error: StoreError, _ body: (Database) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        logger.error("the store reads as damaged; it is opened anew", metadata: ["error": "\(error)"])
        dropDatabase()
        do throws(StoreError) {
            return try body(try openDatabase())
        } catch {
            guard error.isDamage else { throw error }
            try rebuild(after: error)
            return try body(try openDatabase())
        }
    }

    /// Makes a sound file out of one whose structure is damaged.
    private func rebuild(after error: StoreError) throws(StoreError) {
        logger.error("the store is damaged", metadata: ["error": "\(error)"])
        counters.rebuilt += 1
        dropDatabase()
        let rebuilt = try Salvage.run(in: directory, clock: clock, logger: logger)
        try rebuilt.limitPages(to: limits, isShort: isShort)
        database = rebuilt
    }

    /// Gives up a connection whose reads, writes or syncs have failed: its caches may differ from the disk.
    func dropDatabase() {
        counters.reopened += 1
        checkpointer.close()
        historian.close()
        database?.connection.close()
        database = nil
        seenDataVersion = nil
    }

    /// The open file; opened again first where it had to be given up.
    private func openDatabase() throws(StoreError) -> Database {
        guard !isClosed else { throw .closed }
        if let database { return database }
        var last = StoreError.closed
        for delay in Self.reopenDelays {
            // This thread is the store's own; whoever calls has nothing to do but wait for the disk.
            usleep(delay)
            do throws(StoreError) {
                let reopened = try Self.openSound(directory, clock, logger)
                // Moves what the log holds into the database and syncs it, so that what is read now is on the disk.
                try reopened.sql { () throws(SQLiteError) in _ = try reopened.connection.checkpoint(.truncate) }
                try reopened.limitPages(to: limits, isShort: isShort)
                database = reopened
                return reopened
            } catch {
                last = error
            }
        }
        logger.error("the store could not be opened again", metadata: ["error": "\(last)"])
        throw last
    }
}
