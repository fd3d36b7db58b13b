import Glibc
import Synchronization

/// A server on a free loopback port that answers each connection with bytes the test wrote, well-formed or not.
final class LoopbackServer: Sendable {
    struct Request: Sendable {
        /// The request line and the headers.
        var head: String
        var body: [UInt8]

        func header(_ name: String) -> String? {
            head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("\(name.lowercased()): ") }
                .map { String($0.dropFirst(name.utf8.count + 2)) }
        }
    }

    enum Step: Sendable {
        case send([UInt8])
        /// One byte again and again, 50 a second, until the client goes.
        case drip
        /// Nothing, until the client goes.
        case hold
        /// Ends the connection with RST.
        case reset
    }

    let port: Int
    var url: String { "http://127.0.0.1:\(port)" }
    private let listener: Int32
    private let log = Mutex<[Request]>([])
    private let answer: @Sendable (Request) -> [Step]

    /// Requests so far, in order.
    var requests: [Request] { log.withLock { $0 } }

    init(_ answer: @escaping @Sendable (Request) -> [Step]) throws {
        self.answer = answer
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = listener
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            // SAFETY: a sockaddr_in is handed on as the sockaddr it begins with, with its size.
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && listen(descriptor, 16) == 0
                    && getsockname(descriptor, $0, &size) == 0
            }
        }
        guard isBound else { throw Failure(errno: errno) }
        port = Int(UInt16(bigEndian: address.sin_port))
        start(thread: { $0.acceptAll() })
    }

    deinit { close(listener) }

    struct Failure: Error { var errno: Int32 }

    /// A whole answer.
    static func answer(_ status: String, headers: [String] = [], _ body: [UInt8] = []) -> [UInt8] {
        let lines = ["HTTP/1.1 \(status)", "Content-Length: \(body.count)"] + headers
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body
    }

    /// Ends the server's thread; each test does so, because the thread holds the server.
    func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

    private func start(thread body: @escaping @Sendable (LoopbackServer) -> Void) {
        final class Work { let body: () -> Void; init(_ body: @escaping () -> Void) { self.body = body } }
        // SAFETY: the new thread takes the reference over and releases it.
        let work = Unmanaged.passRetained(Work { body(self) })
        var id = pthread_t()
        pthread_create(
            &id, nil,
            { argument in
                if let argument { Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body() }
                return nil
            }, work.toOpaque())
        pthread_detach(id)
    }

    private func acceptAll() {
        while true {
            let connection = accept(listener, nil, nil)
            guard connection >= 0 else { return }
            start(thread: { $0.serve(connection) })
        }
    }

    private func serve(_ connection: Int32) {
        defer { close(connection) }
        while let request = read(from: connection) {
            log.withLock { $0.append(request) }
            for step in answer(request) where !perform(step, on: connection) { return }
        }
    }

    private func perform(_ step: Step, on connection: Int32) -> Bool {
        switch step {
        case .send(let bytes):
            var sent = 0
            while sent < bytes.count {
                let start = sent
                let count = bytes.withUnsafeBytes {
                    send(connection, $0.baseAddress?.advanced(by: start), $0.count - start, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { return false }
                sent += count
            }
            return true
        case .drip:
            while !isClosed(connection, within: 20) {
                guard send(connection, "x", 1, Int32(MSG_NOSIGNAL)) == 1 else { break }
            }
            return false
        case .hold:
            while !isClosed(connection, within: 1_000) {}
            return false
        case .reset:
            var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
            setsockopt(connection, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
            return false
        }
    }

    private func isClosed(_ connection: Int32, within milliseconds: Int32) -> Bool {
        var watch = pollfd(fd: connection, events: Int16(POLLIN), revents: 0)
        guard poll(&watch, 1, milliseconds) > 0 else { return false }
        var byte: UInt8 = 0
        return recv(connection, &byte, 1, 0) <= 0
    }

    private func read(from connection: Int32) -> Request? {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            let text = String(decoding: bytes, as: UTF8.self)
            if let end = text.range(ofBlankLine: ()) {
                let head = Request(head: String(text[..<end.lowerBound]), body: [])
                let headBytes = text[..<end.upperBound].utf8.count
                let length = head.header("Content-Length").flatMap { Int($0) } ?? 0
                if bytes.count >= headBytes + length {
                    return Request(head: head.head, body: Array(bytes[headBytes..<headBytes + length]))
                }
            }
            let count = recv(connection, &piece, piece.count, 0)
            guard count > 0 else { return nil }
            bytes += piece[..<count]
        }
    }
}

extension String {
    /// The four characters that end the headers.
    fileprivate func range(ofBlankLine: Void) -> Range<String.Index>? {
        let mark = "\r\n\r\n".utf8
        var start = utf8.startIndex
        while start < utf8.endIndex {
            if utf8[start...].starts(with: mark) { return start..<utf8.index(start, offsetBy: 4) }
            start = utf8.index(after: start)
        }
        return nil
    }
}
