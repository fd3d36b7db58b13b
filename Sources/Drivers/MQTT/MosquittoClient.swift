import CMosquitto
import Glibc
import Plant

/// What comes out of a ``MosquittoClient``; called from inside `read()` on the thread that called it.
protocol MosquittoHandler: AnyObject {
    /// CONNACK came; `code` 0 means accepted. Source: MQTT 3.1.1, 3.2.2.
    func connected(code: Int32, isSessionPresent: Bool)
    /// The broker has ended the connection and said why; only MQTT 5 lets it.
    func disconnected(code: Int32)
    /// A message; topic and payload are valid during the call only.
    func received(_ message: UnsafePointer<mosquitto_message>)
    /// - Parameter refusal: what the broker said when it refused.
    func subscribed(id: Int32, refusal: String?)
    /// The broker has answered what was published.
    ///
    /// - Parameter refusal: why it does not take it; only MQTT 5 lets it say so.
    func published(id: Int32, refusal: String?)
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
    private let settings: MQTTConnectionSettings
    private let isSessionClean: Bool
    /// What the library has logged as errors: only there does the encryption say what it does not like.
    private var complaints: [String] = []
    /// One failed handshake logs one or two lines.
    private static let maxComplaints = 8
    /// From the beginning of an encrypted connection until the broker has answered CONNECT: under TLS 1.3 it refuses a
    /// certificate of ours only after our part of the handshake.
    private var isHandshaking = false {
        didSet { listenToLog() }
    }

    enum Progress {
        /// Something was read; there may be more.
        case more
        /// Nothing there now.
        case dry
    }

    /// - Throws: `.notConnected` when a file of the encryption is unusable, `.file` when the password cannot be read.
    init(
        _ settings: MQTTConnectionSettings, isSessionClean: Bool, handler: any MosquittoHandler
    ) throws(LinkFailure) {
        _ = Self.library
        guard let pointer = mosquitto_new(settings.clientID, isSessionClean, nil) else {
            throw .system(call: "mosquitto_new", code: errno)
        }
        self.pointer = pointer
        self.handler = handler
        self.settings = settings
        self.isSessionClean = isSessionClean
        // SAFETY: the library calls back only inside calls that this object makes, so it is alive then.
        mosquitto_user_data_set(pointer, Unmanaged.passUnretained(self).toOpaque())
        mosquitto_threaded_set(pointer, true)
        mosquitto_int_option(pointer, MOSQ_OPT_TCP_NODELAY, 1)
        mosquitto_connect_with_flags_callback_set(pointer) { _, context, code, flags in
            guard let client = MosquittoClient.of(context) else { return }
            if client.isHandshaking { client.isHandshaking = false }
            client.handler.connected(code: code, isSessionPresent: flags & 1 != 0)
        }
        mosquitto_message_callback_set(pointer) { _, context, message in
            if let message { MosquittoClient.of(context)?.handler.received(message) }
        }
        mosquitto_subscribe_callback_set(pointer) { _, context, id, count, granted in
            // SAFETY: `granted` has `count` elements; each subscription is asked for on its own, so that there is one.
            let code = granted.map { count > 0 ? $0[0] : 0x80 } ?? 0x80
            MosquittoClient.of(context)?.handler.subscribed(id: id, refusal: MQTTReason.refusal(code))
        }
        mosquitto_publish_v5_callback_set(pointer) { _, context, id, code, _ in
            MosquittoClient.of(context)?.handler.published(id: id, refusal: MQTTReason.refusal(code))
        }
        mosquitto_disconnect_v5_callback_set(pointer) { _, context, code, _ in
            if code >= MQTTReason.firstRefusal { MosquittoClient.of(context)?.handler.disconnected(code: code) }
        }
        try setVersion()
        try setSecurity()
        if let will = settings.will {
            try check(
                mosquitto_will_set(
                    pointer, will.topic, Int32(will.payload.count), will.payload, Int32(will.qos), will.isRetained))
        }
    }

    /// Closes the socket as it is: acknowledgements that were not written are not sent.
    deinit { mosquitto_destroy(pointer) }

