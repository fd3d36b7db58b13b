import Glibc
import Host
import Plant
import Synchronization

/// Says on standard error how far long work has come: on a terminal one line in place, elsewhere a line now and then.
final class ProgressLine: Sendable {
    private struct State {
        var next: MonotonicTime
        var isDrawn = false
    }

    /// Work that is done sooner says nothing.
    private static let patience = Duration.seconds(2)
    private static let terminalInterval = Duration.milliseconds(200)
    private static let logInterval = Duration.seconds(10)

    private let clock = SystemClock()
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let state: Mutex<State>

    init() { state = Mutex(State(next: SystemClock().monotonic() + Self.patience)) }

    func show(_ text: () -> String) {
        let now = clock.monotonic()
        state.withLock { state in
            guard now >= state.next else { return }
            state.next = now + (isTerminal ? Self.terminalInterval : Self.logInterval)
            guard isTerminal else { return Output.error(text()) }
            state.isDrawn = true
            Output.errorText("\r\u{1B}[K\(text())")
        }
    }

    /// Takes the line away.
    func end() {
        state.withLock { state in
            if state.isDrawn { Output.errorText("\r\u{1B}[K") }
            state.isDrawn = false
        }
    }
}
