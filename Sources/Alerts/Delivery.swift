/// One message that waits for, or is on, its way.
package struct Delivery: Hashable, Sendable {
    /// Number in the journal, growing with time.
    package var id: Int64
    package var alert: String
    package var asset: String
    /// Name of the channel.
    package var channel: String
    /// UTF-8 JSON of ``AlertMessage``.
    package var payload: [UInt8]
    /// How often it was tried.
    package var attempts: Int

    package init(id: Int64, alert: String, asset: String, channel: String, payload: [UInt8], attempts: Int = 0) {
        self.id = id
        self.alert = alert
        self.asset = asset
        self.channel = channel
        self.payload = payload
        self.attempts = attempts
    }
}

/// Why a message was not taken.
package enum DeliveryError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Nobody there, or no confirmation; it is tried again.
    case unreachable(String)
    /// An answer that may change; it is tried again.
    case busy(status: Int)
    /// The other side will never take this message.
    case refused(status: Int)

    package var description: String {
        switch self {
        case .unreachable(let reason): "unreachable: \(reason)"
        case .busy(let status): "answered \(status)"
        case .refused(let status): "refused with \(status)"
        }
    }
}
