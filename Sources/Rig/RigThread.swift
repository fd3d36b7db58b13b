import Glibc

/// Starts a thread that blocks as long as it likes; it ends when its body returns, and nobody joins it.
enum RigThread {
    static func start(_ body: @escaping @Sendable () -> Void) throws(RigError) {
        let start = Start(body: body)
        // SAFETY: the retain taken here is the one that the thread gives back when it takes the object over.
        let argument = Unmanaged.passRetained(start)
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                // SAFETY: `argument` is the object retained above, taken over exactly once.
                let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                var signals = sigset_t()
                // Signals are for the program's own threads; a broken pipe is an error code here, not the end.
                sigfillset(&signals)
                pthread_sigmask(SIG_BLOCK, &signals, nil)
                start.body()
                return nil
            }, argument.toOpaque())
        guard code == 0 else {
            argument.release()
            throw .system(call: "pthread_create", code: code)
        }
        pthread_detach(thread)
    }

    private final class Start: Sendable {
        let body: @Sendable () -> Void

        init(body: @escaping @Sendable () -> Void) { self.body = body }
    }
}
