import Glibc
import Synchronization

/// Many Modbus TCP slaves on ports of their own, served by one thread that costs little next to the master that polls them.
///
/// Every slave answers to every unit id. Holding and input registers 0 to 3 hold the time of the answer in nanoseconds since
/// 1970, high word first; the others hold `port + address`, modulo 65,536. Functions 3 and 4; anything else is an exception 1.
/// - Source: Modbus Messaging on TCP/IP V1.0b, 3.1.3.
package final class ModbusFarm: Sendable {
    /// Ports on 127.0.0.1, one a slave.
    package let ports: [Int]
    private let counters = Mutex(Counters())
    private let isStopped = Atomic(false)

    package struct Counters: Sendable {
        package var requests = 0
        package var registers = 0
    }

    /// - Parameters:
    ///   - delay: from a request to its answer.
    ///   - hanging: so many of the slaves, the last ones, accept connections and never answer.
    package init(slaves: Int, delay: Duration = .zero, hanging: Int = 0) throws(RigError) {
        var listeners: [Int32] = []
        var ports: [Int] = []
        for _ in 0..<slaves {
            let listener = try LoopbackSocket.listening(port: 0)
            listeners.append(listener.descriptor)
            ports.append(listener.port)
        }
        self.ports = ports
        let (seconds, attoseconds) = delay.components
        let loop = FarmLoop(
            listeners: listeners, ports: ports, delay: seconds * 1_000_000_000 + attoseconds / 1_000_000_000,
            hanging: hanging)
        try RigThread.start { [weak self] in
            var loop = loop
            while let self, !self.isStopped.load(ordering: .acquiring) {
                let (requests, registers) = loop.turn()
                guard requests > 0 else { continue }
                self.counters.withLock {
                    $0.requests += requests
                    $0.registers += registers
                }
            }
            loop.close()
        }
    }

    package var served: Counters { counters.withLock { $0 } }

    /// Ends it within its next turn.
    package func stop() { isStopped.store(true, ordering: .releasing) }
}

/// The sockets of a farm; belongs to its thread.
private struct FarmLoop: Sendable {
    private struct Client: Sendable {
        var port: Int
        var isHanging: Bool
        var received: [UInt8] = []
        /// Told apart from a later client with the same descriptor.
        var generation: Int
    }

    private struct Reply: Sendable {
        var due: Int64
        var descriptor: Int32
        var generation: Int
        var request: [UInt8]
    }

    private let listeners: [Int32: (port: Int, isHanging: Bool)]
    private let delay: Int64
    private var watched: [pollfd]
    private var clients: [Int32: Client] = [:]
    /// In the order of their time, as each waits equally long.
    private var waiting: [Reply] = []
    private var firstWaiting = 0
    private var generations = 0
    private var registers = 0
    /// How long a turn waits for a socket when no reply waits; ``ModbusFarm/stop()`` is seen after it.
    private static let idleNanoseconds: Int64 = 100_000_000
    /// Requests that come meanwhile are seen so much later.
    private static let longestNap: Int64 = 200_000

    init(listeners: [Int32], ports: [Int], delay: Int64, hanging: Int) {
        self.delay = delay
        var table: [Int32: (port: Int, isHanging: Bool)] = [:]
        for (index, listener) in listeners.enumerated() {
            table[listener] = (ports[index], index >= listeners.count - hanging)
        }
        self.listeners = table
        watched = listeners.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    }

    /// Waits for something to do and does it.
    ///
    /// - Returns: requests answered, and registers in them.
    mutating func turn() -> (requests: Int, registers: Int) {
        registers = 0
        waitForSockets()
        var answered = 0
        for index in watched.indices where watched[index].revents != 0 {
            let descriptor = watched[index].fd
            if let listener = listeners[descriptor] {
                accept(descriptor, listener)
            } else if let count = serve(descriptor) {
                answered += count
            } else {
                watched[index].fd = -1
            }
        }
        watched.removeAll { $0.fd < 0 }
        let now = Self.clock(CLOCK_MONOTONIC)
        while firstWaiting < waiting.count, waiting[firstWaiting].due <= now {
            let reply = waiting[firstWaiting]
            firstWaiting += 1
            guard let client = clients[reply.descriptor], client.generation == reply.generation else { continue }
            answer(reply.request, reply.descriptor, client.port)
            answered += 1
        }
        if firstWaiting == waiting.count || firstWaiting > 4_096 {
            waiting.removeFirst(firstWaiting)
            firstWaiting = 0
        }
        return (answered, registers)
    }

