import CCurl

/// What becomes of the body's bytes. A throw ends the transfer.
protocol TransferSink: AnyObject {
    func take(_ bytes: UnsafeRawBufferPointer) throws(TransferError)
}

/// One request in libcurl's hands. Stays on the client's thread.
final class CurlTransfer {
    let request: TransferRequest
    let easy: UnsafeMutableRawPointer
    /// Why one of our own callbacks ended the transfer; it says more than libcurl's code.
    private(set) var refusal: TransferError?
    private let answer: AnswerHead
    private let sink: any TransferSink
    private var headerList: UnsafeMutablePointer<curl_slist>?

    init(_ request: TransferRequest, answer: AnswerHead, sink: any TransferSink) throws(TransferError) {
        try Self.check(request)
        guard let easy = curl_easy_init() else {
            throw .refused(url: request.url, reason: "libcurl could not start")
        }
        self.request = request
        self.easy = easy
        self.answer = answer
        self.sink = sink
        setAddress()
        setLimits()
        setSecurity()
        setBody()
        setHeaders()
        setCallbacks()
    }

    deinit {
        curl_easy_cleanup(easy)
        curl_slist_free_all(headerList)
    }

    /// libcurl's code in our words.
    func failure(_ code: CURLcode) -> TransferError {
        let url = request.url
        let reason = String(cString: curl_easy_strerror(code))
        switch code {
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_URL_MALFORMAT:
            return .malformedRequest(expected: "an http or https address", found: url)
        case CURLE_COULDNT_RESOLVE_HOST: return .notResolved(url: url)
        case CURLE_COULDNT_CONNECT, CURLE_FAILED_INIT, CURLE_OUT_OF_MEMORY: return .refused(url: url, reason: reason)
        case CURLE_OPERATION_TIMEDOUT: return .timedOut(url: url, reason: reason)
        case CURLE_FILESIZE_EXCEEDED: return .tooLarge(url: url, limitBytes: request.limits.maximumBodyBytes)
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
            CURLE_SSL_CACERT_BADFILE, CURLE_USE_SSL_FAILED, CURLE_SSL_ISSUER_ERROR:
            return .tls(url: url, reason: reason)
        case CURLE_PARTIAL_FILE, CURLE_GOT_NOTHING, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_HTTP2, CURLE_HTTP2_STREAM:
            return .cutShort(url: url, reason: reason)
        default: return .malformedAnswer(url: url, expected: "an HTTP answer", found: reason)
        }
    }

    private static func check(_ request: TransferRequest) throws(TransferError) {
        let url = request.url
        guard url.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }), !url.isEmpty else {
            throw .malformedRequest(expected: "an address without blanks and line breaks", found: url)
        }
        for header in request.headers {
            let isName =
                !header.name.isEmpty
                && header.name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }
            // libcurl would send a line break as it is, and with it a header of the attacker's choice.
            let isValue = header.value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
            guard isName, isValue else {
                throw .malformedRequest(expected: "a header of one line", found: "the header \(header.name.prefix(60))")
            }
        }
    }

    private func setAddress() {
        mw_curl_set_text(easy, CURLOPT_URL, request.url)
        mw_curl_set_text(easy, CURLOPT_PROTOCOLS_STR, "http,https")
        mw_curl_set_text(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https")
        mw_curl_set_long(easy, CURLOPT_FOLLOWLOCATION, request.followsRedirects ? 1 : 0)
        mw_curl_set_long(easy, CURLOPT_MAXREDIRS, 3)
        // Where the bytes go is said in the configuration, not by http_proxy or ~/.netrc.
        mw_curl_set_text(easy, CURLOPT_PROXY, "")
        mw_curl_set_long(easy, CURLOPT_NOSIGNAL, 1)
        mw_curl_set_long(easy, CURLOPT_TCP_KEEPALIVE, 1)
    }

    private func setLimits() {
        let limits = request.limits
        mw_curl_set_long(easy, CURLOPT_CONNECTTIMEOUT_MS, Self.milliseconds(limits.connectDeadline))
        mw_curl_set_long(easy, CURLOPT_TIMEOUT_MS, Self.milliseconds(limits.totalDeadline))
        mw_curl_set_long(easy, CURLOPT_LOW_SPEED_LIMIT, limits.lowestBytesPerSecond)
        mw_curl_set_long(easy, CURLOPT_LOW_SPEED_TIME, max(1, Self.milliseconds(limits.lowSpeedSpan) / 1_000))
    }

    private func setSecurity() {
        mw_curl_set_long(easy, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
        if let file = request.tls.authorityFile { mw_curl_set_text(easy, CURLOPT_CAINFO, file) }
        if let file = request.tls.certificateFile { mw_curl_set_text(easy, CURLOPT_SSLCERT, file) }
        if let file = request.tls.keyFile { mw_curl_set_text(easy, CURLOPT_SSLKEY, file) }
    }

    private func setBody() {
        let hasBody = request.method == .post || request.method == .put || !request.body.isEmpty
        mw_curl_set_long(easy, hasBody ? CURLOPT_POST : CURLOPT_HTTPGET, 1)
        mw_curl_set_text(easy, CURLOPT_CUSTOMREQUEST, request.method.rawValue)
        guard hasBody else { return }
        mw_curl_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(request.body.count))
        request.body.withUnsafeBytes { _ = mw_curl_set_pointer(easy, CURLOPT_COPYPOSTFIELDS, $0.baseAddress) }
    }

    private func setHeaders() {
        // libcurl would wait for "100 Continue" before larger bodies; our servers never send it early.
        var lines = ["Expect:"]
        lines += request.headers.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
        for line in lines { headerList = curl_slist_append(headerList, line) }
        mw_curl_set_list(easy, CURLOPT_HTTPHEADER, headerList)
    }

    private func setCallbacks() {
        // SAFETY: `self` owns `easy` and outlives the transfer, so the pointer is good whenever libcurl calls back.
        let context = UnsafeRawPointer(Unmanaged.passUnretained(self).toOpaque())
        mw_curl_set_pointer(easy, CURLOPT_HEADERDATA, context)
        mw_curl_set_pointer(easy, CURLOPT_WRITEDATA, context)
        mw_curl_set_sink(easy, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            CurlTransfer.receive(bytes, size * count, context) { (transfer, bytes) throws(TransferError) in
                try transfer.answer.take(line: bytes, url: transfer.request.url)
            }
        }
        mw_curl_set_sink(easy, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            CurlTransfer.receive(bytes, size * count, context) { (transfer, bytes) throws(TransferError) in
                try transfer.sink.take(bytes)
            }
        }
    }

    /// The way from libcurl into Swift: gives the number of bytes taken, 0 to end the transfer.
    private static func receive(
        _ bytes: UnsafeMutablePointer<CChar>?, _ count: Int, _ context: UnsafeMutableRawPointer?,
        _ take: (CurlTransfer, UnsafeRawBufferPointer) throws(TransferError) -> Void
    ) -> Int {
        guard let context, count > 0 else { return count }
        // SAFETY: `context` is the transfer that set the callback, alive during the call; the bytes live as long.
        let transfer = Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
        do throws(TransferError) {
            try take(transfer, UnsafeRawBufferPointer(start: bytes, count: count))
            return count
        } catch {
            transfer.refusal = error
            return 0
        }
    }

    private static func milliseconds(_ span: Duration) -> Int {
        let (seconds, attoseconds) = span.components
        // 0 would mean "no limit" to libcurl.
        return max(1, Int(clamping: seconds) &* 1_000 &+ Int(attoseconds / 1_000_000_000_000_000))
    }
}
