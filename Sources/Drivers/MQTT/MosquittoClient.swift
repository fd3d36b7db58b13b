import CMosquitto
import Glibc
import Plant

/// What comes out of a ``MosquittoClient``; called from inside `read()` on the thread that called it.
protocol MosquittoHandler: AnyObject {
    /// CONNACK came; `code` 0 means accepted. Source: MQTT 3.1.1, 3.2.2.
    func connected(code: Int32, isSessionPresent: Bool)
    /// A message; topic and payload are valid during the call only.
    func received(_ message: UnsafePointer<mosquitto_message>)
    func subscribed(isRefused: Bool)
    /// The broker has acknowledged what was published.
    func published(id: Int32)
    /// A line of the library's log, while ``MosquittoClient/isLogWanted``.
    func logged(_ text: UnsafePointer<CChar>)
}

/// One connection of libmosquitto with a loop of our own: what is read is acknowledged only by ``write()``.
///
/// `mosquitto_threaded_set` tells the library that somebody else writes, so it queues each PUBACK instead of sending it.
/// With the library's own loops the PUBACK of version 2.0.11 leaves before the message is even seen. Not thread-safe: one
/// thread makes it, uses it, and lets go of it.
final class MosquittoClient {
    private let pointer: OpaquePointer
    private let handler: any MosquittoHandler

    enum Progress {
        /// Something was read; there may be more.
        case more
        /// Nothing there now.
        case dry
    }

    /// - Throws: `.notConnected` when a file of the encryption is unusable, `.file` when the password cannot be read.
    init(_ settings: MQTTSettings, isSessionClean: Bool, handler: any MosquittoHandler) throws(LinkFailure) {
        _ = Self.library
        guard let pointer = mosquitto_new(settings.clientID, isSessionClean, nil) else {
            throw .system(call: "mosquitto_new", code: errno)
        }
        self.pointer = pointer
        self.handler = handler
        // SAFETY: the library calls back only inside calls that this object makes, so it is alive then.
        mosquitto_user_data_set(pointer, Unmanaged.passUnretained(self).toOpaque())
        mosquitto_threaded_set(pointer, true)
        mosquitto_int_option(pointer, MOSQ_OPT_TCP_NODELAY, 1)
        mosquitto_connect_with_flags_callback_set(pointer) { _, context, code, flags in
            MosquittoClient.of(context)?.handler.connected(code: code, isSessionPresent: flags & 1 != 0)
        }
        mosquitto_message_callback_set(pointer) { _, context, message in
            if let message { MosquittoClient.of(context)?.handler.received(message) }
        }
        mosquitto_subscribe_callback_set(pointer) { _, context, _, count, granted in
            // SAFETY: `granted` has `count` elements. 0x80 is the refusal (MQTT 3.1.1, 3.9.3).
            let isRefused = granted.map { granted in (0..<Int(count)).contains { granted[$0] >= 0x80 } } ?? true
            MosquittoClient.of(context)?.handler.subscribed(isRefused: isRefused)
        }
        mosquitto_publish_callback_set(pointer) { _, context, id in
            MosquittoClient.of(context)?.handler.published(id: id)
        }
        try setSecurity(settings)
    }

    /// Closes the socket as it is: acknowledgements that were not written are not sent.
    deinit { mosquitto_destroy(pointer) }

