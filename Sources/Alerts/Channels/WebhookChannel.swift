/// Posts each message to a web address.
///
/// The receiver can drop what it has seen by `alert` and `event`: after a power cut a message may come twice, never less.
package struct WebhookChannel: AlertChannel {
    package static let name = "webhook"

    private let url: String
    private let origin: String
    private let headers: [HTTPHeader]
    private let webhook: any Webhook
    private let redact: Redaction

    package init?(_ settings: AlertSettings, outlets: Outlets) {
        guard let target = settings.webhook, let address = WebAddress(target.url) else { return nil }
        url = target.url
        origin = address.origin
        headers = outlets.webhookHeaders
        webhook = outlets.webhook
        redact = Redaction(address.secrets + outlets.webhookHeaders.map(\.value))
    }

    package var destination: String { origin }

    package func send(_ delivery: Delivery) async throws(DeliveryError) {
        let status: Int
        do {
            status = try await webhook.post(url: url, body: delivery.payload, headers: headers)
        } catch {
            // A client's error text may quote the address with all that is in it.
            throw .unreachable(redact("\(error)"))
        }
        switch status {
        case 200..<300: return
        // The message itself is at fault; everything else (not yet authorized, not yet there, too busy) may change.
        // Source: RFC 9110, 15.5: content that is malformed, too large, of the wrong type, or not understood.
        case 400, 413, 415, 422: throw .refused(status: status)
        default: throw .busy(status: status)
        }
    }
}
