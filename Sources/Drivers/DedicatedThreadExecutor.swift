import Glibc
import Synchronization

/// Runs the jobs of one actor on one thread of its own, so that what blocks there blocks nobody else.
///
/// The thread ends when the executor goes away.
final class DedicatedThreadExecutor: SerialExecutor {
    private let queue: JobQueue

    init() throws(LinkFailure) {
        queue = try JobQueue()
        try Self.startThread(queue)
    }

    deinit { queue.close() }

    func enqueue(_ job: consuming ExecutorJob) {
        queue.push(JobQueue.Entry(job: UnownedJob(job), executor: self))
    }

    private static func startThread(_ queue: JobQueue) throws(LinkFailure) {
        // SAFETY: the retain taken here is the one that the thread gives back when it takes the object over.
        let argument = Unmanaged.passRetained(queue)
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                // SAFETY: `argument` is the queue retained above, taken over exactly once.
                let queue = Unmanaged<JobQueue>.fromOpaque(argument).takeRetainedValue()
                // Signals are for the program's own threads; a broken pipe is an error code here, not the end.
                var signals = sigset_t()
                sigfillset(&signals)
                pthread_sigmask(SIG_BLOCK, &signals, nil)
                queue.run()
                return nil
            }, argument.toOpaque())
        guard code == 0 else {
            argument.release()
            throw .system(call: "pthread_create", code: code)
        }
        pthread_detach(thread)
    }
}

/// Jobs in order; the thread sleeps in poll(2) while there are none.
private final class JobQueue: Sendable {
    /// The executor is held until its job has run: the job may let go of the last other reference.
    struct Entry: Sendable {
        var job: UnownedJob
        var executor: DedicatedThreadExecutor
    }

    private struct State {
        var entries: [Entry] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    private let signal: WakeSignal

    init() throws(LinkFailure) { signal = try WakeSignal() }

    func push(_ entry: Entry) {
        state.withLock { $0.entries.append(entry) }
        signal.raise()
    }

    func close() {
        state.withLock { $0.isClosed = true }
        signal.raise()
    }

    func run() {
        while true {
            let (entries, isClosed) = state.withLock { state in
                defer { state.entries = [] }
                return (state.entries, state.isClosed)
            }
            for entry in entries { entry.job.runSynchronously(on: entry.executor.asUnownedSerialExecutor()) }
            if entries.isEmpty {
                if isClosed { return }
                signal.wait(timeout: nil)
                signal.clear()
            }
        }
    }
}
