import Alerts
import Drivers
import Logging
import Plant
import Store
import Synchronization
import Transfer

/// The alert channels of the configuration in force.
final class DeliveryPart: Sendable {
    struct Setting: Hashable, Sendable {
        var alerts: AlertSettings
        var device: String
        /// Of the MQTT link that alerts go over, so that its change is one of the channels too.
        var link: LinkDefinition?
    }

    private let part: Restartable<Setting>
    private let running: Running
    private let store: Store

    /// The service of the present setting.
    private final class Running: Sendable {
        let service = Mutex<DeliveryService?>(nil)
    }

    init(store: Store, clock: any PlantClock, logger: Logger) {
        self.store = store
        let running = Running()
        self.running = running
        part = Restartable("alert delivery", logger: logger) { setting in
            let headers = try setting.alerts.webhook?.headersFile.map { path throws(ConfigurationError) in
                let text = String(decoding: try TextFile.read(path, limit: 65_536), as: UTF8.self)
                guard let headers = HTTPHeader.parse(text) else {
                    throw .wrong("\(path): expected lines of `Name: value`")
                }
                return headers
            }
            let outlets = Outlets(
                publisher: LinkPublisher(
                    links: [setting.link].compactMap(\.self), device: setting.device, clock: clock),
                webhook: HTTPWebhook(client: HTTPClient()), webhookHeaders: headers ?? [])
            let service = DeliveryService(
                channels: Channels.configured(setting.alerts, outlets: outlets), journal: StoreJournal(store: store),
                clock: clock, logger: logger)
            running.service.withLock { $0 = service }
            await service.run()
        }
    }

    func want(_ configuration: PlantConfiguration) {
        let link = configuration.links.first { $0.name == configuration.alerts.mqtt?.link }
        part.want(Setting(alerts: configuration.alerts, device: configuration.plant.device, link: link))
    }

    func run() async { await part.run() }

    /// New messages are in the journal.
    func wake() async { await running.service.withLock { $0 }?.wake() }

    func counts() async -> [String: Int] {
        var counts: [String: Int] = [:]
        for status in await running.service.withLock({ $0 })?.status ?? [] {
            counts["\(status.channel).delivered"] = status.delivered
            counts["\(status.channel).waiting"] = status.waiting
            counts["\(status.channel).retries"] = status.retries
            counts["\(status.channel).given_up"] = status.givenUp
        }
        return counts
    }
}
