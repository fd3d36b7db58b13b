import Glibc

/// A TCP port on the loopback interface that nobody listens on.
package enum FreePort {
    /// Asks the system for a port and gives it back at once, so another program may take it before the caller does: the
    /// caller must be ready to ask again. The system hands out the same number only after all others.
    ///
    /// - Throws: when there is no free port or no socket left.
    package static func next() throws(RigError) -> Int {
        let listener = try LoopbackSocket.listening(port: 0)
        defer { close(listener.descriptor) }
        return listener.port
    }
}
