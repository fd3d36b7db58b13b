import Glibc
import Synchronization

/// What stands in for a broker that is broken or hostile: it plays a script to each connection, byte for byte.
package final class ScriptedBroker: Sendable {
    package enum Step: Sendable {
        /// Waits for a packet of this type, the upper half of its first byte. Source: MQTT 3.1.1, 2.2.1.
        case expect(UInt8)
        /// Sends bytes as they are.
        case send([UInt8])
        /// Sends the same bytes again and again.
        case flood([UInt8], times: Int)
        case close
    }

    private struct State {
        var connections = 0
        var packets: [[UInt8]] = []
        var isStopped = false
    }

    /// Port on 127.0.0.1.
    package let port: Int
    private let listener: Int32
    private let shared: Shared

    private final class Shared: Sendable {
        let state = Mutex(State())
    }

    /// Starts it.
    ///
    /// - Parameter scripts: the i-th connection gets the i-th script, all later ones the last. After its last step a
    ///   connection stays open and silent until the client closes it.
    package init(_ scripts: [[Step]]) throws(RigError) {
        let (descriptor, port) = try LoopbackSocket.listening(port: 0)
        self.port = port
        listener = descriptor
        let shared = Shared()
        self.shared = shared
        try RigThread.start { Self.serve(descriptor, scripts, shared) }
    }

    /// A listening socket that is shut down lets the thread out of accept(2).
    deinit {
        shared.state.withLock { $0.isStopped = true }
        shutdown(listener, Int32(SHUT_RDWR))
    }

    package var connections: Int { shared.state.withLock { $0.connections } }

    /// The packets that clients have sent, oldest first, with their headers.
    package func packets(ofType type: UInt8) -> [[UInt8]] {
        shared.state.withLock { $0.packets.filter { $0[0] >> 4 == type } }
    }

    private static func serve(_ listener: Int32, _ scripts: [[Step]], _ shared: Shared) {
        defer { close(listener) }
        while true {
            let descriptor = accept(listener, nil, nil)
            guard descriptor >= 0 else { return }
            let number = shared.state.withLock { state in
                state.connections += 1
                return state.connections
            }
            var connection = Connection(descriptor: descriptor, shared: shared)
            connection.play(scripts.isEmpty ? [] : scripts[min(number, scripts.count) - 1])
            close(descriptor)
        }
    }

    private struct Connection {
        let descriptor: Int32
        let shared: Shared
        var received: [UInt8] = []

        /// Plays a script to its end, to the end of the connection, or to the end of the broker.
        mutating func play(_ script: [Step]) {
            for step in script {
                switch step {
                case .expect(let type):
                    while let packet = nextPacket(), packet[0] >> 4 != type {}
                case .send(let bytes): write(bytes)
                case .flood(let bytes, let times): for _ in 0..<times where !write(bytes) { return }
                case .close: return
                }
            }
            while nextPacket() != nil {}
        }

        /// - Returns: nil when the client has gone.
        private mutating func nextPacket() -> [UInt8]? {
            while true {
                if let packet = takePacket() {
                    shared.state.withLock { $0.packets.append(packet) }
                    return packet
                }
                var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                // Looks up from time to time whether the broker is still wanted.
                let ready = poll(&waiting, 1, 50)
                if shared.state.withLock({ $0.isStopped }) { return nil }
                guard ready != 0 else { continue }
                var buffer = [UInt8](repeating: 0, count: 4_096)
                let count = recv(descriptor, &buffer, buffer.count, 0)
                guard count > 0 else { return nil }
                received += buffer[..<count]
            }
        }

        /// One packet by the length in its header. Source: MQTT 3.1.1, 2.2.3.
        private mutating func takePacket() -> [UInt8]? {
            var (length, at) = (0, 1)
            while at < received.count, at < 5 {
                length |= Int(received[at] & 0x7F) << (7 * (at - 1))
                at += 1
                if received[at - 1] & 0x80 == 0 {
                    guard received.count >= at + length else { return nil }
                    defer { received.removeFirst(at + length) }
                    return Array(received[..<(at + length)])
                }
            }
            return nil
        }

        @discardableResult
        private func write(_ bytes: [UInt8]) -> Bool {
            var sent = 0
            while sent < bytes.count {
                let count = bytes[sent...].withUnsafeBytes {
                    Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { return false }
                sent += count
            }
            return true
        }
    }
}

extension ScriptedBroker {
    /// The packets of a broker, version 3.1.1. Source: MQTT 3.1.1, section 3.
    package enum Packet {
        package static func connack(code: UInt8 = 0, isSessionPresent: Bool = false) -> [UInt8] {
            [0x20, 2, isSessionPresent ? 1 : 0, code]
        }

        package static func suback(id: UInt16 = 1, code: UInt8 = 1) -> [UInt8] {
            [0x90, 3, UInt8(id >> 8), UInt8(id & 0xFF), code]
        }

        package static func publish(
            _ topic: String, _ payload: [UInt8], qos: UInt8 = 0, id: UInt16 = 1, isDuplicate: Bool = false
        ) -> [UInt8] {
            var body = [UInt8(topic.utf8.count >> 8), UInt8(topic.utf8.count & 0xFF)] + Array(topic.utf8)
            if qos > 0 { body += [UInt8(id >> 8), UInt8(id & 0xFF)] }
            body += payload
            return [0x30 | qos << 1 | (isDuplicate ? 8 : 0)] + length(body.count) + body
        }

        package static func length(_ count: Int) -> [UInt8] {
            var (bytes, rest): ([UInt8], Int) = ([], count)
            repeat {
                bytes.append(UInt8(rest & 0x7F) | (rest > 0x7F ? 0x80 : 0))
                rest >>= 7
            } while rest > 0
            return bytes
        }
    }
}