    private static func of(_ context: UnsafeMutableRawPointer?) -> MosquittoClient? {
        // SAFETY: the context is the client itself, set in `init` and alive as said there.
        context.map { Unmanaged<MosquittoClient>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Whether lines of the library's log come to the handler; they cost an allocation and a format each.
    var isLogWanted = false {
        didSet { listenToLog() }
    }

    private func listenToLog() {
        guard isLogWanted || isHandshaking else { return mosquitto_log_callback_set(pointer, nil) }
        mosquitto_log_callback_set(pointer) { _, context, level, text in
            guard let text, let client = MosquittoClient.of(context) else { return }
            level == MOSQ_LOG_ERR ? client.take(complaint: text) : client.handler.logged(text)
        }
    }

    private func take(complaint text: UnsafePointer<CChar>) {
        if complaints.count < Self.maxComplaints { complaints.append(String(cString: text)) }
    }

    /// Starts to connect; ``read()`` and ``write()`` go on with it. Resolving the name may block.
    func connect() throws(LinkFailure) {
        if settings.tls != nil { isHandshaking = true }
        if settings.version == .v5, !isSessionClean { try keepSession() }
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

    /// - Returns: the id that `subscribed` will be called with.
    func subscribe(_ wanted: MQTTSubscription) throws(LinkFailure) -> Int32 {
        var id: Int32 = 0
        try check(mosquitto_subscribe(pointer, &id, wanted.filter, Int32(wanted.qos)))
        return id
    }

    /// - Returns: the id that `published` will be called with.
    func publish(_ message: MQTTMessage) throws(LinkFailure) -> Int32 {
        var id: Int32 = 0
        try check(
            mosquitto_publish(
                pointer, &id, message.topic, Int32(message.payload.count), message.payload, Int32(message.qos),
                message.isRetained))
        return id
    }

    /// Reads one packet, or what there is of it.
    func read() throws(LinkFailure) -> Progress {
        errno = 0
        let code = mosquitto_loop_read(pointer, 1)
        // Looked at before anything else can change it: a read that found nothing leaves EAGAIN.
        let isDry = errno == EAGAIN
        try check(code)
        // After a DISCONNECT of the broker the library calls reading from nowhere a success.
        guard descriptor != nil else { throw .closed }
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

    private func setVersion() throws(LinkFailure) {
        guard settings.version == .v5 else { return }
        try check(mosquitto_int_option(pointer, MOSQ_OPT_PROTOCOL_VERSION, Int32(MQTT_PROTOCOL_V5)))
        // The library asks for 20 unacknowledged messages at a time, and each 20 would wait for a commit of their own.
        try check(mosquitto_int_option(pointer, MOSQ_OPT_RECEIVE_MAXIMUM, 65_535))
    }

    /// Under MQTT 5 a session ends with its connection unless CONNECT says otherwise.
    ///
    /// The library takes properties of CONNECT only in the call that blocks until the host answers. It keeps them before it
    /// looks at the host, so that call without a host leaves them for `mosquitto_connect_async`.
    private func keepSession() throws(LinkFailure) {
        var properties: OpaquePointer?
        defer { mosquitto_property_free_all(&properties) }
        let seconds = UInt32(clamping: settings.sessionExpiry.components.seconds)
        try check(
            mosquitto_property_add_int32(&properties, Int32(MQTT_PROP_SESSION_EXPIRY_INTERVAL.rawValue), seconds))
        _ = mosquitto_connect_bind_v5(pointer, nil, 0, 0, nil, properties)
    }

    private func setSecurity() throws(LinkFailure) {
        if let username = settings.username {
            var password: String?
            if let path = settings.passwordFile { password = try SecretFile.firstLine(path) }
            try check(mosquitto_username_pw_set(pointer, username, password))
        }
        switch settings.tls {
        case nil: break
        case .certificates(let authority, let certificate, let key):
            for path in [authority, certificate, key] {
                if let path, access(path, R_OK) != 0 { throw .file(path: path, code: errno) }
            }
            if let key { try SecretFile.checkMode(key) }
            try check(mosquitto_tls_set(pointer, authority, nil, certificate, key, nil))
        case .sharedKey(let identity, let keyFile):
            let key = try SecretFile.firstLine(keyFile)
            guard !key.isEmpty, key.allSatisfy(\.isHexDigit) else {
                throw .notEncrypted(
                    "the first line of \(keyFile): expected hexadecimal digits, found other characters or none")
            }
            try check(mosquitto_tls_psk_set(pointer, key, identity, nil))
        }
    }

    private func check(_ code: Int32) throws(LinkFailure) {
        guard code != MOSQ_ERR_SUCCESS.rawValue else { return }
        let system = errno
        if let tls = settings.tls {
            if let reason = TLSReason.text(of: complaints, tls) { throw .notEncrypted(reason) }
            // A reset that OpenSSL meets while it reads has no entry in its list, and the library makes EPROTO of it.
            let isReset = code == MOSQ_ERR_ERRNO.rawValue && [ECONNRESET, EPIPE, EPROTO].contains(system)
            if isHandshaking, isReset || code == MOSQ_ERR_CONN_LOST.rawValue {
                throw .notEncrypted(TLSReason.closedAtOnce(tls))
            }
        }
        switch mosq_err_t(code) {
        case MOSQ_ERR_ERRNO: throw .notConnected(String(cString: strerror(system)))
        case MOSQ_ERR_CONN_LOST: throw .closed
        case MOSQ_ERR_KEEPALIVE: throw .timedOut(what: "PINGRESP")
        default: throw .notConnected(String(cString: mosquitto_strerror(code)))
        }
    }

    private static let library: Int32 = mosquitto_lib_init()
}

/// A file with a secret. The owner's group may read it, as a daemon's group does; everybody else may not.
enum SecretFile {
    /// Longer than any password that a broker takes.
    private static let maxBytes = 4_096

    /// - Throws: `.exposed` when every user of the machine may read or write it.
    static func checkMode(_ path: String) throws(LinkFailure) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw .file(path: path, code: errno) }
        try check(status, path)
    }

    static func firstLine(_ path: String) throws(LinkFailure) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .file(path: path, code: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .file(path: path, code: errno) }
        try check(status, path)
        var bytes = [UInt8](repeating: 0, count: maxBytes)
        let count = read(descriptor, &bytes, bytes.count)
        guard count >= 0 else { throw .file(path: path, code: errno) }
        return String(decoding: bytes[..<count].prefix { $0 != 0x0A && $0 != 0x0D && $0 != 0 }, as: UTF8.self)
    }

    private static func check(_ status: stat, _ path: String) throws(LinkFailure) {
        guard status.st_mode & 0o007 == 0 else { throw .exposed(path: path, mode: status.st_mode & 0o777) }
    }
}
