import Glibc
import Runtime

/// One end of the socket between the program and the process of a vendor's library.
// SAFETY: reads and writes stay within arrays of the size that is asked for.
struct HostChannel {
    let descriptor: Int32

    enum Failure: Error {
        case closed
        case late
        case garbled
    }

    /// - Parameter limit: nil waits for ever until the other side reads.
    func send(_ message: HostMessage, within limit: Duration?) throws(Failure) {
        let end = limit.map { ContinuousClock.now.advanced(by: $0) }
        let body = message.bytes
        let bytes = HostMessage.number(body.count) + body
        let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
        var sent = 0
        while sent < bytes.count {
            try wait(for: POLLOUT, until: end)
            let count = bytes[sent...].withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, flags) }
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count > 0 else { throw .closed }
            sent += count
        }
    }

    /// - Parameter limit: nil waits for ever.
    func receive(within limit: Duration?) throws(Failure) -> HostMessage {
        let end = limit.map { ContinuousClock.now.advanced(by: $0) }
        let count = HostMessage.number(try bytes(4, until: end)[...])
        guard count <= HostMessage.maximumBytes else { throw .garbled }
        guard let message = HostMessage(bytes: try bytes(count, until: end)) else { throw .garbled }
        return message
    }

    private func bytes(_ count: Int, until end: ContinuousClock.Instant?) throws(Failure) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            try wait(for: POLLIN, until: end)
            let got = result[filled...].withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { throw .closed }
            filled += got
        }
        return result
    }

    private func wait(for event: Int32, until end: ContinuousClock.Instant?) throws(Failure) {
        var entry = pollfd(fd: descriptor, events: Int16(event), revents: 0)
        while true {
            var milliseconds: Int32 = -1
            if let end {
                let left = (end - ContinuousClock.now) / .milliseconds(1)
                guard left > 0 else { throw .late }
                milliseconds = Int32(min(left.rounded(.up), 3_600_000))
            }
            if poll(&entry, 1, milliseconds) > 0 { return }
        }
    }
}
