import Glibc
import Synchronization

/// A started process, as long as it is there: whoever has it may end it, from any thread.
///
/// Its id stays taken until it is waited for, and that happens under the lock: no signal reaches another process.
final class HostLife: Sendable {
    private struct State {
        /// As waitpid gives it; nil while the process is there.
        var status: Int32?
        /// This side's end of its socket, while that is open.
        var socket: Int32?
    }
    let pid: pid_t
    private let signal: Int32
    private let state: Mutex<State>

    /// How often a process that was killed is looked for.
    private static let interval: useconds_t = 1_000

    /// - Parameters:
    ///   - socket: shut down when the process is killed, so that whoever reads from it wakes though others hold its end.
    ///   - signal: what ends it; tests send one that does not, as SIGKILL does not while a driver holds the process.
    init(pid: pid_t, socket: Int32? = nil, signal: Int32 = SIGKILL) {
        self.pid = pid
        self.signal = signal
        state = Mutex(State(socket: socket))
    }

    func kill() {
        state.withLock { state in
            if state.status == nil { Glibc.kill(pid, signal) }
            if let socket = state.socket { shutdown(socket, Int32(SHUT_RDWR)) }
        }
    }

    /// The socket is about to be closed.
    func forgetSocket() { state.withLock { $0.socket = nil } }

    /// Looks once.
    /// - Returns: how it ended, as waitpid gives it; nil while it is there.
    func look() -> Int32? {
        state.withLock { state in
            guard state.status == nil else { return state.status }
            var status: Int32 = 0
            let found = waitpid(pid, &status, WNOHANG)
            if found == pid {
                state.status = status
            } else if found < 0, errno == ECHILD {
                state.status = 0
            }
            return state.status
        }
    }

    func wait(within limit: Duration) -> Int32? {
        let end = ContinuousClock.now.advanced(by: limit)
        while true {
            if let status = look() { return status }
            guard ContinuousClock.now < end else { return nil }
            usleep(Self.interval)
        }
    }
}

/// Processes that were killed and are still there, because the kernel holds them in a driver: they are looked for again
/// whenever another one is started or ends.
package enum LeftProcesses {
    /// Each keeps a model's memory; where so many hang, another one would too.
    static let limit = 8

    private static let lives = Mutex<[HostLife]>([])

    static func add(_ life: HostLife) { lives.withLock { $0.append(life) } }

    /// Waits for none.
    /// - Returns: ids of those that are still there.
    @discardableResult package static func look() -> [Int32] {
        lives.withLock { lives in
            lives.removeAll { $0.look() != nil }
            return lives.map(\.pid)
        }
    }
}

/// Ends the process that a model is being loaded in, from another thread.
package final class HostStop: Sendable {
    private struct State {
        var isStopped = false
        var life: HostLife?
    }
    private let state = Mutex(State())

    package init() {}

    package var isStopped: Bool { state.withLock { $0.isStopped } }

    /// What is being loaded fails at once, and so does what is loaded later.
    package func stop() {
        let life = state.withLock { state in
            state.isStopped = true
            return state.life
        }
        life?.kill()
    }

    func watch(_ life: HostLife) {
        let isStopped = state.withLock { state in
            state.life = life
            return state.isStopped
        }
        if isStopped { life.kill() }
    }

    /// What is loaded is no longer this object's to end.
    func release() { state.withLock { $0.life = nil } }
}
