import Glibc

/// Many sensors at once: publishes numbered messages at a steady rate, and costs little next to the broker that takes them.
///
/// It writes MQTT 3.1.1 itself, many messages a system call, because a client library would take as much of the processor as
/// what is to be measured.
/// - Source: MQTT 3.1.1, sections 2.2, 3.1 to 3.4.
package struct MQTTLoad: Sendable {
    /// What one message holds; all of them say when they were sent, in nanoseconds since 1970, and their number within their topic.
    package enum Content: String, Sendable, CaseIterable {
        /// 146 bytes of JSON with eight fields: `seq`, `sts`, `temperature` and others.
        case json
        /// What collectd's plugins publish: `<seconds>:<number>`.
        case collectd
    }

    package var port: Int
    package var content = Content.json
    package var connections = 4
    /// Messages go round over the topics `plant/line07/m00007/data`.
    package var topics = 200
    /// 0 or 1.
    package var qos = 1
    package var messagesPerSecond: Double
    package var count: Int
    /// Messages of a connection on their way to the broker without acknowledgement, for QoS 1.
    package var window = 1_000
    /// Number of the first message within its topic.
    package var firstNumber = 1

    package init(port: Int, messagesPerSecond: Double, count: Int) {
        self.port = port
        self.messagesPerSecond = messagesPerSecond
        self.count = count
    }

    package struct Outcome: Sendable {
        package var sent = 0
        package var acknowledged = 0
        /// From the first message to the last one handed to the kernel.
        package var seconds = 0.0
        /// From sending to acknowledgement, QoS 1.
        package var acknowledgementMilliseconds: [Float] = []
    }

    /// How a topic's number appears in its name and in the payload.
    package static func machine(_ topic: Int) -> String { "m\(digits(topic, 5))" }
    package static func line(_ topic: Int) -> String { "line\(digits(topic % 20, 2))" }

    private static func digits(_ value: Int, _ count: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
    }

    /// Publishes everything and waits for the acknowledgements, on a thread of its own.
    ///
    /// - Parameter limit: after it, what is not acknowledged stays so.
    /// - Throws: `.system` without a connection; `.notPublished` when the broker refuses or closes.
    package func run(limit: Duration = .seconds(120)) async throws(RigError) -> Outcome {
        let result: Result<Outcome, RigError> = await withCheckedContinuation { done in
            do throws(RigError) {
                try RigThread.start {
                    done.resume(
                        returning: Result { () throws(RigError) in
                            var pump = try LoadPump(self)
                            return try pump.run(limit: limit)
                        })
                }
            } catch {
                done.resume(returning: .failure(error))
            }
        }
        return try result.get()
    }
}

/// One topic's PUBLISH packet, ready but for what changes.
private struct LoadTemplate {
    var bytes: [UInt8]
    /// Where the packet id goes; nil at QoS 0.
    var packetID: Int?
    /// Where ten digits of the number, nineteen of the time, and four of the value with a point between go.
    var number: Int?
    var nanoseconds: Int?
    var seconds: Int?
    var value: Int?

    init(topic: Int, _ load: MQTTLoad) {
        let machine = MQTTLoad.machine(topic)
        let name = Array(
            load.content == .json
                ? "plant/\(MQTTLoad.line(topic))/\(machine)/data".utf8
                : "plant/host\(machine.dropFirst())/plant/gauge-temperature".utf8)
        let payload =
            load.content == .json
            ? "{\"id\":\"\(machine)\",\"seq\":1000000000,\"sts\":1000000000000000000,\"temperature\":20.00,"
                + "\"vibration_rms\":2.417,\"current\":12.70,\"pressure\":5.02,\"state\":\"run\"}"
            : "1000000000.000000:1000000000"
        let length = 2 + name.count + (load.qos > 0 ? 2 : 0) + payload.utf8.count
        bytes = [UInt8(0x30 | load.qos << 1)] + Self.length(length)
        bytes += [UInt8(name.count >> 8), UInt8(truncatingIfNeeded: name.count)] + name
        if load.qos > 0 {
            packetID = bytes.count
            bytes += [0, 0]
        }
        let start = bytes.count
        bytes += payload.utf8
        func place(after mark: String) -> Int? {
            let (text, mark) = (Array(payload.utf8), Array(mark.utf8))
            return (0...(text.count - mark.count)).first { text[$0..<($0 + mark.count)].elementsEqual(mark) }
                .map { start + $0 + mark.count }
        }
        switch load.content {
        case .json:
            number = place(after: "\"seq\":")
            nanoseconds = place(after: "\"sts\":")
            value = place(after: "\"temperature\":")
        case .collectd:
            seconds = start
            number = start + 18
        }
    }

