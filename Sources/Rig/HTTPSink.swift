import Glibc
import Synchronization

/// A web server on loopback that takes what is posted to it: the other end of a webhook.
package final class HTTPSink: Sendable {
    package let port: Int
    private let listener: Int32
    private let received = Mutex<[[UInt8]]>([])
    private let isStopped = Mutex(false)

    /// More than an alert has; a larger body is cut off with the connection.
    private static let largestRequest = 1 << 20

    /// Listens at once.
    package init() throws(RigError) {
        (listener, port) = try LoopbackSocket.listening(port: 0)
        try RigThread.start { [self] in
            while !isStopped.withLock({ $0 }) {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else {
                    if errno == EINTR || errno == ECONNABORTED { continue }
                    return
                }
                serve(connection)
                close(connection)
            }
        }
    }

    /// Bodies in the order in which they came.
    package var bodies: [[UInt8]] { received.withLock { $0 } }

    package func stop() {
        guard
            isStopped.withLock({ stopped in
                defer { stopped = true }; return !stopped
            })
        else { return }
        // Ends the accept on the other thread.
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    /// One request a connection; a sender that is silent for two seconds is let go.
    private func serve(_ connection: Int32) {
        var patience = timeval(tv_sec: 2, tv_usec: 0)
        setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while bytes.count < Self.largestRequest {
            if let body = Self.body(of: bytes) {
                received.withLock { $0.append(body) }
                let answer = Array("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".utf8)
                send(connection, answer, answer.count, Int32(MSG_NOSIGNAL))
                return
            }
            let count = recv(connection, &chunk, chunk.count, 0)
            guard count > 0 else { return }
            bytes += chunk[..<count]
        }
    }

    /// The body once the whole of it is here; nil before.
    private static func body(of request: [UInt8]) -> [UInt8]? {
        let text = String(decoding: request, as: UTF8.self)
        guard let end = request.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let length = text.split(separator: "\r\n").lazy
            .compactMap { line -> Int? in
                let parts = line.split(separator: ":", maxSplits: 1)
                guard parts.count == 2, parts[0].lowercased() == "content-length" else { return nil }
                return Int(parts[1].drop { $0 == " " })
            }.first
        let body = request[end.upperBound...]
        guard let length, body.count >= length else { return nil }
        return Array(body.prefix(length))
    }
}
