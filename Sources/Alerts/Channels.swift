/// Every channel that there is.
package enum Channels {
    package static let all: [any AlertChannel.Type] = [MQTTChannel.self, WebhookChannel.self]

    /// The channels that the settings ask for.
    package static func configured(_ settings: AlertSettings, outlets: Outlets) -> [any AlertChannel] {
        all.compactMap { $0.init(settings, outlets: outlets) }
    }

    /// The names of the channels that the settings ask for: what the store makes a delivery for.
    package static func names(_ settings: AlertSettings) -> [String] {
        var names: [String] = []
        if settings.mqtt != nil { names.append(MQTTChannel.name) }
        if settings.webhook != nil { names.append(WebhookChannel.name) }
        return names
    }
}
