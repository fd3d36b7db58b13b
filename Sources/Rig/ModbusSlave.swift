import Glibc
import Synchronization

/// A Modbus slave on a free loopback port, or at the end of a serial line, whose registers are set from outside, and which can be told to misbehave.
///
/// It runs on one thread of its own and serves any number of connections.
package final class ModbusSlave: Sendable {
    /// Port on 127.0.0.1; stays the same over ``stop()`` and ``start()``. 0 at a serial line.
    package let port: Int
    private let framing: ModbusFraming
    private let line: SerialLine?
    /// The one unit id that it answers to; nil answers to every one.
    package let unit: UInt8?

    struct Injection: Sendable {
        var fault: ModbusFault
        var remaining: Int
        var addresses: Range<Int>
        var function: UInt8?
    }

    struct State: Sendable {
        var tables: ModbusTables
        var injections: [Injection] = []
        var requests = 0
        var writes: [[UInt8]] = []
        var connections = 0
    }

    let state: Mutex<State>
    /// Our end of the pair of sockets by which the thread is told to end and tells that it has; nil when none runs.
    private let running = Mutex<Int32?>(nil)
    private static let pairKind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)

    /// Listens at once.
    ///
    /// - Throws: `.system` when there is no socket or no thread left.
    package init(
        unit: UInt8? = nil, tables: ModbusTables = ModbusTables(), framing: ModbusFraming = .tcp
    ) throws(RigError) {
        self.unit = unit
        self.framing = framing
        line = nil
        state = Mutex(State(tables: tables))
        let listener = try LoopbackSocket.listening(port: 0)
        port = listener.port
        try serve(listener: listener.descriptor, port: nil)
    }

    /// One that is reached over a serial line.
    package init(unit: UInt8? = nil, tables: ModbusTables = ModbusTables(), line: SerialLine) throws(RigError) {
        (self.unit, self.line, framing, port) = (unit, line, .rtu, 0)
        state = Mutex(State(tables: tables))
        try serve(listener: -1, port: line.plugIn())
    }

    deinit {
        // Does not wait: the last reference may go away on the very thread that is to end.
        guard let running = running.withLock({ $0.take() }) else { return }
        close(running)
    }

    /// Reads or changes the registers; a request sees all of a change or nothing of it.
    package func withTables<R: Sendable>(_ body: (inout sending ModbusTables) -> sending R) -> R {
        state.withLock { state in
            var tables = state.tables
            let result = body(&tables)
            state.tables = tables
            return result
        }
    }

    /// Makes it do this wrong with the next requests that touch these addresses.
    ///
    /// - Parameter function: only with requests of this function.
    package func inject(
        _ fault: ModbusFault, times: Int = .max, at addresses: Range<Int> = 0..<65_536, function: UInt8? = nil
    ) {
        state.withLock {
            $0.injections.append(
                Injection(fault: fault, remaining: times, addresses: addresses, function: function))
        }
    }

    /// Makes it behave again.
    package func heal() { state.withLock { $0.injections = [] } }

    /// How often the faults that were limited in number are still to come.
    package var faultsLeft: Int {
        state.withLock { $0.injections.filter { $0.remaining < .max / 2 }.reduce(0) { $0 + $1.remaining } }
    }

    /// The PDUs of all requests that write, in order.
    package var writes: [[UInt8]] { state.withLock { $0.writes } }
    /// Requests received so far, well or badly answered.
    package var requests: Int { state.withLock { $0.requests } }
    /// Connections accepted so far.
    package var connections: Int { state.withLock { $0.connections } }

    /// Closes every connection and listens no more; returns when the port is free.
    package func stop() {
        guard let running = running.withLock({ $0.take() }) else { return }
        shutdown(running, Int32(SHUT_WR))
        // The thread closes its end after the last socket, which ends this read.
        var byte: UInt8 = 0
        while read(running, &byte, 1) < 0, errno == EINTR {}
        close(running)
    }

    /// Listens again on the same port after a ``stop()``; does nothing while it listens.
    ///
    /// - Throws: `.system` when somebody else took the port meanwhile.
    package func start() throws(RigError) {
        guard running.withLock({ $0 == nil }) else { return }
        if let line { return try serve(listener: -1, port: line.plugIn()) }
        try serve(listener: LoopbackSocket.listening(port: port).descriptor, port: nil)
    }

    private func serve(listener: Int32, port: Int32?) throws(RigError) {
        var ends: [Int32] = [0, 0]
        guard socketpair(AF_UNIX, Self.pairKind, 0, &ends) == 0 else {
            let code = errno
            close(port ?? listener)
            throw .system(call: "socketpair", code: code)
        }
        // One pair tells both ways: each side closes its end when it is done.
        let (ours, theirs, unit, framing) = (ends[0], ends[1], unit, framing)
        running.withLock { $0 = ours }
        try RigThread.start { [weak self] in
            var server = ModbusServer(listener: listener, port: port, stop: theirs, framing: framing)
            // Held for one turn only, so that the slave can go away and its `deinit` ends this loop.
            while server.waitForWork() { self?.serveTurn(&server, unit) }
            server.closeAll()
        }
    }

    private func serveTurn(_ server: inout ModbusServer, _ unit: UInt8?) {
        let framing = framing
        let accepted = server.acceptAndRead { request in
            guard unit == nil || request.unit == unit else { return .ignore }
            return state.withLock { $0.answer(request, framing) }
        }
        state.withLock { $0.connections += accepted }
    }
}

extension ModbusSlave.State {
    /// What to do with one request.
    mutating func answer(_ request: ModbusServer.Request, _ framing: ModbusFraming) -> ModbusServer.Answer {
        requests += 1
        if let function = request.pdu.first, function > 4 { writes.append(request.pdu) }
        let fault = takeFault(request)
        if fault == .lost { return .ignore }
        var untouched = tables
        let reply = fault == .pretence ? untouched.reply(to: request.pdu) : tables.reply(to: request.pdu)
        guard let fault else {
            return .send(
                [framing.frame(unit: request.unit, pdu: reply, transaction: request.transaction)], after: .zero)
        }
        let frames = fault.frames(for: reply, to: request, framing)
        switch fault {
        case .close: return .close
        case .delay(let span): return .send(frames, after: span)
        case .hang(let span): return .hang(frames, after: span)
        default: return .send(frames, after: .zero)
        }
    }

    private mutating func takeFault(_ request: ModbusServer.Request) -> ModbusFault? {
        guard request.pdu.count >= 5 else { return nil }
        let start = Int(request.pdu[1]) << 8 | Int(request.pdu[2])
        let isSingle = request.pdu[0] == 5 || request.pdu[0] == 6 || request.pdu[0] == 22
        let asked = start..<(start + (isSingle ? 1 : max(1, Int(request.pdu[3]) << 8 | Int(request.pdu[4]))))
        let index = injections.firstIndex {
            $0.addresses.overlaps(asked) && ($0.function == nil || $0.function == request.pdu[0])
        }
        guard let index else { return nil }
        injections[index].remaining -= 1
        let fault = injections[index].fault
        if injections[index].remaining <= 0 { injections.remove(at: index) }
        return fault
    }
}
