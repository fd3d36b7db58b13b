import Alerts
import Logging
import Plant
import Store

/// What an event of an alert means for the store, whoever raised it.
struct AlertSteps: Sendable {
    var plant: String
    var settings: AlertSettings
    var logger: Logger

    init(_ configuration: PlantConfiguration, logger: Logger) {
        plant = configuration.plant.name
        settings = configuration.alerts
        self.logger = logger
    }

    /// The alert, a message for each channel, one for the registry, and what is to be written to the field.
    func changes(_ event: AlertEvent, asset: Asset) -> [Change] {
        let changes: [Change] =
            [event.kind == .raised ? .raise(event.alert) : .update(event.alert, at: event.time)] + writes(event)
        guard event.isPublished else { return changes }
        let level: Logger.Level = event.kind == .raised || event.kind == .escalated ? .warning : .notice
        logger.log(
            level: level, "alert \(event.kind.rawValue)",
            metadata: [
                "alert": "\(event.alert.id)", "asset": "\(event.alert.asset)", "code": "\(event.alert.code)",
                "severity": "\(event.alert.severity.rawValue)",
            ])
        return changes + messages(event, asset: asset)
    }

    func messages(_ event: AlertEvent, asset: Asset) -> [Change] {
        let body = AlertMessage(event, asset: asset, plant: plant, languages: settings.language).json
        let channels = Channels.names(settings).map { channel in
            Change.deliver(NewDelivery(alert: event.alert.id, channel: channel, event: event.kind.rawValue, body: body))
        }
        return channels + [.enqueue(.alert, body)]
    }

    /// What the configuration wants written when this alert comes or goes; stored with it, so that it is ordered exactly once.
    private func writes(_ event: AlertEvent) -> [Change] {
        guard event.kind == .raised || event.kind == .cleared else { return [] }
        return settings.writes.filter { $0.matches(event.alert) }.compactMap { write in
            let value = event.kind == .raised ? write.value : write.whenClear
            return value.map {
                .order(
                    tag: write.tag, $0, by: "alert",
                    reason: "\(event.alert.id) \(event.alert.code) \(event.kind.rawValue)")
            }
        }
    }
}
