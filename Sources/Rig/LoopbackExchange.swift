import Glibc

/// Sends bytes to a port of this machine and collects what comes back.
package enum LoopbackExchange {
    /// - Parameters:
    ///   - count: so many bytes are waited for.
    ///   - patience: for each part of them.
    /// - Returns: what came until then, or until the other side closed.
    package static func send(
        _ bytes: [UInt8], to port: Int, expecting count: Int, patience: Duration
    ) throws(RigError) -> [UInt8] {
        let descriptor = try LoopbackSocket.connected(port: port)
        defer { close(descriptor) }
        guard Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
            throw .system(call: "send", code: errno)
        }
        let milliseconds = Int32(clamping: Int64(patience / .milliseconds(1)))
        var reply: [UInt8] = []
        while reply.count < count {
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&waiting, 1, milliseconds) == 1 else { break }
            var part = [UInt8](repeating: 0, count: count - reply.count)
            let received = recv(descriptor, &part, part.count, 0)
            guard received > 0 else { break }
            reply += part[..<received]
        }
        return reply
    }
}
