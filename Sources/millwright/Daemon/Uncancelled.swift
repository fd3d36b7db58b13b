/// Work that is done to its end once it has begun, whatever becomes of the task that waits for it.
///
/// For what has effects outside: a line that has been told half of something is worse than a stop that takes a moment longer. The
/// caller still waits, so nothing outlives it.
enum Uncancelled {
    static func run<Result: Sendable>(_ body: @escaping @Sendable () async throws -> Result) async throws -> Result {
        try await Task { try await body() }.value
    }

    static func run<Result: Sendable>(_ body: @escaping @Sendable () async -> Result) async -> Result {
        await Task { await body() }.value
    }
}
