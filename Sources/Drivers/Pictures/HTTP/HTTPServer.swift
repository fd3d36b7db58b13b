import CMicroHTTPD
import Glibc
import Plant

/// A request whose picture has come as a whole.
struct HTTPPicture: Sendable {
    /// By which the answer finds its way back.
    var request: Int
    var stream: String
    var part: String?
    /// By which its sender knows it, and we when it comes again.
    var key: String?
    var encoding: FieldPicture.Encoding
    var bytes: [UInt8]

    /// Tells it from another under the same key.
    var digest: UInt64 { bytes.withUnsafeBytes { Digest64.of($0) } }
}

/// A server of libmicrohttpd without a thread of its own: whoever owns it calls ``run(now:)`` when ``descriptor`` is readable.
///
/// Not thread-safe: one thread makes it, runs it, and lets go of it.
// SAFETY: the library calls back only inside of calls that this object makes, so it is alive then, and on its thread. The context of
// each request is retained when it begins and released when the library says that it is over.
final class HTTPServer {
    /// Each may hold one picture; a line has few cameras.
    static let maxConnections: UInt32 = 32
    /// One sender with many open connections must leave some to the others.
    static let maxConnectionsAnAddress: UInt32 = 16
    /// Line and headers of a request; what is longer is answered with 431 or 414.
    private static let headBytes = 16 << 10
    /// Senders keep connections for the next picture, but not for ever.
    private static let silenceSeconds: UInt32 = 15
    /// Pictures whose bytes are here or on their way, of the largest size.
    private static let maxPictures = 4

    private let rules: HTTPRules
    private let tokenFile: String?
    private var daemon: OpaquePointer?
    private var connections: [OpaquePointer: Sender] = [:]
    private var requests: [Int: Request] = [:]
    private var lastRequest = 0
    private var complete: [HTTPPicture] = []
    private var reservedBytes = 0
    private var now = MonotonicTime(nanoseconds: 0)
    /// New pictures are refused; those that are here are answered.
    var isStopping = false
    /// Refused requests by code, and why the newest was, since the last look.
    private var refusals: [String: Int] = [:]
    private var newest: (path: String, code: String, bytes: Int)?

    /// A connection, and since when it owes us the request that is under way.
    private struct Sender {
        var since: MonotonicTime
        var waitsForVerdict = false
    }

    private final class Request {
        let number: Int
        let connection: OpaquePointer
        let path: String
        var wanted: HTTPRules.Wanted?
        var answer: HTTPAnswer?
        var bytes: [UInt8] = []
        var reserved = 0
        var isSuspended = false

        init(number: Int, connection: OpaquePointer, path: String) {
            self.number = number
            self.connection = connection
            self.path = path
        }
    }

    /// - Throws: `.system` when nothing can listen there.
    init(_ settings: HTTPSettings) throws(LinkFailure) {
        rules = HTTPRules(settings: settings)
        tokenFile = settings.tokenFile
        var options = mw_http_options()
        options.is_ipv6 = settings.address.isIPv6 ? 1 : 0
        options.connections = Self.maxConnections
        options.connections_per_address = Self.maxConnectionsAnAddress
        options.memory = Self.headBytes
        options.silence_seconds = Self.silenceSeconds
        options.handler = { context, connection, path, method, _, data, count, request in
            guard let server = HTTPServer.of(context), let connection, let path, let method, let count, let request
            else {
                return .NO
            }
            return server.handle(connection, String(cString: path), String(cString: method), data, count, request)
        }
        options.completed = { context, connection, request, _ in
            guard let pointer = request?.pointee else { return }
            request?.pointee = nil
            let ended = Unmanaged<Request>.fromOpaque(pointer).takeRetainedValue()
            HTTPServer.of(context)?.end(ended)
        }
        options.changed = { context, connection, _, change in
            guard let server = HTTPServer.of(context), let connection else { return }
            server.connections[connection] =
                change == .CONNECTION_NOTIFY_STARTED ? Sender(since: server.now) : nil
        }
        options.context = Unmanaged.passUnretained(self).toOpaque()
        daemon = settings.address.withSocketAddress { address in
            options.address = address
            errno = 0
            return mw_http_start(&options)
        }
        guard daemon != nil else {
            throw .system(call: "listen at \(settings.address.text) port \(settings.address.port)", code: errno)
        }
    }

    /// Who still waits is told, as far as that goes at once: nobody has looked at those pictures.
    deinit {
        for number in requests.keys { resume(number, .stopping) }
        if let daemon {
            MHD_run(daemon)
            MHD_stop_daemon(daemon)
        }
    }

