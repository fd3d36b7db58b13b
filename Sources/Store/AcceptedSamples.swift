internal import Plant
import Synchronization

/// Batches that nobody waits for, between the threads that bring them and the store's own.
final class AcceptedSamples: Sendable {
    enum Answer {
        case taken
        /// Taken, and the store is to commit now.
        case worthACommit
        /// The store itself must say why, or wait.
        case refused
    }

    private struct State {
        var isOpen = false
        var requests: [Store.Request] = []
        var count = 0
        var isCommitAsked = false
    }

    private let state = Mutex(State())

    /// Whether anything is taken: not while space is short, nor once the store closes.
    var isOpen: Bool {
        get { state.withLock { $0.isOpen } }
        set { state.withLock { $0.isOpen = newValue } }
    }

    /// Samples that were taken and are not committed yet, those in the store's own line too.
    var count: Int { state.withLock { $0.count } }

    /// - Parameter difference: below zero for samples that are committed, above for such that wait again.
    func count(_ difference: Int) { state.withLock { $0.count += difference } }

    func put(_ batch: SampleBatch) -> Answer {
        guard let first = batch.samples.first else { return .refused }
        return state.withLock { state in
            guard state.isOpen, state.count + batch.samples.count <= Bound.acceptedSamples else { return .refused }
            state.requests.append(Store.Request(work: .batch(batch), since: first.monotonic))
            state.count += batch.samples.count
            guard state.count >= Bound.samplesWorthACommit, !state.isCommitAsked else { return .taken }
            state.isCommitAsked = true
            return .worthACommit
        }
    }

    /// What was put since the last time, oldest first.
    func take() -> [Store.Request] {
        state.withLock { state in
            defer { (state.requests, state.isCommitAsked) = ([], false) }
            return state.requests
        }
    }
}
