internal import Glibc
internal import Logging
internal import Plant
internal import SQLite
import Threads

extension Store {
    /// What a caller waits for.
    struct Request {
        enum Work {
            case batch(SampleBatch)
            case changes([Change])
        }
        var work: Work
        /// nil for samples that were accepted: nobody waits for them.
        var caller: CheckedContinuation<Result<Outcome, StoreError>, Never>?
        /// When the oldest of samples that nobody waits for was read.
        var since: MonotonicTime?

        var samples: Int { if case .batch(let batch) = work { batch.samples.count } else { 0 } }
    }

    enum Outcome: Sendable {
        case stored(ClosedRange<Int64>?)
        case applied([Int64])
    }

    /// Waits until the work is committed together with whatever else waits.
    func enqueue(_ work: Request.Work) async throws(StoreError) -> Outcome {
        guard !isClosed else { throw .closed }
        let result = await withCheckedContinuation { caller in
            // What was accepted before comes before it.
            takeAccepted()
            waiting.append(Request(work: work, caller: caller))
            scheduleFlush()
        }
        return try result.get()
    }

    /// The flush queues behind the calls that wait for this thread already, so that it commits theirs too; when there
    /// are none it runs at once.
    func scheduleFlush() {
        guard !isFlushScheduled else { return }
        isFlushScheduled = true
        executor.submit { self.assumeIsolated { $0.flush() } }
    }

    /// Puts what was accepted in line.
    func takeAccepted() { waiting += accepted.take() }

    func flush() {
        isFlushScheduled = false
        takeAccepted()
        let group = takeGroup()
        if !waiting.isEmpty { scheduleFlush() }
        guard !group.isEmpty else { return }
        let outcomes = commit(group)
        for (request, outcome) in zip(group, outcomes) { request.caller?.resume(returning: outcome) }
        if group.contains(where: { $0.samples > 0 }) { committedSamples() }
        tendLog()
    }

    /// As many requests from the front as one transaction should hold, at least one.
    private func takeGroup() -> [Request] {
        var samples = 0
        var waveformBytes = 0
        var count = 0
        for request in waiting {
            if case .batch(let batch) = request.work {
                samples += batch.samples.count
                for case .waveform(let waveform) in batch.samples.lazy.map(\.value) {
                    waveformBytes += waveform.count * 4
                }
            }
            if count > 0, samples > Bound.samplesPerCommit || waveformBytes > Bound.waveformBytesPerCommit { break }
            count += 1
        }
        let group = Array(waiting.prefix(count))
        waiting.removeFirst(count)
        accepted.count(-group.reduce(0) { $0 + ($1.caller == nil ? $1.samples : 0) })
        return group
    }

    private func commit(_ group: [Request]) -> [Result<Outcome, StoreError>] {
        if isShort { endShortageIfPossible() }
        let start = clock.monotonic()
        do throws(StoreError) {
            let outcomes = try attempt(group)
            let end = clock.monotonic()
            loss.note(
                commit: end - start, age: group.compactMap(\.since).min().map { end - $0 }, contract: contract)
            noteCommitted(group, outcomes)
            noteUnstorable(in: group, outcomes)
            return outcomes
        } catch {
            keepAccepted(of: group, after: error)
            return group.map { _ in .failure(error) }
        }
    }

    /// One transaction; a second one without telemetry when the first finds no room.
    private func attempt(_ group: [Request]) throws(StoreError) -> [Result<Outcome, StoreError>] {
        let outcomes: [Result<Outcome, StoreError>]
        do throws(StoreError) {
            outcomes = try transact { (database) throws(StoreError) in try run(group, database) }
        } catch {
            guard error.isFull, !isShort else { throw error }
            beginShortage()
            outcomes = try transact { (database) throws(StoreError) in try run(group, database) }
        }
        if isShort {
            for request in group { noteRefusal(of: request) }
        }
        return outcomes
    }

    /// - Throws: only what ends the whole transaction.
    private func run(_ group: [Request], _ database: Database) throws(StoreError) -> [Result<Outcome, StoreError>] {
        var outcomes: [Result<Outcome, StoreError>] = []
        outcomes.reserveCapacity(group.count)
        for request in group {
            do throws(StoreError) {
                outcomes.append(.success(try run(request.work, database)))
            } catch {
                switch error {
                case .full where isShort && request.isTelemetry: outcomes.append(.failure(error))
                case .full, .damaged, .database, .file, .closed: throw error
                default: outcomes.append(.failure(error))
                }
            }
        }
        return outcomes
    }

    private func run(_ work: Request.Work, _ database: Database) throws(StoreError) -> Outcome {
        switch work {
        case .batch(let batch):
            if isShort { throw .full }
            // A batch that is refused is refused before its first row, so that it needs no savepoint.
            let range = try database.insert(batch.samples)
            try database.insert(batch.receipts, link: batch.link)
            return .stored(range)
        case .changes(let changes):
            let (limits, isShort) = (limits, isShort)
            // Undoing the changes must not undo samples of the batches before them.
            try database.flushChunk()
            return try database.savepoint { () throws(StoreError) in
                var numbers: [Int64] = []
                for change in changes {
                    numbers.append(try database.apply(change, limits: limits, refusesTelemetry: isShort))
                }
                return .applied(numbers)
            }
        }
    }

    private func noteCommitted(_ group: [Request], _ outcomes: [Result<Outcome, StoreError>]) {
        for (request, outcome) in zip(group, outcomes) {
            guard case .batch(let batch) = request.work, case .success(.stored(let range?)) = outcome else { continue }
            counters.samples += Int64(batch.samples.count)
            newest.note(batch.samples, from: range.lowerBound)
        }
    }

    /// Keeps the write-ahead log bounded, off the commit: a caller has its answer before this runs.
    private func tendLog() {
        guard let database else { return }
        let pages = database.connection.logPages
        // Smaller than at the last request: the log has started anew since.
        if pages < checkpointedPages { checkpointedPages = 0 }
        guard pages - checkpointedPages > limits.logPages else { return }
        checkpointedPages = pages
        guard pages > limits.logPages * Bound.logGrowth else { return checkpointer.request() }
        // The checkpointer does not keep up, because there is always something new. While this thread checkpoints,
        // nobody writes, so that the log is emptied and starts anew.
        do throws(SQLiteError) {
            _ = try database.connection.checkpoint(.passive)
            counters.ownCheckpoints += 1
        } catch {
            logger.warning("checkpoint failed", metadata: ["error": "\(error)"])
            if error.isInputOutput { dropDatabase() }
        }
    }
}

extension Store.Request {
    var isTelemetry: Bool { if case .batch = work { true } else { false } }
}