    private static func of(_ context: UnsafeMutableRawPointer?) -> HTTPServer? {
        context.map { Unmanaged<HTTPServer>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Readable when there is something to do.
    var descriptor: Int32 { daemon.map { mw_http_descriptor($0) } ?? -1 }

    /// After so long there is something to do in any case; nil for never.
    var timeout: Duration? {
        var milliseconds: UInt64 = 0
        guard let daemon, MHD_get_timeout(daemon, &milliseconds) == .YES else { return nil }
        return .milliseconds(milliseconds)
    }

    var figures: [String: Int] {
        ["connections": connections.count, "waiting": requests.values.count { $0.isSuspended }, "bytes": reservedBytes]
    }

    /// Does what there is to do.
    ///
    /// - Returns: the pictures that have come as a whole.
    func run(now: MonotonicTime) -> [HTTPPicture] {
        self.now = now
        if let daemon { MHD_run(daemon) }
        defer { complete = [] }
        return complete
    }

    /// Whether an answer is still on its way to its sender.
    var hasAnswersToSend: Bool { requests.values.contains { $0.answer != nil && !$0.isSuspended } }

    /// Closes connections that have not brought a whole request in time: a byte now and then keeps none open.
    func closeSlow(limit: Duration) {
        for (connection, sender) in connections where !sender.waitsForVerdict && now - sender.since > limit {
            // The library finds the end of the stream, and does the rest.
            shutdown(mw_http_socket(connection), Int32(SHUT_RDWR))
            connections[connection]?.since = now
            refusals["too_slow", default: 0] += 1
        }
    }

    /// Sends the answer to a request, if there is still somebody who waits for it.
    func resume(_ number: Int, _ answer: HTTPAnswer) {
        guard let request = requests[number], request.isSuspended else { return }
        request.answer = answer
        request.isSuspended = false
        MHD_resume_connection(request.connection)
    }

    /// What was refused since the last call.
    func takeRefusals() -> (counts: [String: Int], newest: (path: String, code: String, bytes: Int)?) {
        defer { (refusals, newest) = ([:], nil) }
        return (refusals, newest)
    }

    // MARK: Called by the library

    private func handle(
        _ connection: OpaquePointer, _ path: String, _ method: String, _ data: UnsafePointer<CChar>?,
        _ count: UnsafeMutablePointer<Int>, _ context: UnsafeMutablePointer<UnsafeMutableRawPointer?>
    ) -> MHD_Result {
        guard let pointer = context.pointee else {
            let request = begin(connection, path, method)
            context.pointee = Unmanaged.passRetained(request).toOpaque()
            // An answer before the picture: its sender is told not to go on.
            return request.answer.map { send($0, connection) } ?? .YES
        }
        let request = Unmanaged<Request>.fromOpaque(pointer).takeUnretainedValue()
        if count.pointee > 0 {
            if let data { request.bytes += UnsafeRawBufferPointer(start: data, count: count.pointee) }
            count.pointee = 0
            return .YES
        }
        if let answer = request.answer { return send(answer, connection) }
        guard let wanted = request.wanted, request.bytes.count == wanted.length else { return .NO }
        guard !isStopping else {
            refuse(request, .stopping, bytes: wanted.length)
            return send(.stopping, connection)
        }
        request.isSuspended = true
        connections[connection]?.waitsForVerdict = true
        MHD_suspend_connection(connection)
        complete.append(
            HTTPPicture(
                request: request.number, stream: wanted.stream, part: wanted.part, key: wanted.key,
                encoding: wanted.encoding, bytes: request.bytes))
        request.bytes = []
        return .YES
    }

    private func begin(_ connection: OpaquePointer, _ path: String, _ method: String) -> Request {
        lastRequest += 1
        let request = Request(number: lastRequest, connection: connection, path: path)
        requests[lastRequest] = request
        func value(_ kind: MHD_ValueKind, _ name: String) -> String? {
            MHD_lookup_connection_value(connection, kind, name).map { String(cString: $0) }
        }
        let head = HTTPHead(
            method: method, path: path, length: value(.HEADER_KIND, "Content-Length"),
            lengths: Int(
                mw_http_header_count(connection, "Content-Length")
                    + mw_http_header_count(connection, "Transfer-Encoding")),
            type: value(.HEADER_KIND, "Content-Type"), authorization: value(.HEADER_KIND, "Authorization"),
            partInQuery: value(.GET_ARGUMENT_KIND, "part"), partInHeader: value(.HEADER_KIND, "X-Part"),
            key: value(.HEADER_KIND, "Idempotency-Key"))
        switch ruling(head) {
        case .refused(let answer): refuse(request, answer, bytes: head.length.flatMap { Int($0) } ?? 0)
        case .wanted(let wanted):
            guard reservedBytes + wanted.length <= Self.maxPictures * rules.settings.form.maxBytes else {
                let answer = HTTPAnswer.refusal(503, "busy", "other pictures are on their way", isForNow: true)
                refuse(request, answer, bytes: wanted.length)
                break
            }
            reservedBytes += wanted.length
            request.reserved = wanted.length
            request.wanted = wanted
            request.bytes.reserveCapacity(wanted.length)
        }
        return request
    }

    private func ruling(_ head: HTTPHead) -> HTTPRules.Ruling {
        guard let tokenFile else { return rules.judge(head, token: nil) }
        do throws(LinkFailure) {
            // At each request, so that it can be changed.
            let token = try SecretFile.firstLine(tokenFile)
            guard !token.isEmpty else { throw .file(path: tokenFile, code: ENODATA) }
            return rules.judge(head, token: token)
        } catch {
            return .refused(.refusal(500, "token_file", "the box cannot read its token"))
        }
    }

    private func refuse(_ request: Request, _ answer: HTTPAnswer, bytes: Int) {
        request.answer = answer
        let code = answer.code
        refusals[code, default: 0] += 1
        newest = (request.path, code, bytes)
    }

    private func end(_ request: Request) {
        requests[request.number] = nil
        reservedBytes -= request.reserved
        // The next request of this connection has its own time.
        if connections[request.connection] != nil { connections[request.connection] = Sender(since: now) }
    }

    private func send(_ answer: HTTPAnswer, _ connection: OpaquePointer) -> MHD_Result {
        let response = answer.body.withUnsafeBytes { body in
            MHD_create_response_from_buffer(
                body.count, UnsafeMutableRawPointer(mutating: body.baseAddress), .RESPMEM_MUST_COPY)
        }
        guard let response else { return .NO }
        defer { MHD_destroy_response(response) }
        MHD_add_response_header(response, "Content-Type", "application/json")
        if answer.status == 401 { MHD_add_response_header(response, "WWW-Authenticate", "Bearer") }
        if answer.status == 405 { MHD_add_response_header(response, "Allow", "POST") }
        if answer.isForNow { MHD_add_response_header(response, "Retry-After", "1") }
        return MHD_queue_response(connection, answer.status, response)
    }
}
