import Plant

/// What a host application says of itself: `{"online": true, "timestamp": 1700000000000}`.
///
/// - Source: Sparkplug 3.0, 6.4.21; before 3.0 the payload was the word `ONLINE` or `OFFLINE`.
struct HostState: Hashable {
    var isOnline: Bool
    /// Milliseconds since 1970; nil in the older form.
    var timestamp: UInt64?

    init(isOnline: Bool, timestamp: UInt64?) {
        self.isOnline = isOnline
        self.timestamp = timestamp
    }

    /// - Returns: nil for a payload of neither form.
    // SAFETY: the bytes are read during the call only.
    init?(_ payload: UnsafeRawBufferPointer) {
        // Longer than any of the forms with any layout.
        guard payload.count <= 1_024 else { return nil }
        switch String(decoding: payload, as: UTF8.self) {
        case "ONLINE": self.init(isOnline: true, timestamp: nil)
        case "OFFLINE": self.init(isOnline: false, timestamp: nil)
        default:
            let scanner = JSONScanner(JSONQuery(["$.online", "$.timestamp"].compactMap { JSONPath($0) }))
            let isRead = payload.withMemoryRebound(to: UInt8.self) { (try? scanner.scan($0.span)) != nil }
            guard isRead, case .boolean(let isOnline) = scanner.found(0).value,
                case .number(_, let exact?) = scanner.found(1).value, exact >= 0
            else { return nil }
            self.init(isOnline: isOnline, timestamp: UInt64(exact))
        }
    }

    var json: [UInt8] { Array("{\"online\":\(isOnline),\"timestamp\":\(timestamp ?? 0)}".utf8) }
}

/// Whether a host is online, out of messages that may come late or twice.
struct HostPresence {
    private(set) var isOnline = false
    private var timestamp: UInt64?

    /// Believes what is not older than what came before.
    mutating func take(_ state: HostState) {
        // What a host of version 3.0 says counts more than what stands at the old topic.
        if timestamp != nil, state.timestamp == nil { return }
        if let time = state.timestamp, let timestamp, time < timestamp { return }
        timestamp = state.timestamp ?? timestamp
        isOnline = state.isOnline
    }
}
