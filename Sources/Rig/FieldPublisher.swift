import CMosquitto
import Glibc
import Synchronization

/// A sensor as a broker sees it: publishes over libmosquitto and counts what the broker acknowledged.
package final class FieldPublisher: Sendable {
    /// What went out and what came back.
    package struct Counters: Sendable, Equatable {
        package var published = 0
        /// PUBACKs; for QoS 0, what was written to the socket.
        package var acknowledged = 0
    }

    private final class Shared: Sendable {
        let counters = Mutex(Counters())
        let isConnected = Mutex(false)
    }

    private struct Client: @unchecked Sendable {
        // SAFETY: libmosquitto locks inside once its own thread runs (`mosquitto_loop_start`), so every thread may publish.
        let pointer: OpaquePointer
    }

    private let shared = Shared()
    private let client: Client

    /// Connects in the background, and again whenever the connection is lost.
    ///
    /// - Parameters:
    ///   - id: MQTT client id, unique at the broker.
    ///   - port: port of the broker on 127.0.0.1.
    ///   - password: beside a user name.
    package init(id: String, port: Int, username: String? = nil, password: String? = nil) throws(RigError) {
        _ = Self.library
        // SAFETY: `shared` lives as long as this object, and `deinit` stops the thread that uses the pointer first.
        let context = Unmanaged.passUnretained(shared).toOpaque()
        guard let pointer = mosquitto_new(id, true, context) else { throw .system(call: "mosquitto_new", code: errno) }
        client = Client(pointer: pointer)
        mosquitto_connect_callback_set(pointer) { _, context, code in
            FieldPublisher.shared(context)?.isConnected.withLock { $0 = code == 0 }
        }
        mosquitto_disconnect_callback_set(pointer) { _, context, _ in
            FieldPublisher.shared(context)?.isConnected.withLock { $0 = false }
        }
        mosquitto_publish_callback_set(pointer) { _, context, _ in
            FieldPublisher.shared(context)?.counters.withLock { $0.acknowledged += 1 }
        }
        if let username { mosquitto_username_pw_set(pointer, username, password) }
        mosquitto_max_inflight_messages_set(pointer, 0)
        mosquitto_reconnect_delay_set(pointer, 1, 1, false)
        mosquitto_connect_async(pointer, "127.0.0.1", Int32(port), 30)
        // The library's thread inherits this mask: signals stay with the program, and a broken pipe is an error code.
        var (all, before) = (sigset_t(), sigset_t())
        sigfillset(&all)
        pthread_sigmask(SIG_BLOCK, &all, &before)
        let code = mosquitto_loop_start(pointer)
        pthread_sigmask(SIG_SETMASK, &before, nil)
        guard code == MOSQ_ERR_SUCCESS.rawValue else {
            mosquitto_destroy(pointer)
            throw .notPublished(reason: String(cString: mosquitto_strerror(code)))
        }
    }

    deinit {
        mosquitto_disconnect(client.pointer)
        mosquitto_loop_stop(client.pointer, true)
        mosquitto_destroy(client.pointer)
    }

    package var counters: Counters { shared.counters.withLock { $0 } }
    package var isConnected: Bool { shared.isConnected.withLock { $0 } }

    /// Hands one message to the library, which sends it when it is connected.
    ///
    /// - Throws: `.notPublished` when the library refuses it: a wild card in the topic, more than 256 MiB, no memory.
    package func publish(_ topic: String, _ payload: [UInt8], qos: Int = 1, retain: Bool = false) throws(RigError) {
        shared.counters.withLock { $0.published += 1 }
        let code = mosquitto_publish(
            client.pointer, nil, topic, Int32(payload.count), payload, Int32(qos), retain)
        // Without a connection the library queues what is QoS 1 and reports the connection.
        guard code == MOSQ_ERR_SUCCESS.rawValue || (code == MOSQ_ERR_NO_CONN.rawValue && qos > 0) else {
            shared.counters.withLock { $0.published -= 1 }
            throw .notPublished(reason: String(cString: mosquitto_strerror(code)))
        }
    }

    /// Waits until the broker has acknowledged everything published so far.
    ///
    /// - Throws: `.notPublished` when it has not within the limit.
    package func flush(within limit: Duration = .seconds(20)) async throws(RigError) {
        let clock = ContinuousClock()
        let end = clock.now.advanced(by: limit)
        while counters.acknowledged < counters.published {
            // A cancelled caller gets the same error as one whose broker is silent.
            guard clock.now < end, (try? await clock.sleep(for: .milliseconds(2))) != nil else {
                throw .notPublished(reason: "\(counters.acknowledged) of \(counters.published) acknowledged")
            }
        }
    }

    // SAFETY: the context of each callback is the `Shared` handed to mosquitto_new, which outlives the client.
    private static func shared(_ context: UnsafeMutableRawPointer?) -> Shared? {
        context.map { Unmanaged<Shared>.fromOpaque($0).takeUnretainedValue() }
    }

    private static let library: Int32 = mosquitto_lib_init()
}
