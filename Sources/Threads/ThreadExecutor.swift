import Glibc

/// One thread of its own for an actor whose calls block (a disk, a socket, a C library), so that the shared pool never
/// waits for them.
///
/// Runs what it is given in the order in which it was given. The thread ends when this object has gone and nothing waits.
package final class ThreadExecutor: SerialExecutor {
    private let queue: JobQueue

    /// - Throws: when the system gives no thread.
    package init() throws(ThreadError) {
        let queue = JobQueue()
        self.queue = queue
        // SAFETY: the thread takes this reference over and releases it when it ends; on failure it is released here.
        let start = Unmanaged.passRetained(Start(queue: queue, executor: self))
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { argument in
                // Signals are for the program's own threads; a broken pipe is an error code here, not the end.
                var signals = sigset_t()
                sigfillset(&signals)
                pthread_sigmask(SIG_BLOCK, &signals, nil)
                // SAFETY: `argument` is the reference retained above, taken over exactly once.
                if let argument { Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().run() }
                return nil
            }, start.toOpaque())
        guard code == 0 else {
            start.release()
            throw ThreadError(code: code)
        }
        pthread_detach(thread)
    }

    /// For what a program makes once when it starts: without a thread there it cannot go on.
    package static func required() -> ThreadExecutor {
        do {
            return try ThreadExecutor()
        } catch { preconditionFailure("\(error)") }
    }

    deinit { queue.stop() }

    package func enqueue(_ job: consuming ExecutorJob) { queue.append(.job(UnownedJob(job))) }

    /// Runs a call on the thread after everything that waits already.
    package func submit(_ call: @escaping @Sendable () -> Void) { queue.append(.call(call)) }

    package func checkIsolated() { precondition(isIsolatingCurrentContext() == true, "called from another thread") }

    package func isIsolatingCurrentContext() -> Bool? { queue.isServedByCurrentThread }

    /// What the thread holds. The executor only weakly, else it could never go away; while jobs wait, their actor lives
    /// and holds it.
    private final class Start {
        private let queue: JobQueue
        private weak var executor: ThreadExecutor?

        init(queue: JobQueue, executor: ThreadExecutor) {
            self.queue = queue
            self.executor = executor
        }

        func run() {
            queue.serveFromCurrentThread()
            while let work = queue.wait() {
                for item in work {
                    switch item {
                    case .job(let job):
                        guard let executor else { continue }
                        job.runSynchronously(on: executor.asUnownedSerialExecutor())
                    case .call(let call): call()
                    }
                }
            }
        }
    }
}

/// The system gave no thread.
package struct ThreadError: Error, Hashable, Sendable, CustomStringConvertible {
    /// An errno of pthread_create(3).
    package var code: Int32

    package var description: String { "a thread could not be started: \(String(cString: strerror(code)))" }
}
