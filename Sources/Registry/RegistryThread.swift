import Glibc

/// One thread of its own for an actor whose calls block, so that the shared pool never waits for the disk.
///
/// Runs jobs in the order in which they came; the thread ends when this object goes away.
final class RegistryThread: SerialExecutor {
    private let queue = JobQueue()

    init() {
        // SAFETY: the thread takes this reference over and releases it when it ends.
        let start = Unmanaged.passRetained(Start(queue: queue, executor: self))
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().run() }
                return nil
            }, start.toOpaque())
        precondition(code == 0, "a thread could not be started (errno \(code))")
        pthread_detach(thread)
    }

    deinit { queue.stop() }

    func enqueue(_ job: consuming ExecutorJob) { queue.append(UnownedJob(job)) }

    /// What the thread holds. The executor only weakly, else it could never go away; while jobs wait, their actor lives
    /// and holds it.
    private final class Start {
        private let queue: JobQueue
        private weak var executor: RegistryThread?

        init(queue: JobQueue, executor: RegistryThread) {
            self.queue = queue
            self.executor = executor
        }

        func run() {
            while let jobs = queue.wait() {
                guard let executor else { continue }
                for job in jobs { job.runSynchronously(on: executor.asUnownedSerialExecutor()) }
            }
        }
    }
}

/// Jobs on their way to a thread.
private final class JobQueue: Sendable {
    private struct Shared {
        var mutex = pthread_mutex_t()
        var arrived = pthread_cond_t()
        var jobs: [UnownedJob] = []
        var isStopped = false
    }

    // SAFETY: after `init` every access happens under `mutex`; the memory stays in its place as long as this object,
    // which executor and thread both hold.
    private nonisolated(unsafe) let shared: UnsafeMutablePointer<Shared>

    init() {
        shared = .allocate(capacity: 1)
        shared.initialize(to: Shared())
        pthread_mutex_init(&shared.pointee.mutex, nil)
        pthread_cond_init(&shared.pointee.arrived, nil)
    }

    deinit {
        pthread_cond_destroy(&shared.pointee.arrived)
        pthread_mutex_destroy(&shared.pointee.mutex)
        shared.deinitialize(count: 1)
        shared.deallocate()
    }

    func append(_ job: UnownedJob) { change { $0.jobs.append(job) } }
    func stop() { change { $0.isStopped = true } }

    /// The jobs that wait, at least one; nil after ``stop()`` when none is left.
    func wait() -> [UnownedJob]? {
        pthread_mutex_lock(&shared.pointee.mutex)
        defer { pthread_mutex_unlock(&shared.pointee.mutex) }
        while shared.pointee.jobs.isEmpty {
            if shared.pointee.isStopped { return nil }
            pthread_cond_wait(&shared.pointee.arrived, &shared.pointee.mutex)
        }
        let jobs = shared.pointee.jobs
        shared.pointee.jobs = []
        return jobs
    }

    private func change(_ body: (inout Shared) -> Void) {
        pthread_mutex_lock(&shared.pointee.mutex)
        body(&shared.pointee)
        pthread_cond_signal(&shared.pointee.arrived)
        pthread_mutex_unlock(&shared.pointee.mutex)
    }
}
