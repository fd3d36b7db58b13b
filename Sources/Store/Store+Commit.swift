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
    ///
    /// The caller's own thread puts it in line: a visit to the store's thread would cost it two switches more.
    nonisolated func enqueue(_ work: Request.Work) async throws(StoreError) -> Outcome {
        let result = await withCheckedContinuation { caller in
            switch line.append(Request(work: work, caller: caller)) {
            case .taken: break
            case .worthACommit: askForCommit()
            case .refused: caller.resume(returning: .failure(.closed))
            }
        }
        return try result.get()
    }

    nonisolated func askForCommit() { executor.submit { self.assumeIsolated { $0.flush() } } }

    func takeLine() { waiting += line.take() }

    func flush() {
        takeLine()
        let group = takeGroup()
        // The rest goes behind the calls that wait for this thread already.
        if !waiting.isEmpty, !isFlushScheduled {
            isFlushScheduled = true
            executor.submit {
                self.assumeIsolated { store in
                    store.isFlushScheduled = false
                    store.flush()
                }
            }
        }
        guard !group.isEmpty else { return }
        let outcomes = commit(group)
        for (request, outcome) in zip(group, outcomes) { request.caller?.resume(returning: outcome) }
        let batches = group.compactMap { request in
            if case .batch(let batch) = request.work, !batch.samples.isEmpty { batch } else { nil }
        }
        if !batches.isEmpty { committedSamples(batches) }
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
        line.countAccepted(-group.reduce(0) { $0 + ($1.caller == nil ? $1.samples : 0) })
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

    /// One transaction; another one with less telemetry when it finds no room.
    private func attempt(_ group: [Request]) throws(StoreError) -> [Result<Outcome, StoreError>] {
        var telemetry = isShort ? Telemetry.inPlaceOfOld : .taken
        while true {
            do throws(StoreError) {
                var dropped: Int64 = 0
                let outcomes = try transact { (database) throws(StoreError) in
                    try run(group, database, telemetry, &dropped)
                }
                counters.droppedForRoom += dropped
                if isShort {
                    for case (let request, .failure(.full)) in zip(group, outcomes) { noteRefusal(of: request) }
                }
                return outcomes
            } catch {
                guard error.isFull, let less = telemetry.less else { throw error }
                if !isShort { beginShortage() }
                telemetry = less
            }
        }
    }

    /// - Throws: only what ends the whole transaction.
    private func run(
        _ group: [Request], _ database: Database, _ telemetry: Telemetry, _ dropped: inout Int64
    ) throws(StoreError) -> [Result<Outcome, StoreError>] {
        let takesTelemetry =
            switch telemetry {
            case .taken: true
            case .inPlaceOfOld: try makeRoom(for: group, in: database, &dropped)
            case .refused: false
            }
        var outcomes: [Result<Outcome, StoreError>] = []
        outcomes.reserveCapacity(group.count)
        for request in group {
            if request.isTelemetry, !takesTelemetry {
                outcomes.append(.failure(.full))
                continue
            }
            do throws(StoreError) {
                outcomes.append(.success(try run(request.work, database, takesTelemetry)))
            } catch {
                switch error {
                case .full, .damaged, .database, .file, .closed: throw error
                default: outcomes.append(.failure(error))
                }
            }
        }
        return outcomes
    }

    private func run(
        _ work: Request.Work, _ database: Database, _ takesTelemetry: Bool
    ) throws(StoreError) -> Outcome {
        switch work {
        case .batch(let batch):
            // A batch that is refused is refused before its first row, so that it needs no savepoint.
            let range = try database.insert(batch.samples)
            try database.insert(batch.receipts, link: batch.link)
            return .stored(range)
        case .changes(let changes):
            let limits = limits
            // Undoing the changes must not undo samples of the batches before them.
            try database.flushChunk()
            return try database.savepoint { () throws(StoreError) in
                var numbers: [Int64] = []
                for change in changes {
                    numbers.append(try database.apply(change, limits: limits, refusesTelemetry: !takesTelemetry))
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
        guard pages - checkpointedPages > (isShort ? shortLogPages : limits.logPages) else { return }
        checkpointedPages = pages
        guard isShort || pages > limits.logPages * Bound.logGrowth else { return checkpointer.request() }
        // There is no room for a longer log, or the checkpointer does not keep up, because there is always something new.
        // While this thread checkpoints, nobody writes, so that the log is emptied and starts anew.
        do throws(SQLiteError) {
            try moveLog(of: database)
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
