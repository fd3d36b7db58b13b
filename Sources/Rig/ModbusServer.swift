import Glibc

/// The sockets of a ``ModbusSlave``: used by its one thread only.
struct ModbusServer: ~Copyable {
    enum Answer: Sendable {
        /// Pieces, each written on its own.
        case send([[UInt8]], after: Duration)
        /// The first piece at once, the others later.
        case hang([[UInt8]], after: Duration)
        case ignore
        case close
    }

    /// One request, whatever frame it came in.
    struct Request {
        /// Two bytes that come back as they are; none in RTU.
        var transaction: [UInt8]
        var unit: UInt8
        var pdu: [UInt8]
    }

    private struct Connection {
        var descriptor: Int32
        var received: [UInt8] = []
        /// A serial port, which stays open whoever goes.
        var isPort = false
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

    private let framing: ModbusFraming

    /// - Parameters:
    ///   - listener: where connections come in; -1 for none.
    ///   - port: the far end of a serial line; nil for none.
    init(listener: Int32, port: Int32? = nil, stop: Int32, framing: ModbusFraming) {
        self.listener = listener
        self.stop = stop
        self.framing = framing
        if let port { connections = [Connection(descriptor: port, isPort: true)] }
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
    mutating func acceptAndRead(_ answer: (Request) -> Answer) -> Int {
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
        if listener >= 0 { close(listener) }
        close(stop)
    }

    /// - Returns: false when the connection is to be closed.
    private mutating func serve(_ index: Int, _ answer: (Request) -> Answer) -> Bool {
        let descriptor = connections[index].descriptor
        var buffer = [UInt8](repeating: 0, count: 1_024)
        let count = read(descriptor, &buffer, buffer.count)
        guard count > 0 else { return count < 0 && errno == EAGAIN }
        connections[index].received += buffer[..<count]
        while let request = framing.takeRequest(&connections[index].received) {
            switch answer(request) {
            case .ignore: break
            case .close: if !connections[index].isPort { return false }
            case .send(let pieces, .zero): write(pieces, to: descriptor)
            case .hang(let pieces, let delay):
                write(Array(pieces.prefix(1)), to: descriptor)
                delayed.append(
                    Delayed(
                        descriptor: descriptor, pieces: Array(pieces.dropFirst()),
                        due: ContinuousClock.now.advanced(by: delay)))
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
        // A closed socket is an error code here: signals are blocked on this thread.
        for piece in pieces { _ = Glibc.write(descriptor, piece, piece.count) }
    }
}
