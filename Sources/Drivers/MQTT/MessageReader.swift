import Plant

/// What understands the messages of one MQTT link, and may answer; belongs to the thread of its link.
///
/// The link stores what ``read(_:into:)`` has put into the batch, and lets the broker have its acknowledgements and the
/// answers only then.
protocol MessageReader: AnyObject {
    /// What the link asks the broker for, in this order.
    var subscriptions: [MQTTSubscription] { get }

    /// Whether the broker is to keep nothing for us while we are away.
    var isSessionClean: Bool { get }

    /// Asks for what must be known before the first message; called before each connection.
    func prepare() async throws

    /// What the broker is to say in our name when the connection ends without a goodbye; asked before each connection.
    ///
    /// - Returns: nil for what the connection's settings say.
    func will() -> MQTTMessage?

    /// The broker has accepted us and every subscription has been answered.
    func connected(isSessionPresent: Bool)

    /// The connection has ended.
    func disconnected()

    /// Puts what a message says into the batch. Called for each message of a burst, so it allocates nothing it need not.
    ///
    /// - Returns: false when that cannot be said without waiting: then ``readLater(_:into:)`` gets the message after the burst.
    func read(_ message: ReceivedMessage, into batch: inout SampleBatch) -> Bool

    /// Reads a message that ``read(_:into:)`` did not take, in the order in which they came.
    func readLater(_ message: ReceivedMessage, into batch: inout SampleBatch) async throws

    /// Whether it has read what must be dealt with before anything more is read.
    var isFull: Bool { get }

    /// Deals with what it has read and the batch cannot hold: called after the batch is stored, before the acknowledgements leave.
    ///
    /// - Throws: when that must come again.
    func settle() async throws

    /// Called about once a second while connected.
    func passTime(into batch: inout SampleBatch)

    /// What is to be published now; sent after what was read is stored.
    func takeAnswers() -> [MQTTMessage]

    /// What is to be published before an orderly end.
    func farewell() -> [MQTTMessage]

    /// What was counted since the last call.
    func takeCounters() -> LinkCounters

    /// Some of the messages that could not be used since the last call, the newest ones.
    func takeRejected() -> [RejectedPayload]
}

extension MessageReader {
    var isSessionClean: Bool { false }
    func will() -> MQTTMessage? { nil }
    func disconnected() {}
    var isFull: Bool { false }
    func settle() async throws {}
    func passTime(into batch: inout SampleBatch) {}
    func farewell() -> [MQTTMessage] { [] }
}

/// A message as it came.
// SAFETY: topic and payload belong to who made the message; readers look at them during the call only.
struct ReceivedMessage {
    var topic: UnsafeRawBufferPointer
    var payload: UnsafeRawBufferPointer
    /// How long the payload was that came: of one that is too large, not all is kept.
    var payloadBytes: Int
    /// What identifies it when it is sent again; nil where the broker waits for no acknowledgement.
    var receipt: MessageReceipt?
    var isRetained: Bool
    var arrival: WallTime
    var monotonic: MonotonicTime
    var clock: ClockConfidence
}