    func close() {
        for descriptor in clients.keys { Glibc.close(descriptor) }
        for descriptor in listeners.keys { Glibc.close(descriptor) }
    }

    /// Replies are due to the tenth of a millisecond, which the milliseconds of poll(2) would blur: the last one is slept.
    private mutating func waitForSockets() {
        var left = Self.idleNanoseconds
        if firstWaiting < waiting.count { left = max(0, waiting[firstWaiting].due - Self.clock(CLOCK_MONOTONIC)) }
        if left < 1_000_000, left > 0 {
            var span = timespec(tv_sec: 0, tv_nsec: Int(min(left, Self.longestNap)))
            nanosleep(&span, nil)
        }
        if poll(&watched, nfds_t(watched.count), Int32(left / 1_000_000)) <= 0 {
            for index in watched.indices { watched[index].revents = 0 }
        }
    }

    private mutating func accept(_ listener: Int32, _ place: (port: Int, isHanging: Bool)) {
        let descriptor = Glibc.accept(listener, nil, nil)
        guard descriptor >= 0 else { return }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        var yes: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
        generations += 1
        clients[descriptor] = Client(port: place.port, isHanging: place.isHanging, generation: generations)
        watched.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
    }

    /// - Returns: requests answered at once; nil when the client has gone.
    private mutating func serve(_ descriptor: Int32) -> Int? {
        let part = [UInt8](unsafeUninitializedCapacity: 4_096) { buffer, count in
            // SAFETY: reads at most as many bytes as the buffer holds.
            count = max(0, recv(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT)))
        }
        guard !part.isEmpty, var client = clients[descriptor] else {
            Glibc.close(descriptor)
            clients[descriptor] = nil
            return nil
        }
        guard !client.isHanging else { return 0 }
        client.received += part
        var answered = 0
        var at = 0
        while client.received.count - at >= 12 {
            let request = Array(client.received[at..<(at + 12)])
            at += 12
            if delay == 0 {
                answer(request, descriptor, client.port)
                answered += 1
            } else {
                waiting.append(
                    Reply(
                        due: Self.clock(CLOCK_MONOTONIC) + delay, descriptor: descriptor,
                        generation: client.generation, request: request))
            }
        }
        client.received.removeFirst(at)
        clients[descriptor] = client
        return answered
    }

    private mutating func answer(_ request: [UInt8], _ descriptor: Int32, _ port: Int) {
        let start = Int(request[8]) << 8 | Int(request[9])
        let count = Int(request[10]) << 8 | Int(request[11])
        var reply = Array(request[..<4])
        if request[7] == 3 || request[7] == 4, (1...125).contains(count) {
            reply += [UInt8((3 + 2 * count) >> 8), UInt8(truncatingIfNeeded: 3 + 2 * count), request[6], request[7]]
            reply.append(UInt8(2 * count))
            let now = UInt64(bitPattern: Self.clock(CLOCK_REALTIME))
            for address in start..<(start + count) {
                let word =
                    address < 4
                    ? UInt16(truncatingIfNeeded: now >> UInt64(48 - 16 * address))
                    : UInt16(truncatingIfNeeded: port + address)
                reply += [UInt8(word >> 8), UInt8(truncatingIfNeeded: word)]
            }
            registers += count
        } else {
            reply += [0, 3, request[6], request[7] | 0x80, request[7] == 3 || request[7] == 4 ? 3 : 1]
        }
        send(descriptor, reply, reply.count, Int32(MSG_NOSIGNAL))
    }

    private static func clock(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
