import CMosquitto
import Glibc
import Plant

/// Collects what one burst of reading brings, until it is stored; belongs to the thread of its link.
final class MQTTInbox: MosquittoHandler {
    /// A larger payload is no value of any sensor here; it is counted and acknowledged, but not looked at.
    static let maxPayloadBytes = 1 << 20
    /// One transaction of the store: at 1,000 rows a commit the disk is no longer what limits.
    static let maxBatchMessages = 2_000
    static let maxBatchBytes = 4 << 20

    /// A message of a topic not seen before: its tags must be asked for, which a C callback cannot wait for.
    struct Deferred {
        var topic: [UInt8]
        var payload: [UInt8]
        var receipt: MessageReceipt?
        var isRetained: Bool
    }

    private(set) var connectCode: Int32?
    private(set) var isSessionPresent = false
    private(set) var subscriptionsAnswered = 0
    private(set) var subscriptionsRefused = 0

    private(set) var batch: SampleBatch
    private(set) var messages = 0
    private(set) var bytes = 0
    private(set) var largest = 0
    private(set) var deferred: [Deferred] = []
    private var counters = LinkCounters()
    private var faults = [Int](repeating: 0, count: PayloadDecoder.Fault.allCases.count)

    private let rules: [TopicRule]
    private var decoders: [PayloadDecoder]
    private(set) var routes = TopicRoutes()
    private let clock: any PlantClock

    /// What is stored already and might be sent again: by packet id, the digest of the latest message that had it.
    private var stored: [UInt16: UInt64] = [:]
    /// Whether a message of this connection may still be one that was sent before.
    private(set) var isAwaitingDuplicates = false
    private var isNextDuplicate = false

    init(link: String, rules: [TopicRule], clock: any PlantClock) {
        batch = SampleBatch(link: link)
        self.rules = rules
        decoders = rules.map { PayloadDecoder($0.payload) }
        self.clock = clock
    }

    /// Makes ready for a new connection.
    ///
    /// - Parameter receipts: of what was stored, newest last; nil when those of the last call still hold.
    func startConnection(receipts: [MessageReceipt]?) {
        connectCode = nil
        isSessionPresent = false
        subscriptionsAnswered = 0
        subscriptionsRefused = 0
        clearBatch()
        if let receipts {
            stored = Dictionary(receipts.map { ($0.packetID, $0.digest) }, uniquingKeysWith: { $1 })
        }
        isAwaitingDuplicates = true
        isNextDuplicate = false
    }

    /// Forgets the batch: it is stored, or the broker will send it again.
    func clearBatch() {
        batch.samples.removeAll(keepingCapacity: true)
        batch.receipts.removeAll(keepingCapacity: true)
        deferred.removeAll(keepingCapacity: true)
        (messages, bytes) = (0, 0)
    }

    var isFull: Bool { messages >= Self.maxBatchMessages || bytes >= Self.maxBatchBytes }

    /// What was counted since the last call.
    func takeCounters() -> LinkCounters {
        for (fault, count) in zip(PayloadDecoder.Fault.allCases, faults) where count > 0 {
            counters.malformed[fault.rawValue, default: 0] += count
        }
        for index in faults.indices { faults[index] = 0 }
        defer { counters = LinkCounters() }
        return counters
    }

    /// Reads a deferred message again, now that its topic has been looked at.
    func resume(_ message: Deferred, as route: TopicRoutes.Route) {
        message.payload.withUnsafeBytes {
            take($0, route, receipt: message.receipt, isRetained: message.isRetained)
        }
    }

    /// Looks at a topic closely: which rule, and which tags.
    func resolve(_ topic: [UInt8]) -> (rule: Int, tags: [TagDefinition])? {
        for (index, rule) in rules.enumerated() {
            guard let captures = rule.filter.captures(in: topic) else { continue }
            return (index, rule.payload.tags.map { rule.payload.definition(of: $0, captures: captures) })
        }
        return nil
    }

    func remember(_ route: TopicRoutes.Route) { routes.remember(route) }

    func countRefusedTags(_ count: Int) { counters.tagsRefused += count }

