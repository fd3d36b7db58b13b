/// One message that waits for, or is on, its way.
package struct Delivery: Hashable, Sendable {
    /// Number in the journal, growing with time.
    package var id: Int64
    package var alert: String
    /// Id of the asset.
    package var asset: String
    /// Name of the channel.
    package var channel: String
    /// UTF-8 JSON of ``AlertMessage``.
    package var payload: [UInt8]
    /// How often it was tried.
    package var attempts: Int

    /// - Parameter asset: "" takes it from the alert's id, so that a journal need not keep it.
    package init(id: Int64, alert: String, asset: String = "", channel: String, payload: [UInt8], attempts: Int = 0) {
        self.id = id
        self.alert = alert
        self.asset = asset.isEmpty ? Self.asset(ofAlert: alert) : asset
        self.channel = channel
        self.payload = payload
        self.attempts = attempts
    }

    /// `20261123-201503-pump-7-1` belongs to `pump-7`.
    private static func asset(ofAlert id: String) -> String {
        id.split(separator: "-", omittingEmptySubsequences: false).dropFirst(2).dropLast().joined(separator: "-")
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
