import Plant
import Synchronization

/// Tells one waiting task that there is something new; what is raised while nobody waits is not forgotten.
final class CommitSignal: Sendable {
    private struct State {
        var isRaised = false
        var expected: Set<TagID>?
        var waiting: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// Which samples are waited for from now on; nil for all. To be called before what is there already is read.
    func expect(_ tags: Set<TagID>?) { state.withLock { $0.expected = tags } }

    /// Raises it if one of these samples is waited for: most are not, and a commit would wake two threads for nothing.
    func raise(for batches: [SampleBatch]) {
        let expected = state.withLock { $0.expected }
        guard let expected else { return raise() }
        if !expected.isEmpty, batches.contains(where: { $0.samples.contains { expected.contains($0.tag) } }) { raise() }
    }

    func raise() {
        let waiting = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard let waiting = state.waiting else {
                state.isRaised = true
                return nil
            }
            state.waiting = nil
            return waiting
        }
        waiting?.resume()
    }

    /// Returns when it is raised, or when the task is cancelled.
    func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    guard !state.isRaised, !Task.isCancelled else {
                        state.isRaised = false
                        return true
                    }
                    state.waiting = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            raise()
        }
    }
}