    // MARK: MosquittoHandler

    func connected(code: Int32, isSessionPresent: Bool) {
        connectCode = code
        self.isSessionPresent = isSessionPresent
        // A broker that has no session for us cannot send anything a second time.
        if !isSessionPresent { endDuplicates() }
    }

    func subscribed(isRefused: Bool) {
        subscriptionsAnswered += 1
        if isRefused { subscriptionsRefused += 1 }
    }

    func published(id: Int32) {}

    /// The only place where this version of the library shows the DUP flag: `... received PUBLISH (d1, q1, r0, m5, ...`,
    /// right before the message itself.
    func logged(_ text: UnsafePointer<CChar>) {
        guard let mark = strstr(text, "received PUBLISH (d") else { return }
        // SAFETY: strstr found the words inside a text that ends with a zero, so what follows them may be read up to it.
        isNextDuplicate = mark[19] == CChar(bitPattern: UInt8(ascii: "1"))
    }

    func received(_ message: UnsafePointer<mosquitto_message>) {
        // SAFETY: topic and payload are the library's for the length of this call, and the topic ends with a zero.
        let message = message.pointee
        guard let name = message.topic else { return }
        let topic = UnsafeRawBufferPointer(start: name, count: strlen(name))
        let payload = UnsafeRawBufferPointer(start: message.payload, count: Int(message.payloadlen))
        messages += 1
        bytes += payload.count
        counters.received += 1
        largest = max(largest, payload.count)
        var receipt: MessageReceipt?
        if message.qos > 0 {
            let digest = Digest64.of(payload, seed: Digest64.of(topic))
            let made = MessageReceipt(packetID: UInt16(truncatingIfNeeded: message.mid), digest: digest)
            if isAwaitingDuplicates, isStored(made) {
                counters.duplicates += 1
                return
            }
            receipt = made
        }
        if let route = routes.route(of: topic) {
            take(payload, route, receipt: receipt, isRetained: message.retain)
        } else {
            // Nothing larger is ever looked at, so nothing larger need be kept: one byte too many says enough.
            let kept = payload.prefix(Self.maxPayloadBytes + 1)
            deferred.append(
                Deferred(
                    topic: Array(topic), payload: Array(kept), receipt: receipt, isRetained: message.retain))
        }
    }

    /// The first new message ends the time in which old ones come: a broker sends again first, in the old order
    /// (MQTT 3.1.1, 4.6).
    private func isStored(_ receipt: MessageReceipt) -> Bool {
        guard isNextDuplicate else {
            endDuplicates()
            return false
        }
        isNextDuplicate = false
        return stored[receipt.packetID] == receipt.digest
    }

    private func endDuplicates() {
        isAwaitingDuplicates = false
        stored = [:]
    }

    private func take(
        _ payload: UnsafeRawBufferPointer, _ route: TopicRoutes.Route, receipt: MessageReceipt?, isRetained: Bool
    ) {
        guard let rule = route.rule else {
            count(.unknownTopic)
            return
        }
        if payload.count > Self.maxPayloadBytes {
            decoders[rule].fail(.tooLarge)
        } else {
            decoders[rule].decode(payload)
        }
        let (arrival, monotonic) = (clock.wall(), clock.monotonic())
        let sourceTime = decoders[rule].sourceTime
        for (reading, tag) in zip(decoders[rule].readings, route.tags) {
            var quality = reading.quality
            if let fault = reading.fault {
                count(fault)
            } else if isRetained, sourceTime == nil {
                // It may be of any age: the broker keeps it until the next one comes.
                quality = .uncertain(.stale)
            }
            batch.samples.append(
                Sample(
                    tag: tag, value: reading.value, quality: quality, sourceTime: sourceTime, arrival: arrival,
                    monotonic: monotonic))
        }
        if let receipt { batch.receipts.append(receipt) }
    }

    private func count(_ fault: PayloadDecoder.Fault) {
        // The order of the cases is the order of the counts.
        if let index = PayloadDecoder.Fault.allCases.firstIndex(of: fault) { faults[index] += 1 }
    }
}
