import Glibc

/// The sockets of a ``ModbusSlave``: used by its one thread only.
struct ModbusServer: ~Copyable {
    enum Answer: Sendable {
        /// Pieces, each written on its own.
        case send([[UInt8]], after: Duration)
        case ignore
        case close
    }

    private struct Connection {
        var descriptor: Int32
        var received: [UInt8] = []

        /// One frame by the length in its header. Source: Modbus Messaging on TCP/IP V1.0b, 3.1.3.
        mutating func takeRequest() -> [UInt8]? {
            guard received.count >= 8 else { return nil }
            let length = 6 + (Int(received[4]) << 8 | Int(received[5]))
            guard length >= 8, received.count >= length else { return nil }
            defer { received.removeFirst(length) }
            return Array(received[..<length])
        }
    }

    private struct Delayed {
        var descriptor: Int32
        var pieces: [[UInt8]]
        var due: ContinuousClock.Instant
    }

    /// A frame of Modbus TCP is at most 260 bytes; who sends more without a frame in it is no Modbus client.
    private static let maxBufferedBytes = 4_096

    private let listener: Int32
    private let stop: Int32
    private var connections: [Connection] = []
    private var delayed: [Delayed] = []
    private var ready: [pollfd] = []

    init(listener: Int32, stop: Int32) {
        self.listener = listener
        self.stop = stop
    }

    /// Waits until a socket or a delayed reply wants something.
    ///
    /// - Returns: false when the slave was told to stop.
    mutating func waitForWork() -> Bool {
        ready = ([listener, stop] + connections.map(\.descriptor)).map {
            pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
        }
        var timeout: Int32 = -1
        if let next = delayed.map(\.due).min() {
            let wait = ContinuousClock.now.duration(to: next)
            // Rounded up: a turn too early would find nothing to do and spin.
            timeout = max(0, Int32(clamping: Int64((wait / .milliseconds(1)).rounded(.up))))
        }
        guard poll(&ready, nfds_t(ready.count), timeout) >= 0 else { return errno == EINTR }
        return ready[1].revents == 0
    }

    /// Serves every socket once.
    ///
    /// - Returns: how many connections were accepted.
    mutating func acceptAndRead(_ answer: ([UInt8]) -> Answer) -> Int {
        sendDelayed()
        var ended: [Int32] = []
        for index in connections.indices where ready[index + 2].revents != 0 {
            if !serve(index, answer) { ended.append(connections[index].descriptor) }
        }
        for descriptor in ended { close(descriptor) }
        connections.removeAll { ended.contains($0.descriptor) }
        delayed.removeAll { ended.contains($0.descriptor) }
        guard ready[0].revents != 0 else { return 0 }
        let descriptor = accept(listener, nil, nil)
        guard descriptor >= 0 else { return 0 }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        var yes: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
        connections.append(Connection(descriptor: descriptor))
        return 1
    }

    mutating func closeAll() {
        for connection in connections { close(connection.descriptor) }
        close(listener)
        close(stop)
    }

    /// - Returns: false when the connection is to be closed.
    private mutating func serve(_ index: Int, _ answer: ([UInt8]) -> Answer) -> Bool {
        let descriptor = connections[index].descriptor
        var buffer = [UInt8](repeating: 0, count: 1_024)
        let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        guard count > 0 else { return count < 0 && errno == EAGAIN }
        connections[index].received += buffer[..<count]
        while let request = connections[index].takeRequest() {
            switch answer(request) {
            case .ignore: break
            case .close: return false
            case .send(let pieces, .zero): write(pieces, to: descriptor)
            case .send(let pieces, let delay):
                delayed.append(
                    Delayed(descriptor: descriptor, pieces: pieces, due: ContinuousClock.now.advanced(by: delay)))
            }
        }
        return connections[index].received.count < Self.maxBufferedBytes
    }

    private mutating func sendDelayed() {
        let now = ContinuousClock.now
        for reply in delayed where reply.due <= now { write(reply.pieces, to: reply.descriptor) }
        delayed.removeAll { $0.due <= now }
    }

    private func write(_ pieces: [[UInt8]], to descriptor: Int32) {
        for piece in pieces { send(descriptor, piece, piece.count, Int32(MSG_NOSIGNAL)) }
    }
}
