import Glibc
import Synchronization

/// A serial line without wires: a pseudo terminal whose far end a ``ModbusSlave`` serves.
package final class SerialLine: Sendable {
    /// What a driver opens; stays the same when the far end goes away and comes back.
    package let path: String
    private let nearEnd = Mutex<Int32?>(nil)

    /// - Parameter path: a file that does not exist yet; it goes away with this object.
    package init(path: String) { self.path = path }

    deinit {
        unlink(path)
        if let nearEnd = nearEnd.withLock({ $0 }) { close(nearEnd) }
    }

    /// Makes the line; the one before it, if any, is dead.
    ///
    /// - Returns: the far end, which the caller closes.
    func plugIn() throws(RigError) -> Int32 {
        var (far, near): (Int32, Int32) = (-1, -1)
        var name = [CChar](repeating: 0, count: 128)
        guard openpty(&far, &near, &name, nil, nil) == 0 else { throw .system(call: "openpty", code: errno) }
        for end in [far, near] { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(far, F_SETFL, O_NONBLOCK)
        unlink(path)
        let device = String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        guard symlink(device, path) == 0 else {
            let code = errno
            for end in [far, near] { close(end) }
            throw .system(call: "symlink", code: code)
        }
        var terminal = termios()
        tcgetattr(near, &terminal)
        cfmakeraw(&terminal)
        tcsetattr(near, TCSANOW, &terminal)
        // Held open, so that the far end is not hung up while no driver has the near one.
        let held = near
        let old = nearEnd.withLock { end in
            defer { end = held }
            return end
        }
        if let old { close(old) }
        return far
    }
}
