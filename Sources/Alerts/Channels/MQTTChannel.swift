/// Publishes each message to a topic of a broker that is one of the plant's links.
package struct MQTTChannel: AlertChannel {
    package static let name = "mqtt"

    private let link: String
    private let topic: String
    private let publisher: any TopicPublisher

    package init?(_ settings: AlertSettings, outlets: Outlets) {
        guard let mqtt = settings.mqtt else { return nil }
        link = mqtt.link
        topic = mqtt.topic
        publisher = outlets.publisher
    }

    package var destination: String { "\(link): \(topic)" }

    package func send(_ delivery: Delivery) async throws(DeliveryError) {
        let topic = topic.split(separator: "{asset}", omittingEmptySubsequences: false).joined(
            separator: delivery.asset)
        do {
            try await publisher.publish(link: link, topic: topic, payload: delivery.payload)
        } catch {
            throw .unreachable("\(error)")
        }
    }
}