    static func length(_ count: Int) -> [UInt8] {
        var (rest, bytes) = (count, [UInt8]())
        repeat {
            bytes.append(UInt8(rest % 128) | (rest >= 128 ? 0x80 : 0))
            rest /= 128
        } while rest > 0
        return bytes
    }
}

private struct LoadConnection {
    var descriptor: Int32
    var output: [UInt8] = []
    var written = 0
    var input: [UInt8] = []
    var inFlight = 0
    var lastID: UInt16 = 0
    /// When the message with this packet id was sent; nanoseconds since 1970.
    var sentAt: [Int64]
}

/// The loop behind ``MQTTLoad/run(limit:)``; belongs to one thread.
private struct LoadPump: ~Copyable {
    /// Bytes that wait for one connection; more would only hide that the broker is slow.
    private static let outputLimit = 256 << 10
    /// Messages between two looks at the sockets.
    private static let burst = 256
    /// At most 4,000 turns a second: a wake-up costs more than a message.
    private static let shortestNap: Int64 = 250_000

    private let load: MQTTLoad
    private var templates: [LoadTemplate]
    private var connections: [LoadConnection] = []
    private var outcome = MQTTLoad.Outcome()
    private var random: UInt64 = 88_172_645_463_325_252

    init(_ load: MQTTLoad) throws(RigError) {
        self.load = load
        templates = (0..<load.topics).map { LoadTemplate(topic: $0, load) }
        for index in 0..<load.connections {
            connections.append(
                LoadConnection(
                    descriptor: try Self.connect(port: load.port, id: "load-\(getpid())-\(index)"),
                    sentAt: Array(repeating: 0, count: load.qos > 0 ? 65_536 : 0)))
        }
    }

    deinit {
        for connection in connections {
            let goodbye: [UInt8] = [0xE0, 0]
            send(connection.descriptor, goodbye, 2, Int32(MSG_NOSIGNAL))
            close(connection.descriptor)
        }
    }

    mutating func run(limit: Duration) throws(RigError) -> MQTTLoad.Outcome {
        let start = Self.monotonic()
        let (seconds, attoseconds) = limit.components
        let end = start + seconds * 1_000_000_000 + attoseconds / 1_000_000_000
        var last = start
        while true {
            let now = Self.monotonic()
            let due = min(load.count, Int(Double(now - start) / 1e9 * load.messagesPerSecond) + 1)
            let isHeldUp = fill(until: due)
            if try writeAndRead() { last = Self.monotonic() }
            let isWritten = connections.allSatisfy { $0.output.isEmpty }
            if outcome.sent == load.count, isWritten, load.qos == 0 || outcome.acknowledged == outcome.sent { break }
            guard now < end else { break }
            wait(start, isHeldUp: isHeldUp || !isWritten || outcome.sent == load.count)
        }
        outcome.seconds = Double(last - start) / 1e9
        return outcome
    }

    /// - Returns: whether a connection takes no more now.
    private mutating func fill(until due: Int) -> Bool {
        var inBurst = 0
        let stamp = Self.wall()
        while outcome.sent < due, inBurst < Self.burst {
            let topic = outcome.sent % load.topics
            let target = topic % connections.count
            guard connections[target].output.count - connections[target].written < Self.outputLimit,
                load.qos == 0 || connections[target].inFlight < load.window
            else { return true }
            append(topic, to: target, stamp)
            outcome.sent += 1
            inBurst += 1
        }
        return false
    }

    private mutating func append(_ topic: Int, to target: Int, _ stamp: Int64) {
        let template = templates[topic]
        let base = connections[target].output.count
        connections[target].output.append(contentsOf: template.bytes)
        if let place = template.packetID {
            connections[target].lastID = connections[target].lastID == .max ? 1 : connections[target].lastID + 1
            let id = connections[target].lastID
            connections[target].output[base + place] = UInt8(id >> 8)
            connections[target].output[base + place + 1] = UInt8(truncatingIfNeeded: id)
            connections[target].sentAt[Int(id)] = stamp
            connections[target].inFlight += 1
        }
        let number = 1_000_000_000 + load.firstNumber + outcome.sent / load.topics
        if let place = template.number { put(Int64(number), 10, base + place, target) }
        if let place = template.nanoseconds { put(stamp, 19, base + place, target) }
        if let place = template.seconds {
            put(stamp / 1_000_000_000, 10, base + place, target)
            put(stamp / 1_000 % 1_000_000, 6, base + place + 11, target)
        }
        if let place = template.value {
            // Xorshift (Marsaglia 2003): any moving value will do.
            random ^= random << 13
            random ^= random >> 7
            random ^= random << 17
            let value = Int64(2_000 + random % 7_000)
            put(value / 100, 2, base + place, target)
            put(value % 100, 2, base + place + 3, target)
        }
    }

