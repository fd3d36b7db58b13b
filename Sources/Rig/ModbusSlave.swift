import Glibc
import Synchronization

/// A Modbus TCP slave on a free loopback port whose registers are set from outside, and which can be told to misbehave.
///
/// It runs on one thread of its own and serves any number of connections.
package final class ModbusSlave: Sendable {
    /// Port on 127.0.0.1; stays the same over ``stop()`` and ``start()``.
    package let port: Int
    /// The one unit id that it answers to; nil answers to every one.
    package let unit: UInt8?

    struct Injection: Sendable {
        var fault: ModbusFault
        var remaining: Int
        var addresses: Range<Int>
    }

    struct State: Sendable {
        var tables: ModbusTables
        var injections: [Injection] = []
        var requests = 0
        var connections = 0
    }

    let state: Mutex<State>
    /// Our end of the pair of sockets by which the thread is told to end and tells that it has; nil when none runs.
    private let running = Mutex<Int32?>(nil)
    private static let pairKind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)

    /// Listens at once.
    ///
    /// - Throws: `.system` when there is no socket or no thread left.
    package init(unit: UInt8? = nil, tables: ModbusTables = ModbusTables()) throws(RigError) {
        self.unit = unit
        state = Mutex(State(tables: tables))
        let listener = try LoopbackSocket.listening(port: 0)
        port = listener.port
        try serve(listener.descriptor)
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
    package func inject(_ fault: ModbusFault, times: Int = .max, at addresses: Range<Int> = 0..<65_536) {
        state.withLock { $0.injections.append(Injection(fault: fault, remaining: times, addresses: addresses)) }
    }

    /// Makes it behave again.
    package func heal() { state.withLock { $0.injections = [] } }

    /// How often the faults that were limited in number are still to come.
    package var faultsLeft: Int {
        state.withLock { $0.injections.filter { $0.remaining < .max / 2 }.reduce(0) { $0 + $1.remaining } }
    }

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
        try serve(LoopbackSocket.listening(port: port).descriptor)
    }

    private func serve(_ listener: Int32) throws(RigError) {
        var ends: [Int32] = [0, 0]
        guard socketpair(AF_UNIX, Self.pairKind, 0, &ends) == 0 else {
            let code = errno
            close(listener)
            throw .system(call: "socketpair", code: code)
        }
        // One pair tells both ways: each side closes its end when it is done.
        let (ours, theirs, unit) = (ends[0], ends[1], unit)
        running.withLock { $0 = ours }
        try RigThread.start { [weak self] in
            var server = ModbusServer(listener: listener, stop: theirs)
            // Held for one turn only, so that the slave can go away and its `deinit` ends this loop.
            while server.waitForWork() { self?.serveTurn(&server, unit) }
            server.closeAll()
        }
    }

    private func serveTurn(_ server: inout ModbusServer, _ unit: UInt8?) {
        let accepted = server.acceptAndRead { request in
            guard unit == nil || request[6] == unit else { return .ignore }
            return state.withLock { $0.answer(request) }
        }
        state.withLock { $0.connections += accepted }
    }
}

extension ModbusSlave.State {
    /// What to do with one request frame (MBAP header and PDU).
    mutating func answer(_ request: [UInt8]) -> ModbusServer.Answer {
        requests += 1
        let pdu = tables.reply(to: Array(request[7...]))
        let length = UInt16(pdu.count + 1)
        let reply = Array(request[..<4]) + [UInt8(length >> 8), UInt8(truncatingIfNeeded: length), request[6]] + pdu
        guard let fault = takeFault(request) else { return .send([reply], after: .zero) }
        switch fault {
        case .close: return .close
        case .delay(let span): return .send([reply], after: span)
        default: return .send(fault.frames(for: reply), after: .zero)
        }
    }

    private mutating func takeFault(_ request: [UInt8]) -> ModbusFault? {
        guard request.count >= 12 else { return nil }
        let start = Int(request[8]) << 8 | Int(request[9])
        let asked = start..<(start + max(1, Int(request[10]) << 8 | Int(request[11])))
        guard let index = injections.firstIndex(where: { $0.addresses.overlaps(asked) }) else { return nil }
        injections[index].remaining -= 1
        let fault = injections[index].fault
        if injections[index].remaining <= 0 { injections.remove(at: index) }
        return fault
    }
}
