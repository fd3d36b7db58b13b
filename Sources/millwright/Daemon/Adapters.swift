import Alerts
import Drivers
import Plant
import Store
import Transfer
import Uplink

// Modules that must not know each other meet here.

/// The store's deliveries as the journal of the alert channels.
struct StoreJournal: DeliveryJournal {
    let store: Store

    func pending(channel: String, limit: Int) async throws -> [Alerts.Delivery] {
        try await store.pendingDeliveries(channel: channel, limit: limit).map {
            Alerts.Delivery(
                id: $0.id, alert: $0.alert, asset: "", channel: $0.channel, payload: $0.body, attempts: $0.attempts)
        }
    }

    func done(_ id: Int64, at time: WallTime) async throws { try await store.apply([.delivery(id, .sent)]) }

    func retry(_ id: Int64, attempts: Int, at time: WallTime, reason: String) async throws {
        try await store.apply([.delivery(id, .failed(reason: reason, nextTry: time))])
    }

    func giveUp(_ id: Int64, attempts: Int, at time: WallTime, reason: String) async throws {
        try await store.apply([.delivery(id, .givenUp(reason: reason))])
    }
}

/// Publishes alerts over the brokers of the configured links, a connection a link of its own.
actor LinkPublisher: TopicPublisher {
    private let links: [LinkDefinition]
    private let device: String
    private let clock: any PlantClock
    private var publishers: [String: MQTTPublisher] = [:]

    init(links: [LinkDefinition], device: String, clock: any PlantClock) {
        self.links = links
        self.device = device
        self.clock = clock
    }

    func publish(link: String, topic: String, payload: [UInt8]) async throws {
        try await publisher(link).publish(topic, payload)
    }

    private func publisher(_ name: String) throws -> MQTTPublisher {
        if let publisher = publishers[name] { return publisher }
        guard let link = links.first(where: { $0.name == name }),
            let settings = MQTTPublisher.Settings(link: link, clientID: "millwright-alerts-\(device)-\(name)")
        else { throw AdapterError.noSuchLink(name) }
        let publisher = try MQTTPublisher(settings, clock: clock)
        publishers[name] = publisher
        return publisher
    }
}

enum AdapterError: Error, CustomStringConvertible {
    case noSuchLink(String)

    var description: String {
        switch self {
        case .noSuchLink(let name): "no MQTT link is called \"\(name)\""
        }
    }
}

/// Posts to a web server over the HTTP client.
struct HTTPWebhook: Webhook {
    let client: HTTPClient

    func post(url: String, body: [UInt8], headers: [HTTPHeader]) async throws -> Int {
        let headers =
            [TransferRequest.Header("Content-Type", "application/json")]
            + headers.map { TransferRequest.Header($0.name, $0.value) }
        return try await client.send(TransferRequest(.post, url, headers: headers, body: body)).status
    }
}

/// The registry over HTTP, with the device's token.
struct RegistryTransport: Transport {
    let client: HTTPClient
    let registry: PlantConfiguration.RegistrySection

    func get(_ path: String, maximumBytes: Int) async throws -> TransportAnswer {
        let answer = try await client.send(
            try request(.get, path, limits: TransferLimits(maximumBodyBytes: Int64(maximumBytes))))
        return TransportAnswer(status: answer.status, body: answer.body)
    }

    func post(_ path: String, json: [UInt8], maximumBytes: Int) async throws -> TransportAnswer {
        var request = try request(.post, path, limits: TransferLimits(maximumBodyBytes: Int64(maximumBytes)))
        request.headers.append(.init("Content-Type", "application/json"))
        request.body = json
        let answer = try await client.send(request)
        return TransportAnswer(status: answer.status, body: answer.body)
    }

    func download(_ path: String, to file: String, maximumBytes: Int64) async throws {
        // 64 MB over the slowest line that the limits allow takes days; an hour ends an attempt, and the next goes on.
        let limits = TransferLimits(maximumBodyBytes: maximumBytes, totalDeadline: .seconds(3_600))
        _ = try await client.download(try request(.get, path, limits: limits), to: file)
    }

    /// The token is read for each request, so that it can be changed without a restart.
    private func request(
        _ method: TransferRequest.Method, _ path: String, limits: TransferLimits
    ) throws -> TransferRequest {
        let text = String(decoding: try TextFile.read(registry.tokenFile, limit: 4_096), as: UTF8.self)
        let token = text.prefix { !$0.isWhitespace }
        return TransferRequest(
            method, registry.url + path, headers: [.init("Authorization", "Bearer \(token)")], limits: limits,
            tls: TransferTLS(
                authorityFile: registry.authority, certificateFile: registry.certificate, keyFile: registry.key))
    }
}

/// Declares tags in the store, has them watched, and lets stations know them.
struct StoreTags: TagLookup {
    let store: Store
    let watch: WatchPart
    let stations: StationService

    func id(for tag: TagDefinition) async throws -> TagID {
        let id = try await store.tagID(for: tag)
        take(id, tag)
        return id
    }

    func ids(for tags: [TagDefinition]) async throws -> [TagID] {
        let ids = try await store.tagIDs(for: tags)
        for (id, tag) in zip(ids, tags) { take(id, tag) }
        return ids
    }

    private func take(_ id: TagID, _ tag: TagDefinition) {
        watch.take(id, tag)
        stations.take(id, tag)
    }
}

/// Looks at what came, tells the stations, and stores it; the store tells the judge.
struct IngestPath: SampleSink {
    let store: Store
    let watch: WatchPart
    let stations: StationService

    func store(_ batch: SampleBatch) async throws {
        try await watch.look(at: batch) { batch in
            // Before it is durable: the picture of the part that it announces is on its way already.
            stations.see(batch.samples)
            do {
                // What no sender waits for becomes durable within the loss contract.
                if batch.receipts.isEmpty { try await store.accept(batch) } else { try await store.store(batch) }
            } catch {
                stations.expect(again: batch.samples)
                throw error
            }
        }
    }

    func storedReceipts(link: String) async throws -> [MessageReceipt] { try await store.storedReceipts(link: link) }

    func recordLoss(link: String, since: WallTime?) async throws {
        try await store.recordLoss(link: link, since: since)
    }
}
