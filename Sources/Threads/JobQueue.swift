import Glibc

/// Work on its way to a thread.
final class JobQueue: Sendable {
    enum Work {
        case job(UnownedJob)
        case call(@Sendable () -> Void)
    }

    private struct Shared {
        var mutex = pthread_mutex_t()
        var arrived = pthread_cond_t()
        var work: [Work] = []
        var isStopped = false
        var thread: pthread_t?
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

    func append(_ work: Work) { change { $0.work.append(work) } }
    func stop() { change { $0.isStopped = true } }
    func serveFromCurrentThread() { change { $0.thread = pthread_self() } }

    var isServedByCurrentThread: Bool {
        pthread_mutex_lock(&shared.pointee.mutex)
        defer { pthread_mutex_unlock(&shared.pointee.mutex) }
        return shared.pointee.thread.map { pthread_equal($0, pthread_self()) != 0 } ?? false
    }

    /// What waits, at least one; nil after ``stop()`` when nothing is left.
    func wait() -> [Work]? {
        pthread_mutex_lock(&shared.pointee.mutex)
        defer { pthread_mutex_unlock(&shared.pointee.mutex) }
        while shared.pointee.work.isEmpty {
            if shared.pointee.isStopped { return nil }
            pthread_cond_wait(&shared.pointee.arrived, &shared.pointee.mutex)
        }
        let work = shared.pointee.work
        shared.pointee.work = []
        return work
    }

    private func change(_ body: (inout Shared) -> Void) {
        pthread_mutex_lock(&shared.pointee.mutex)
        body(&shared.pointee)
        pthread_cond_signal(&shared.pointee.arrived)
        pthread_mutex_unlock(&shared.pointee.mutex)
    }
}