    private mutating func put(_ value: Int64, _ digits: Int, _ place: Int, _ target: Int) {
        var rest = value
        for index in stride(from: place + digits - 1, through: place, by: -1) {
            connections[target].output[index] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
    }

    /// - Returns: whether anything was written.
    private mutating func writeAndRead() throws(RigError) -> Bool {
        var hasWritten = false
        for index in connections.indices {
            let waiting = connections[index].output.count - connections[index].written
            if waiting > 0 {
                let written = connections[index].written
                let sent = connections[index].output.withUnsafeBytes { bytes in
                    // SAFETY: the bytes from `written` on are `waiting` many, inside of the buffer.
                    send(
                        connections[index].descriptor, bytes.baseAddress.map { $0 + written }, waiting,
                        Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
                }
                if sent > 0 {
                    hasWritten = true
                    connections[index].written += sent
                    if sent == waiting {
                        connections[index].output.removeAll(keepingCapacity: true)
                        connections[index].written = 0
                    }
                } else if errno != EAGAIN {
                    throw .notPublished(reason: String(cString: strerror(errno)))
                }
            }
            if load.qos > 0 { try readAcknowledgements(index) }
        }
        return hasWritten
    }

    private mutating func readAcknowledgements(_ index: Int) throws(RigError) {
        let descriptor = connections[index].descriptor
        let now = Self.wall()
        while true {
            let part = [UInt8](unsafeUninitializedCapacity: 16_384) { buffer, count in
                // SAFETY: reads at most as many bytes as the buffer holds.
                count = max(0, recv(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT)))
            }
            if part.isEmpty { break }
            connections[index].input += part
        }
        var at = 0
        let input = connections[index].input
        // A broker sends this client nothing but CONNACK, seen already, and PUBACK: four bytes each.
        while input.count - at >= 4 {
            guard input[at] == 0x40, input[at + 1] == 2 else {
                throw .notPublished(reason: "the broker sent a packet of type \(input[at] >> 4), PUBACK expected")
            }
            let id = Int(input[at + 2]) << 8 | Int(input[at + 3])
            outcome.acknowledgementMilliseconds.append(Float(now - connections[index].sentAt[id]) / 1e6)
            outcome.acknowledged += 1
            connections[index].inFlight -= 1
            at += 4
        }
        connections[index].input.removeFirst(at)
    }

    private func wait(_ start: Int64, isHeldUp: Bool) {
        let next = start + Int64(Double(outcome.sent + 1) / load.messagesPerSecond * 1e9)
        let nap = max(next - Self.monotonic(), Self.shortestNap)
        if isHeldUp {
            var waiting = connections.map { connection in
                pollfd(
                    fd: connection.descriptor,
                    events: Int16((load.qos > 0 ? POLLIN : 0) | (connection.output.isEmpty ? 0 : POLLOUT)), revents: 0)
            }
            poll(&waiting, nfds_t(waiting.count), 1)
        } else {
            var span = timespec(tv_sec: Int(nap / 1_000_000_000), tv_nsec: Int(nap % 1_000_000_000))
            nanosleep(&span, nil)
        }
    }

    private static func connect(port: Int, id: String) throws(RigError) -> Int32 {
        let descriptor = try LoopbackSocket.connected(port: port)
        var yes: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
        let id = Array(id.utf8)
        // Clean session, no keep-alive.
        let variable: [UInt8] = [0, 4] + Array("MQTT".utf8) + [4, 2, 0, 0, 0, UInt8(id.count)] + id
        let packet = [0x10, UInt8(variable.count)] + variable
        var reply = [UInt8](repeating: 0xFF, count: 4)
        guard send(descriptor, packet, packet.count, Int32(MSG_NOSIGNAL)) == packet.count,
            recv(descriptor, &reply, 4, Int32(MSG_WAITALL)) == 4, reply[0] == 0x20, reply[3] == 0
        else {
            close(descriptor)
            throw .notPublished(reason: "the broker on port \(port) refuses the connection")
        }
        return descriptor
    }

    private static func monotonic() -> Int64 { read(CLOCK_MONOTONIC) }
    private static func wall() -> Int64 { read(CLOCK_REALTIME) }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
