import Plant

/// Reads the pictures of a link: one at a time, which is judged before the broker has its acknowledgement.
///
/// They have a connection of their own, so that no sample waits for the judge. What waits beside the one that is judged
/// waits at the broker, and of one more the library may hold what has come so far.
final class PictureReader: MessageReader {
    let subscriptions: [MQTTSubscription]
    private let topics: [PictureTopic]
    /// Under which name receipts are kept.
    private let link: String
    private let presence: MQTTPresence?
    private let desk: PictureDesk
    /// Waits for its verdict.
    private var picture: FieldPicture?
    private var counters = LinkCounters()
    private var rejections = RejectionLog()
    private var answers: [MQTTMessage] = []

    /// - Parameter presence: what the link says of itself; nil where another connection says it.
    init(_ topics: [PictureTopic], link: String, presence: MQTTPresence?, desk: PictureDesk) {
        self.topics = topics
        self.link = link
        self.presence = presence
        self.desk = desk
        subscriptions = topics.map { MQTTSubscription(filter: $0.filter.text, qos: min($0.qos, 1)) }
    }

    var isFull: Bool { picture != nil }

    func prepare() {}

    func connected(isSessionPresent: Bool) {
        if let presence { answers = [presence.online] }
    }

    func farewell() -> [MQTTMessage] { presence.map { [$0.offline] } ?? [] }

    func disconnected() {
        // What waits for an acknowledgement comes again; the others have been sent once and for all.
        if let picture, picture.receipt == nil { counters.dropped += 1 }
        picture = nil
    }

    func read(_ message: ReceivedMessage, into batch: inout SampleBatch) -> Bool {
        let name = Array(message.topic)
        for topic in topics {
            guard let captures = topic.filter.captures(in: name) else { continue }
            take(message, name, topic, captures)
            return true
        }
        reject(message, PayloadFault.unknownTopic.rawValue)
        return true
    }

    func readLater(_ message: ReceivedMessage, into batch: inout SampleBatch) {}

    func settle() async throws {
        guard let waiting = picture else { return }
        _ = try await desk.judge(waiting)
        picture = nil
    }

    func takeAnswers() -> [MQTTMessage] {
        defer { answers = [] }
        return answers
    }

    func takeCounters() -> LinkCounters {
        defer { counters = LinkCounters() }
        return counters
    }

    func takeRejected() -> [RejectedPayload] { rejections.take() }

    private func take(_ message: ReceivedMessage, _ name: [UInt8], _ topic: PictureTopic, _ captures: [String]) {
        let stream = topic.stream.name(captures)
        // The broker keeps the newest one for whoever asks: the part that it shows may have left the line long ago.
        if message.isRetained { return reject(message, "retained") }
        guard message.payloadBytes <= topic.form.maxBytes else {
            return reject(message, PayloadFault.tooLarge.rawValue)
        }
        guard TagDefinition.isValid(name: stream) else { return reject(message, "stream_name") }
        let part = topic.part?.name(captures)
        picture = FieldPicture(
            link: link, stream: stream, bytes: Array(message.payload), encoding: topic.form.encoding,
            name: String(decoding: name, as: UTF8.self), part: part.flatMap { PartName.isValid($0) ? $0 : nil },
            arrival: message.arrival, monotonic: message.monotonic, receipt: message.receipt)
    }

    private func reject(_ message: ReceivedMessage, _ cause: String) {
        counters.malformed[cause, default: 0] += 1
        guard rejections.isWanted(at: message.monotonic) else { return }
        rejections.append(RejectedPayload(message, cause: cause))
    }
}
