import Plant
import Sparkplug

/// Understands the messages of a Sparkplug link, asks edge nodes for births that it has missed, and says, where it is told to,
/// that this host is there.
///
/// - Source: Sparkplug 3.0, 5.8 to 5.11.
final class SparkplugHost: MessageReader {
    /// Topics that are remembered, so that they need not be taken apart again.
    private static let maxTopics = 20_000

    let subscriptions: [MQTTSubscription]
    private let hostID: String?
    private let table: HostTable
    private let clock: any PlantClock
    private let monitor: LinkMonitor
    private var topics: [[UInt8]: SparkplugTopic] = [:]
    private var answers: [MQTTMessage] = []
    private var counters = LinkCounters()
    private var rejections = RejectionLog()
    /// Messages of this burst that could not be taken at once: those that follow them must wait too.
    private var waiting = 0
    private var isConnected = false
    /// When this connection was asked for: birth and death of the host carry the same time.
    private var connectionTime = WallTime(nanoseconds: 0)

    init(_ settings: SparkplugSettings, tags: any TagLookup, clock: any PlantClock, monitor: LinkMonitor) {
        hostID = settings.hostID
        table = HostTable(rules: settings.rules, tags: tags, reorder: settings.reorder)
        self.clock = clock
        self.monitor = monitor
        let own = settings.hostID.map { [MQTTSubscription(filter: SparkplugTopic.state(ofHost: $0))] } ?? []
        subscriptions = own + settings.rules.filters.map { MQTTSubscription(filter: $0.topic) }
    }

    /// A host application begins anew with each connection; who only listens lets the broker keep what it missed.
    ///
    /// - Source: Sparkplug 3.0, 5.1.
    var isSessionClean: Bool { hostID != nil }

    func prepare() async throws {
        waiting = 0
        answers = []
    }

    func will() -> MQTTMessage? {
        connectionTime = clock.wall()
        return state(isOnline: false)
    }

    func connected(isSessionPresent: Bool) {
        isConnected = true
        if let message = state(isOnline: true) { answers.append(message) }
        if !isSessionPresent { table.lostSession() }
        askForBirths()
    }

    func disconnected() { isConnected = false }

    // SAFETY: the message's bytes are read during the call only.
    func read(_ message: ReceivedMessage, into batch: inout SampleBatch) -> Bool {
        guard let topic = topic(message.topic) else {
            takeOther(message)
            return true
        }
        // Data would find no tag for what a birth before it has named; so nothing overtakes.
        guard waiting == 0, table.takesAtOnce(topic) else {
            waiting += 1
            return false
        }
        guard isUsable(message) else { return true }
        table.takeAtOnce(topic, message.payload, at: arrival(message))
        table.takeSamples(into: &batch)
        if let (fault, byte) = table.takeFault() { reject(message, fault, at: byte) }
        return true
    }

    // SAFETY: who calls keeps the message's bytes until this returns.
    func readLater(_ message: ReceivedMessage, into batch: inout SampleBatch) async throws {
        defer { waiting -= 1 }
        guard let topic = topic(message.topic), isUsable(message) else { return }
        try await table.take(topic, message.payload, at: arrival(message))
        table.takeSamples(into: &batch)
        if let (fault, byte) = table.takeFault() { reject(message, fault, at: byte) }
        if let refusal = table.takeRefusal() { monitor.record(error: refusal) }
    }

    func passTime(into batch: inout SampleBatch) {
        table.tick(
            at: HostArrival(wall: clock.wall(), monotonic: clock.monotonic(), clock: clock.confidence()))
        table.takeSamples(into: &batch)
    }

    func takeAnswers() -> [MQTTMessage] {
        if isConnected { askForBirths() }
        defer { answers = [] }
        return answers
    }

    /// A host that goes on purpose says so itself: the broker publishes a will only when nobody says goodbye.
    func farewell() -> [MQTTMessage] { [state(isOnline: false)].compactMap(\.self) }

    func takeCounters() -> LinkCounters {
        defer { counters = LinkCounters() }
        counters.add(table.takeCounters())
        return counters
    }

    func takeRejected() -> [RejectedPayload] { rejections.take() }

    private func reject(_ message: ReceivedMessage, _ fault: String, at place: Int? = nil) {
        guard rejections.isWanted(at: message.monotonic) else { return }
        rejections.append(RejectedPayload(message, cause: fault, place: place))
    }

    private func askForBirths() {
        for node in table.takeRebirths(at: clock.monotonic()) {
            let command = SparkplugCommand.rebirth(of: node, at: clock.wall())
            answers.append(MQTTMessage(topic: command.topic, payload: command.payload, qos: 0))
        }
    }

    private func topic(_ name: UnsafeRawBufferPointer) -> SparkplugTopic? {
        let bytes = Array(name)
        if let topic = topics[bytes] { return topic }
        guard let topic = SparkplugTopic(String(decoding: name, as: UTF8.self)) else { return nil }
        if topics.count < Self.maxTopics { topics[bytes] = topic }
        return topic
    }

    /// What is too large is not looked at, and nobody may keep a message of the namespace at the broker but a host its state:
    /// nobody knows how old such a message is.
    private func isUsable(_ message: ReceivedMessage) -> Bool {
        let fault =
            message.payload.count > MQTTInbox.maxPayloadBytes ? "too_large" : message.isRetained ? "retained" : nil
        if let fault {
            counters.malformed[fault, default: 0] += 1
            reject(message, fault)
        }
        return fault == nil
    }

    private func takeOther(_ message: ReceivedMessage) {
        guard let hostID, message.topic.elementsEqual(SparkplugTopic.state(ofHost: hostID).utf8) else {
            counters.malformed["unknown_topic", default: 0] += 1
            reject(message, "unknown_topic")
            return
        }
        // An old will of ours, or somebody with our name, says that we are away.
        if HostState(message.payload)?.isOnline == false, isConnected, let message = state(isOnline: true) {
            answers.append(message)
        }
    }

    private func state(isOnline: Bool) -> MQTTMessage? {
        guard let hostID else { return nil }
        let state = HostState(isOnline: isOnline, timestamp: connectionTime.milliseconds)
        return MQTTMessage(
            topic: SparkplugTopic.state(ofHost: hostID), payload: state.json, qos: 1, isRetained: true)
    }

    private func arrival(_ message: ReceivedMessage) -> HostArrival {
        HostArrival(wall: message.arrival, monotonic: message.monotonic, clock: message.clock)
    }
}
