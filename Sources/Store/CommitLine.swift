internal import Plant
import Synchronization

/// What waits for the next commit, between the threads that bring it and the store's own: whoever brings something only puts
/// it in line, and need not visit the store's thread.
final class CommitLine: Sendable {
    enum Answer {
        case taken
        /// Taken, and the caller is to have the store commit.
        case worthACommit
        /// Not taken: a sample that nobody waits for must wait for its commit after all.
        case refused
    }

    private struct State {
        var requests: [Store.Request] = []
        var accepted = 0
        var isAccepting = false
        var isShut = false
        var isCommitAsked = false

        mutating func askForCommit() -> Answer {
            guard !isCommitAsked else { return .taken }
            isCommitAsked = true
            return .worthACommit
        }
    }

    private let state = Mutex(State())

    /// Whether samples that nobody waits for are taken: not while space is short, nor once the store closes.
    var isAccepting: Bool {
        get { state.withLock { $0.isAccepting } }
        set { state.withLock { $0.isAccepting = newValue } }
    }

    /// Samples that nobody waits for and that are not committed yet, those that the store has taken out of the line too.
    var accepted: Int { state.withLock { $0.accepted } }

    /// - Parameter difference: below zero for samples that are committed, above for such that wait again.
    func countAccepted(_ difference: Int) { state.withLock { $0.accepted += difference } }

    /// Takes samples that nobody waits for.
    func accept(_ batch: SampleBatch) -> Answer {
        guard let first = batch.samples.first else { return .refused }
        return state.withLock { state in
            guard state.isAccepting, state.accepted + batch.samples.count <= Bound.acceptedSamples else {
                return .refused
            }
            state.requests.append(Store.Request(work: .batch(batch), since: first.monotonic))
            state.accepted += batch.samples.count
            return state.accepted >= Bound.samplesWorthACommit ? state.askForCommit() : .taken
        }
    }

    /// Takes what a caller waits for; refuses it once the store has closed.
    func append(_ request: Store.Request) -> Answer {
        state.withLock { state in
            guard !state.isShut else { return .refused }
            state.requests.append(request)
            return state.askForCommit()
        }
    }

    /// What came since the last time, oldest first.
    func take() -> [Store.Request] {
        state.withLock { state in
            defer { (state.requests, state.isCommitAsked) = ([], false) }
            return state.requests
        }
    }

    /// The same for the last time: from here on everything is refused.
    func shut() -> [Store.Request] {
        state.withLock { state in
            (state.isAccepting, state.isShut) = (false, true)
        }
        return take()
    }
}
