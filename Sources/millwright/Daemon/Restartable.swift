import Logging

/// Runs a part of the daemon for one setting of it, and starts it anew when the setting has changed.
actor Restartable<Setting: Hashable & Sendable> {
    private let name: String
    private let logger: Logger
    private let body: @Sendable (Setting) async throws -> Void
    private let changes: AsyncStream<Setting?>
    private let changed: AsyncStream<Setting?>.Continuation
    private var current: (setting: Setting, task: Task<Void, Never>)?

    /// A part that ended by an error is started again after this long.
    private static var restartDelay: Duration { .seconds(5) }

    init(_ name: String, logger: Logger, body: @escaping @Sendable (Setting) async throws -> Void) {
        self.name = name
        self.logger = logger
        self.body = body
        (changes, changed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Which setting is to run from now on; nil for none.
    nonisolated func want(_ setting: Setting?) { changed.yield(setting) }

    /// Runs until cancelled; then the part has ended.
    func run() async {
        for await setting in changes { await switchTo(setting) }
        await switchTo(nil)
    }

    private func switchTo(_ setting: Setting?) async {
        guard setting != current?.setting else { return }
        current?.task.cancel()
        await current?.task.value
        current = nil
        guard let setting else { return }
        let (name, logger, body) = (name, logger, body)
        // It lives as long as `current`: a group cannot hold a child that a reload replaces.
        let task = Task {
            while !Task.isCancelled {
                do {
                    try await body(setting)
                    return
                } catch is CancellationError {
                    return
                } catch {
                    logger.error("\(name) failed", metadata: ["reason": "\(error)"])
                    try? await Task.sleep(for: Self.restartDelay)
                }
            }
        }
        current = (setting, task)
    }
}