    private static func of(_ context: UnsafeMutableRawPointer?) -> MosquittoClient? {
        // SAFETY: the context is the client itself, set in `init` and alive as said there.
        context.map { Unmanaged<MosquittoClient>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Whether lines of the library's log come to the handler; they cost an allocation and a format each.
    var isLogWanted = false {
        didSet {
            guard isLogWanted != oldValue else { return }
            if isLogWanted {
                mosquitto_log_callback_set(pointer) { _, context, _, text in
                    if let text { MosquittoClient.of(context)?.handler.logged(text) }
                }
            } else {
                mosquitto_log_callback_set(pointer, nil)
            }
        }
    }

    /// Starts to connect; ``read()`` and ``write()`` go on with it. Resolving the name may block.
    func connect(_ settings: MQTTSettings) throws(LinkFailure) {
        try check(
            mosquitto_connect_async(
                pointer, settings.host, Int32(settings.port), Int32(settings.keepAlive.components.seconds)))
    }

    /// The socket to wait for; nil when there is no connection.
    var descriptor: Int32? {
        let descriptor = mosquitto_socket(pointer)
        return descriptor >= 0 ? descriptor : nil
    }

    /// Whether something waits to be written.
    var wantsToWrite: Bool { mosquitto_want_write(pointer) }

    func subscribe(_ filter: TopicFilter) throws(LinkFailure) {
        try check(mosquitto_subscribe(pointer, nil, filter.text, 1))
    }

    /// - Returns: the id that `published` will be called with.
    func publish(_ topic: String, _ payload: [UInt8], retain: Bool) throws(LinkFailure) -> Int32 {
        var id: Int32 = 0
        try check(mosquitto_publish(pointer, &id, topic, Int32(payload.count), payload, 1, retain))
        return id
    }

    /// Reads one packet, or what there is of it.
    func read() throws(LinkFailure) -> Progress {
        errno = 0
        let code = mosquitto_loop_read(pointer, 1)
        // Looked at before anything else can change it: a read that found nothing leaves EAGAIN.
        let isDry = errno == EAGAIN
        try check(code)
        return isDry ? .dry : .more
    }

    /// Writes everything that waits, acknowledgements first to last, as far as the socket takes it.
    func write() throws(LinkFailure) { try check(mosquitto_loop_write(pointer, 1)) }

    /// Keeps the connection alive, and finds out that it is not; to be called about once a second.
    func keepAlive() throws(LinkFailure) { try check(mosquitto_loop_misc(pointer)) }

    /// Says goodbye, which also sends the acknowledgements that wait.
    func disconnect() {
        mosquitto_disconnect(pointer)
        // An error here changes nothing: the connection is given up either way.
        mosquitto_loop_write(pointer, 1)
    }

    private func setSecurity(_ settings: MQTTSettings) throws(LinkFailure) {
        if let username = settings.username {
            var password: String?
            if let path = settings.passwordFile { password = try SecretFile.firstLine(path) }
            try check(mosquitto_username_pw_set(pointer, username, password))
        }
        if let tls = settings.tls {
            for path in [tls.authorityFile, tls.certificateFile, tls.keyFile] {
                if let path, access(path, R_OK) != 0 { throw .file(path: path, code: errno) }
            }
            try check(mosquitto_tls_set(pointer, tls.authorityFile, nil, tls.certificateFile, tls.keyFile, nil))
        }
    }

    private func check(_ code: Int32) throws(LinkFailure) {
        guard code != MOSQ_ERR_SUCCESS.rawValue else { return }
        let system = errno
        switch mosq_err_t(code) {
        case MOSQ_ERR_ERRNO: throw .notConnected(String(cString: strerror(system)))
        case MOSQ_ERR_CONN_LOST: throw .closed
        case MOSQ_ERR_KEEPALIVE: throw .timedOut(what: "PINGRESP")
        default: throw .notConnected(String(cString: mosquitto_strerror(code)))
        }
    }

    private static let library: Int32 = mosquitto_lib_init()
}

/// A file with a secret in its first line.
enum SecretFile {
    /// Longer than any password that a broker takes.
    private static let maxBytes = 4_096

    static func firstLine(_ path: String) throws(LinkFailure) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .file(path: path, code: errno) }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: maxBytes)
        let count = read(descriptor, &bytes, bytes.count)
        guard count >= 0 else { throw .file(path: path, code: errno) }
        return String(decoding: bytes[..<count].prefix { $0 != 0x0A && $0 != 0x0D && $0 != 0 }, as: UTF8.self)
    }
}
