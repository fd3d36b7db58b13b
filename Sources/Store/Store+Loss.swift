internal import Logging
package import Plant

/// Samples that nobody waits for are committed together: fewer commits wear out less flash.
extension Store {
    /// Takes a batch that its driver does not acknowledge: it becomes durable within a part of the loss contract.
    ///
    /// It is only put in line, by the caller's own thread: links that bring little at a time would wake the store's for
    /// each of their batches. A batch with receipts, one with waveforms (pages of their own: nothing is saved by waiting)
    /// and one that comes when as much waits as may wait are committed before this returns. What was taken and cannot be
    /// stored because the disk fails stays in line; what cannot for want of space is counted and recorded as a gap.
    /// - Throws: as ``commit(_:)``; the batch is then not taken.
    package nonisolated func accept(_ batch: SampleBatch) async throws(StoreError) {
        guard contract.window > .zero, batch.receipts.isEmpty,
            batch.samples.allSatisfy({ if case .waveform = $0.value { false } else { true } })
        else { return try await store(whole: batch) }
        switch line.accept(batch) {
        case .taken: return
        case .worthACommit: askForCommit()
        case .refused: try await store(whole: batch)
        }
    }

    private nonisolated func store(whole batch: SampleBatch) async throws(StoreError) { _ = try await commit(batch) }

    /// Commits what was accepted when its time has come, until the task is cancelled; ``close()`` commits the rest.
    package nonisolated func keepLossContract() async {
        while !Task.isCancelled, let wait = await commitDue() {
            guard (try? await Task.sleep(for: wait)) != nil else { return }
        }
    }

    /// - Returns: after how long something may be due, nil when nothing will ever be.
    private func commitDue() -> Duration? {
        guard contract.window > .zero, !isClosed else { return nil }
        guard let oldest = oldestAccepted else { return contract.window }
        let left = contract.window - (clock.monotonic() - oldest)
        guard left <= .zero else { return left }
        flush()
        return contract.window
    }

    private var oldestAccepted: MonotonicTime? {
        takeLine()
        return waiting.lazy.compactMap(\.since).min()
    }

    /// After a commit that failed: puts back in front what nobody waits for.
    func keepAccepted(of group: [Request], after error: StoreError) {
        guard !isClosing else { return }
        let kept = group.filter { $0.caller == nil }
        waiting.insert(contentsOf: kept, at: 0)
        line.countAccepted(kept.reduce(0) { $0 + $1.samples })
        if !kept.isEmpty {
            logger.error("samples wait for the disk", metadata: ["samples": "\(line.accepted)", "error": "\(error)"])
        }
    }

    /// Counts what was accepted and can never be stored, because a tag has changed meanwhile.
    func noteUnstorable(in group: [Request], _ outcomes: [Result<Outcome, StoreError>]) {
        for (request, outcome) in zip(group, outcomes) where request.caller == nil {
            guard case .failure(let error) = outcome, !error.isFull else { continue }
            counters.refusedSamples += Int64(request.samples)
            logger.error("samples refused", metadata: ["samples": "\(request.samples)", "error": "\(error)"])
        }
    }

    package func lossReport() -> LossReport {
        let now = clock.monotonic()
        return LossReport(
            contract: contract, oldest: oldestAccepted.map { max(now - $0, .zero) } ?? .zero, waiting: line.accepted,
            worst: loss.worst, lateCommits: loss.lateCommits, commitMedian: loss.commitTime(at: 0.5),
            commitP99: loss.commitTime(at: 0.99))
    }
}
