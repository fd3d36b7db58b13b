import Plant

/// Reads the messages of a link by the rules of its topics.
final class TopicReader: MessageReader {
    let subscriptions: [MQTTSubscription]
    private let rules: [TopicRule]
    private let tags: any TagLookup
    private let monitor: LinkMonitor
    private var decoders: [PayloadDecoder]
    private var routes = TopicRoutes()
    private var wildcardTags = 0
    private var areTagsDeclared = false
    private var counters = LinkCounters()
    private var faults = [Int](repeating: 0, count: PayloadDecoder.Fault.allCases.count)

    private let presence: MQTTPresence?
    private var answers: [MQTTMessage] = []

    init(_ settings: MQTTSettings, tags: any TagLookup, monitor: LinkMonitor) {
        rules = settings.topics
        presence = settings.presence
        self.tags = tags
        self.monitor = monitor
        subscriptions = rules.map { MQTTSubscription(filter: $0.filter.text, qos: min($0.qos, 1)) }
        decoders = rules.map { PayloadDecoder($0.payload) }
    }

    func prepare() async throws {
        guard !areTagsDeclared else { return }
        for rule in rules where rule.filter.wildcards == 0 { try await remember(Array(rule.filter.topic.utf8)) }
        areTagsDeclared = true
    }

    func connected(isSessionPresent: Bool) {
        if let presence { answers = [presence.online] }
    }

    /// A broker forgets the will of who says goodbye.
    func farewell() -> [MQTTMessage] { presence.map { [$0.offline] } ?? [] }

    func read(_ message: ReceivedMessage, into batch: inout SampleBatch) -> Bool {
        guard let route = routes.route(of: message.topic) else { return false }
        take(message, route, into: &batch)
        return true
    }

    func readLater(_ message: ReceivedMessage, into batch: inout SampleBatch) async throws {
        var route = routes.route(of: message.topic)
        if route == nil { route = try await remember(Array(message.topic)) }
        if let route { take(message, route, into: &batch) }
    }

    func takeAnswers() -> [MQTTMessage] {
        defer { answers = [] }
        return answers
    }

    func takeCounters() -> LinkCounters {
        for (fault, count) in zip(PayloadDecoder.Fault.allCases, faults) where count > 0 {
            counters.malformed[fault.rawValue, default: 0] += count
        }
        for index in faults.indices { faults[index] = 0 }
        defer { counters = LinkCounters() }
        return counters
    }

    private func take(_ message: ReceivedMessage, _ route: TopicRoutes.Route, into batch: inout SampleBatch) {
        guard let rule = route.rule else {
            count(.unknownTopic)
            return
        }
        if message.payload.count > MQTTInbox.maxPayloadBytes {
            decoders[rule].fail(.tooLarge)
        } else {
            decoders[rule].decode(message.payload)
        }
        let sourceTime = decoders[rule].sourceTime
        for (reading, tag) in zip(decoders[rule].readings, route.tags) {
            var quality = reading.quality
            if let fault = reading.fault {
                count(fault)
            } else if message.isRetained, sourceTime == nil {
                // It may be of any age: the broker keeps it until the next one comes.
                quality = .uncertain(.stale)
            }
            batch.samples.append(
                Sample(
                    tag: tag, value: reading.value, quality: quality, sourceTime: sourceTime, arrival: message.arrival,
                    monotonic: message.monotonic, clock: message.clock))
        }
    }

    /// Looks at a new topic and asks for the numbers of its tags.
    @discardableResult
    private func remember(_ topic: [UInt8]) async throws -> TopicRoutes.Route {
        var route = TopicRoutes.Route(topic: topic, rule: nil, tags: [])
        if let (rule, definitions) = resolve(topic) {
            let isFixed = rules[rule].filter.wildcards == 0
            if isFixed || wildcardTags + definitions.count <= TopicRoutes.maxWildcardTags,
                definitions.allSatisfy({ TagDefinition.isValid(name: $0.name) })
            {
                do {
                    for definition in definitions { route.tags.append(try await tags.id(for: definition)) }
                    route.rule = rule
                    if !isFixed { wildcardTags += definitions.count }
                } catch let refusal as TagRefused {
                    monitor.record(error: "\(refusal)")
                    counters.tagsRefused += definitions.count
                }
            } else {
                counters.tagsRefused += definitions.count
            }
        }
        routes.remember(route)
        return route
    }

    /// Which rule a topic meets, and which tags that makes.
    private func resolve(_ topic: [UInt8]) -> (rule: Int, tags: [TagDefinition])? {
        for (index, rule) in rules.enumerated() {
            guard let captures = rule.filter.captures(in: topic) else { continue }
            return (index, rule.payload.tags.map { rule.payload.definition(of: $0, captures: captures) })
        }
        return nil
    }

    private func count(_ fault: PayloadDecoder.Fault) {
        // The order of the cases is the order of the counts.
        if let index = PayloadDecoder.Fault.allCases.firstIndex(of: fault) { faults[index] += 1 }
    }
}
