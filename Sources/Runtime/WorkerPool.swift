internal import CWorkerPool

/// The threads among which one session shares its work: the caller and a few that sleep when there is none.
final class WorkerPool {
    /// Threads, the caller included.
    let threads: Int

    // SAFETY: made in init and given back in deinit; the session that owns this pool uses it from one thread at a time.
    private let pool: OpaquePointer

    /// - Returns: nil where the system gives no threads.
    init?(threads: Int) {
        guard let pool = mw_worker_pool_create(threads - 1) else { return nil }
        self.threads = threads
        self.pool = pool
    }

    deinit { mw_worker_pool_destroy(pool) }

    /// Runs a step on all threads, each its part. Allocates nothing.
    // SAFETY: the call lives on this stack until every thread has returned, which `run` waits for; parts of a step write
    // to places that do not overlap, and each worker has scratch of its own.
    func run(_ step: Step, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer, scratchBytes: Int) {
        var call = Call(
            step: Unmanaged.passUnretained(step), parts: threads, arena: arena, scratch: scratch,
            scratchBytes: scratchBytes)
        withUnsafeMutablePointer(to: &call) { call in
            mw_worker_pool_run(
                pool,
                { context, index in
                    guard let call = context?.assumingMemoryBound(to: Call.self).pointee else { return }
                    call.step._withUnsafeGuaranteedRef {
                        $0.run(
                            Part(index: index, of: call.parts), arena: call.arena,
                            scratch: call.scratch + index * call.scratchBytes)
                    }
                }, call)
        }
    }

    // SAFETY: unretained, because the session keeps its steps for longer than any call lasts.
    private struct Call {
        var step: Unmanaged<Step>
        var parts: Int
        var arena: UnsafeMutableRawPointer
        var scratch: UnsafeMutableRawPointer
        var scratchBytes: Int
    }
}
