import Plant
import YAML

extension MQTTSettings {
    /// One broker connection carries this many rules at most; each message of a new topic is held against all of them.
    static let maxTopics = 1_000

    /// Reads the keys of an MQTT link.
    ///
    /// - Returns: nil when something was wrong; then it has been reported.
    init?(reading reader: inout MappingReader, claims: inout LinkClaims) {
        var connection = MQTTConnectionSettings(reading: &reader, claims: &claims)
        var presence: MQTTPresence?
        if var will = reader.optionalMapping("will") {
            let message = MQTTMessage(reading: &will)
            connection?.will = message
            if let online = will.optional("online", .string), let message {
                presence = MQTTPresence(online: message, offline: message)
                presence?.online.payload = Array(online.utf8)
            }
            will.finish()
        }
        let topics = Self.topics(reading: &reader, claims: &claims)
        guard let connection, let topics else { return nil }
        self.init(
            connection: connection, presence: presence, topics: topics.values, pictureTopics: topics.pictures)
        if !pictureTopics.isEmpty {
            let mark = reader.node["client_id"]?.mark ?? reader.node.mark
            claims.take(
                .client(host: connection.host, port: connection.port, id: pictureConnection.clientID), at: mark,
                path: reader.path("client_id"))
        }
    }

    private static func topics(
        reading reader: inout MappingReader, claims: inout LinkClaims
    ) -> (values: [TopicRule], pictures: [PictureTopic])? {
        guard let nodes = reader.required("topics", .nodes) else { return nil }
        let path = reader.path("topics")
        guard (1...maxTopics).contains(nodes.count) else {
            reader.diagnostics.report(
                at: reader.node["topics"] ?? reader.node, path: path, expected: "a list of 1 to \(maxTopics) topics")
            return nil
        }
        var filters: [(filter: TopicFilter, mark: Mark)] = []
        var values: [TopicRule] = []
        var pictures: [PictureTopic] = []
        for (index, node) in nodes.enumerated() {
            let path = "\(path)[\(index)]"
            guard var entry = MappingReader(node, path: path, diagnostics: reader.diagnostics) else { continue }
            let filter: TopicFilter
            if node["payload"]?.text == "picture" {
                let topic = PictureTopic(reading: &entry, claims: &claims)
                entry.finish()
                guard let topic else { continue }
                pictures.append(topic)
                filter = topic.filter
            } else {
                let rule = TopicRule(reading: &entry, claims: &claims)
                entry.finish()
                guard let rule else { continue }
                values.append(rule)
                filter = rule.filter
            }
            if let first = filters.first(where: { $0.filter.overlaps(filter) }) {
                reader.diagnostics.report(
                    at: node["topic"] ?? node, path: "\(path).topic",
                    expected: "topics that share no message (the broker would send it twice)",
                    found:
                        "\"\(filter.text)\", which meets \"\(first.filter.text)\" of \(first.mark.place)")
            }
            filters.append((filter, node.mark))
        }
        return filters.count == nodes.count ? (values, pictures) : nil
    }
}

extension MQTTMessage {
    fileprivate init?(reading reader: inout MappingReader) {
        let topic = reader.required(
            "topic",
            .string.map(expected: "an MQTT topic without wild cards") { text in
                text.contains("+") || text.contains("#") || text.hasPrefix("$") ? nil : text
            })
        let payload = reader.required("payload", .string)
        let qos = reader.optional("qos", .integer(0...2), default: 1)
        let isRetained = reader.optional("retain", .boolean, default: true)
        guard let topic, let payload else { return nil }
        self.init(topic: topic, payload: Array(payload.utf8), qos: qos, isRetained: isRetained)
    }
}

extension TopicRule {
    fileprivate init?(reading entry: inout MappingReader, claims: inout LinkClaims) {
        let filter = entry.required("topic", .topicFilter)
        let qos = entry.optional("qos", .integer(0...2), default: 1)
        // With an unknown topic, any placeholder may be right.
        let payload = PayloadRule(reading: &entry, wildcards: filter?.wildcards ?? 99, claims: &claims)
        guard let filter, let payload else { return nil }
        self.init(filter: filter, qos: qos, payload: payload)
    }
}
