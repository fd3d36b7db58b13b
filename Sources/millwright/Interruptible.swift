import ArgumentParser
import UnixSignals

/// Work that Ctrl-C and SIGTERM end in order, so that it takes away what is half done.
enum Interruptible {
    /// - Throws: what the work throws; exit status 130 when it was ended from outside.
    static func run<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) { break }
                return nil
            }
            let first = try await group.next() ?? nil
            group.cancelAll()
            guard let first else { throw ExitCode(130) }
            return first
        }
    }
}
