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
    /// One message may bring as many; a batch is over when it has them, so that it never has more than twice that.
    static let maxBatchSamples = PayloadDecoder.maxReadings

    /// A message that its reader could not take without waiting, which a C callback cannot do.
    struct Deferred {
        var topic: [UInt8]
        var payload: [UInt8]
        var payloadBytes: Int
        var receipt: MessageReceipt?
        var isRetained: Bool
        var arrival: WallTime
        var monotonic: MonotonicTime
    }

    private(set) var connectCode: Int32?
    private(set) var isSessionPresent = false
    private(set) var subscriptionsAnswered = 0
    /// Packet ids of the subscriptions that the broker refused, and what it said.
    private(set) var subscriptionsRefused: [(id: Int32, reason: String)] = []
    /// What the broker said when it ended the connection.
    private(set) var goodbye: Int32?

    private(set) var batch: SampleBatch
    private(set) var messages = 0
    private(set) var bytes = 0
    private var deferred: [Deferred] = []
    /// How many of them have been read.
    private var resumed = 0
    private var counters = LinkCounters()

    private let reader: any MessageReader
    private let clock: any PlantClock
    private var confidence = ClockConfidence.free

    /// What is stored already and might be sent again: by packet id, the digest of the latest message that had it.
    private var stored: [UInt16: UInt64] = [:]
    /// Whether a message of this connection may still be one that was sent before.
    private(set) var isAwaitingDuplicates = false
    private var isNextDuplicate = false

    init(link: String, reader: any MessageReader, clock: any PlantClock) {
        batch = SampleBatch(link: link)
        self.reader = reader
        self.clock = clock
    }

    /// Makes ready for a new connection.
    ///
    /// - Parameter receipts: of what was stored, newest last; nil when those of the last call still hold.
    func startConnection(receipts: [MessageReceipt]?) {
        connectCode = nil
        isSessionPresent = false
        subscriptionsAnswered = 0
        subscriptionsRefused = []
        goodbye = nil
        startBurst()
        resumed = deferred.count
        clearBatch()
        if let receipts {
            stored = Dictionary(receipts.map { ($0.packetID, $0.digest) }, uniquingKeysWith: { $1 })
        }
        isAwaitingDuplicates = true
        isNextDuplicate = false
    }

    /// The clock is asked once for all messages of a burst how far it may be believed: that is a system call.
    func startBurst() { confidence = clock.confidence() }

    /// Forgets the batch: it is stored, or the broker will send it again. What waits still goes on waiting.
    func clearBatch() {
        batch.samples.removeAll(keepingCapacity: true)
        batch.receipts.removeAll(keepingCapacity: true)
        guard resumed == deferred.count else { return }
        deferred.removeAll(keepingCapacity: true)
        (messages, bytes, resumed) = (0, 0, 0)
    }

    var isFull: Bool { messages >= Self.maxBatchMessages || bytes >= Self.maxBatchBytes || holdsTooMuch }

    private var holdsTooMuch: Bool { batch.samples.count >= Self.maxBatchSamples }

    /// What was counted since the last call.
    func takeCounters() -> LinkCounters {
        defer { counters = LinkCounters() }
        counters.add(reader.takeCounters())
        return counters
    }

    func takeRejected() -> [RejectedPayload] { reader.takeRejected() }

    /// Reads messages that had to wait for the end of the burst, until the batch is full.
    ///
    /// - Returns: whether that were all of them; otherwise the batch is to be stored first.
    func resumeDeferred() async throws -> Bool {
        while resumed < deferred.count, !holdsTooMuch {
            let message = deferred[resumed]
            resumed += 1
            let before = batch.samples.count
            // An array's own memory cannot be lent to a call that waits.
            let copy = UnsafeMutableRawBufferPointer.allocate(
                byteCount: message.topic.count + message.payload.count, alignment: 1)
            // SAFETY: freed when the reader has returned, which by its contract keeps neither part.
            defer { copy.deallocate() }
            copy.copyBytes(from: message.topic)
            let payload = UnsafeMutableRawBufferPointer(rebasing: copy[message.topic.count...])
            payload.copyBytes(from: message.payload)
            try await reader.readLater(
                ReceivedMessage(
                    topic: UnsafeRawBufferPointer(rebasing: copy[..<message.topic.count]),
                    payload: UnsafeRawBufferPointer(payload), payloadBytes: message.payloadBytes,
                    receipt: message.receipt, isRetained: message.isRetained, arrival: message.arrival,
                    monotonic: message.monotonic,
                    clock: confidence), into: &batch)
            if batch.samples.count > before, let receipt = message.receipt { batch.receipts.append(receipt) }
        }
        return resumed == deferred.count
    }

    /// Lets the reader say what the passing of time alone means.
    func passTime() { reader.passTime(into: &batch) }

    // MARK: MosquittoHandler

    func connected(code: Int32, isSessionPresent: Bool) {
        connectCode = code
        self.isSessionPresent = isSessionPresent
        // A broker that has no session for us cannot send anything a second time.
        if !isSessionPresent { endDuplicates() }
    }

    func disconnected(code: Int32) { goodbye = code }

    func subscribed(id: Int32, refusal: String?) {
        subscriptionsAnswered += 1
        if let refusal { subscriptionsRefused.append((id, refusal)) }
    }

    func published(id: Int32, refusal: String?) {}

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
        let before = batch.samples.count
        let received = ReceivedMessage(
            topic: topic, payload: payload, payloadBytes: payload.count, receipt: receipt, isRetained: message.retain,
            arrival: clock.wall(), monotonic: clock.monotonic(), clock: confidence)
        if reader.read(received, into: &batch) {
            if batch.samples.count > before, let receipt { batch.receipts.append(receipt) }
        } else {
            // Nothing larger is ever looked at, so nothing larger need be kept: one byte too many says enough.
            let kept = payload.prefix(Self.maxPayloadBytes + 1)
            deferred.append(
                Deferred(
                    topic: Array(topic), payload: Array(kept), payloadBytes: payload.count, receipt: receipt,
                    isRetained: received.isRetained, arrival: received.arrival, monotonic: received.monotonic))
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
}
