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
    private var faults: [PayloadFault: Int] = [:]
    private var rejections = RejectionLog()

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
        if !faults.isEmpty {
            for (fault, count) in faults { counters.malformed[fault.rawValue, default: 0] += count }
            faults.removeAll(keepingCapacity: true)
        }
        defer { counters = LinkCounters() }
        return counters
    }

    func takeRejected() -> [RejectedPayload] { rejections.take() }

    private func take(_ message: ReceivedMessage, _ route: TopicRoutes.Route, into batch: inout SampleBatch) {
        guard let rule = route.rule else {
            faults[.unknownTopic, default: 0] += 1
            reject(message, .unknownTopic)
            return
        }
        if message.payload.count > MQTTInbox.maxPayloadBytes {
            decoders[rule].fail(.tooLarge)
        } else {
            decoders[rule].decode(message.payload)
        }
        var worst: PayloadDecoder.Reading?
        for reading in decoders[rule].readings {
            var quality = reading.value.quality
            if let fault = reading.value.fault {
                faults[fault, default: 0] += 1
                if worst == nil { worst = reading }
            } else if message.isRetained, reading.time == nil, quality.isGood {
                // It may be of any age: the broker keeps it until the next one comes.
                quality = .uncertain(.stale)
            }
            batch.samples.append(
                Sample(
                    tag: route.tags[reading.tag], value: reading.value.value, quality: quality,
                    sourceTime: reading.time, arrival: message.arrival, monotonic: message.monotonic,
                    clock: message.clock))
        }
        if let failure = decoders[rule].failure {
            reject(message, failure.fault, at: failure.at)
        } else if let worst, let fault = worst.value.fault {
            reject(message, fault, tag: rules[rule].payload.tags[worst.tag].template, at: worst.at)
        }
    }

    /// Keeps what is needed to see why a message was of no use.
    private func reject(
        _ message: ReceivedMessage, _ fault: PayloadFault, tag template: TagTemplate? = nil, at place: Int? = nil
    ) {
        guard rejections.isWanted(at: message.monotonic) else { return }
        let tag = template.flatMap { template in match(Array(message.topic)).map { template.name($0.captures) } }
        rejections.append(RejectedPayload(message, cause: fault.rawValue, tag: tag, place: place))
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
        match(topic).map { rule, captures in
            let payload = rules[rule].payload
            return (rule, payload.tags.map { payload.definition(of: $0, captures: captures) })
        }
    }

    private func match(_ topic: [UInt8]) -> (rule: Int, captures: [String])? {
        for (index, rule) in rules.enumerated() {
            if let captures = rule.filter.captures(in: topic) { return (index, captures) }
        }
        return nil
    }
}
