import Glibc
import Plant

/// Wakes a thread that waits in poll(2): a pipe with a byte in it, or none.
final class WakeSignal: Sendable {
    /// Readable while the signal is raised.
    let descriptor: Int32
    private let writing: Int32

    init() throws(LinkFailure) {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw .system(call: "pipe", code: errno) }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        descriptor = ends[0]
        writing = ends[1]
    }

    deinit {
        close(descriptor)
        close(writing)
    }

    /// A full pipe refuses the byte, but then it is raised already.
    func raise() {
        var byte: UInt8 = 1
        write(writing, &byte, 1)
    }

    /// Makes the descriptor quiet again.
    func clear() {
        var bytes = [UInt8](repeating: 0, count: 64)
        while read(descriptor, &bytes, bytes.count) == bytes.count {}
    }

    /// Waits until it is raised or the time is over; nil waits without end.
    func wait(timeout: Duration?) { _ = Polling.wait([(descriptor, Int16(POLLIN))], timeout: timeout) }
}

/// Waits for descriptors with poll(2).
enum Polling {
    /// - Parameter timeout: rounded up to milliseconds, because a turn too early would find nothing and spin.
    /// - Returns: what is ready of each descriptor, 0 for nothing.
    static func wait(_ descriptors: [(Int32, Int16)], timeout: Duration?) -> [Int16] {
        var waiting = descriptors.map { pollfd(fd: $0.0, events: $0.1, revents: 0) }
        let milliseconds = timeout.map { max(0, Int32(clamping: ($0.wholeNanoseconds + 999_999) / 1_000_000)) } ?? -1
        guard poll(&waiting, nfds_t(waiting.count), milliseconds) > 0 else { return waiting.map { _ in 0 } }
        return waiting.map(\.revents)
    }
}
