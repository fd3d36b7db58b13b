import Glibc

/// One thread of its own for an actor whose calls block, so that the shared pool never waits for a disk.
///
/// Runs what it is given in the order in which it was given. The thread ends after ``stop()`` and the last job.
final class ThreadExecutor: SerialExecutor {
    private enum Work {
        case job(UnownedJob)
        case call(@Sendable () -> Void)
    }

    private struct Shared {
        var mutex = pthread_mutex_t()
        var arrived = pthread_cond_t()
        var queue: [Work] = []
        var isStopped = false
        var thread = pthread_t()
    }

    // SAFETY: every access but the set-up in `init` and the release in `deinit` happens under `mutex`; the memory lives
    // as long as this object, which the thread keeps alive until it ends.
    private nonisolated(unsafe) let shared: UnsafeMutablePointer<Shared>

    init() {
        shared = .allocate(capacity: 1)
        shared.initialize(to: Shared())
        pthread_mutex_init(&shared.pointee.mutex, nil)
        pthread_cond_init(&shared.pointee.arrived, nil)
        // SAFETY: the thread takes over this reference and gives it back when it ends.
        let reference = Unmanaged.passRetained(self)
        let code = pthread_create(
            &shared.pointee.thread, nil,
            { argument in
                if let argument { Unmanaged<ThreadExecutor>.fromOpaque(argument).takeRetainedValue().run() }
                return nil
            }, reference.toOpaque())
        precondition(code == 0, "a thread could not be started (errno \(code))")
        pthread_detach(shared.pointee.thread)
    }

    deinit {
        pthread_cond_destroy(&shared.pointee.arrived)
        pthread_mutex_destroy(&shared.pointee.mutex)
        shared.deinitialize(count: 1)
        shared.deallocate()
    }

    func enqueue(_ job: consuming ExecutorJob) { append(.job(UnownedJob(job))) }

    /// Runs `call` on the thread after everything that waits already.
    func submit(_ call: @escaping @Sendable () -> Void) { append(.call(call)) }

    /// Lets the thread end once it has nothing left to do.
    func stop() {
        pthread_mutex_lock(&shared.pointee.mutex)
        shared.pointee.isStopped = true
        pthread_cond_signal(&shared.pointee.arrived)
        pthread_mutex_unlock(&shared.pointee.mutex)
    }

    func checkIsolated() { precondition(isIsolatingCurrentContext() == true, "called from another thread") }

    func isIsolatingCurrentContext() -> Bool? {
        pthread_mutex_lock(&shared.pointee.mutex)
        defer { pthread_mutex_unlock(&shared.pointee.mutex) }
        return pthread_equal(shared.pointee.thread, pthread_self()) != 0
    }

    private func append(_ work: Work) {
        pthread_mutex_lock(&shared.pointee.mutex)
        shared.pointee.queue.append(work)
        pthread_cond_signal(&shared.pointee.arrived)
        pthread_mutex_unlock(&shared.pointee.mutex)
    }

    private func run() {
        while true {
            pthread_mutex_lock(&shared.pointee.mutex)
            while shared.pointee.queue.isEmpty, !shared.pointee.isStopped {
                pthread_cond_wait(&shared.pointee.arrived, &shared.pointee.mutex)
            }
            let work = shared.pointee.queue
            shared.pointee.queue = []
            pthread_mutex_unlock(&shared.pointee.mutex)
            if work.isEmpty { return }
            for item in work {
                switch item {
                case .job(let job): job.runSynchronously(on: asUnownedSerialExecutor())
                case .call(let call): call()
                }
            }
        }
    }
}
