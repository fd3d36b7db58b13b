import CMosquitto
import Glibc
import Sparkplug

/// What a broker sends to an edge node: answers, commands, the state of the primary host.
final class EdgeInbox: MosquittoHandler {
    let filters: [String]
    private(set) var connectCode: Int32?
    /// Ids of subscriptions that have been answered; the caller empties it.
    var answered: Set<Int32> = []
    private(set) var refusal: String?
    /// What the broker said when it ended the connection.
    private(set) var goodbye: Int32?
    /// The host has asked for births; the caller takes it back when they are sent.
    var isRebirthWanted = false
    private let node: SparkplugNode
    private let primaryHost: String?
    private var presence = HostPresence()
    private var payload = SparkplugPayload()
    private var refused = 0

    init(node: SparkplugNode, primaryHost: String?) {
        self.node = node
        self.primaryHost = primaryHost
        let commands = [
            SparkplugTopic(.nodeCommand, node).text, SparkplugTopic(.deviceCommand, node, device: "+").text,
        ]
        let states = primaryHost.map { [SparkplugTopic.state(ofHost: $0), SparkplugTopic.oldState(ofHost: $0)] } ?? []
        filters = commands + states
    }

    /// Without a primary host nobody is waited for.
    var isHostOnline: Bool { primaryHost == nil || presence.isOnline }

    /// Commands since the last call that nobody here obeys: a value of ours is not set from outside.
    func takeRefused() -> Int {
        defer { refused = 0 }
        return refused
    }

    func connected(code: Int32, isSessionPresent: Bool) { connectCode = code }

    func disconnected(code: Int32) { goodbye = code }

    // SAFETY: topic and payload are the library's for the length of this call, and the topic ends with a zero.
    func received(_ message: UnsafePointer<mosquitto_message>) {
        guard let name = message.pointee.topic else { return }
        let topic = String(cString: name)
        let bytes = UnsafeRawBufferPointer(
            start: message.pointee.payload, count: Int(message.pointee.payloadlen))
        if let host = primaryHost,
            topic == SparkplugTopic.state(ofHost: host) || topic == SparkplugTopic.oldState(ofHost: host)
        {
            if let state = HostState(bytes) { presence.take(state) }
            return
        }
        let isRebirth =
            topic == SparkplugTopic(.nodeCommand, node).text && bytes.count <= MQTTInbox.maxPayloadBytes
            && (try? payload.read(bytes)) != nil && SparkplugCommand.asksForRebirth(payload)
        if isRebirth { isRebirthWanted = true } else { refused += 1 }
    }

    func subscribed(id: Int32, refusal: String?) {
        answered.insert(id)
        self.refusal = refusal
    }

    func published(id: Int32, refusal: String?) {}

    func logged(_ text: UnsafePointer<CChar>) {}
}
