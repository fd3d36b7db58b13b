import Plant
import YAML

extension MQTTSettings {
    /// One broker connection carries this many rules at most; each message of a new topic is held against all of them.
    static let maxTopics = 1_000
    /// A payload of 1 MiB of float32.
    static let maxWaveformSamples = 262_144

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
        self.init(connection: connection, presence: presence, topics: topics)
    }

    private static func topics(reading reader: inout MappingReader, claims: inout LinkClaims) -> [TopicRule]? {
        guard let nodes = reader.required("topics", .nodes) else { return nil }
        let path = reader.path("topics")
        guard (1...maxTopics).contains(nodes.count) else {
            reader.diagnostics.report(
                at: reader.node["topics"] ?? reader.node, path: path, expected: "a list of 1 to \(maxTopics) topics")
            return nil
        }
        var rules: [(rule: TopicRule, mark: Mark)] = []
        for (index, node) in nodes.enumerated() {
            let path = "\(path)[\(index)]"
            guard var entry = MappingReader(node, path: path, diagnostics: reader.diagnostics) else { continue }
            let rule = TopicRule(reading: &entry, claims: &claims)
            entry.finish()
            guard let rule else { continue }
            if let first = rules.first(where: { $0.rule.filter.overlaps(rule.filter) }) {
                reader.diagnostics.report(
                    at: node["topic"] ?? node, path: "\(path).topic",
                    expected: "topics that share no message (the broker would send it twice)",
                    found:
                        "\"\(rule.filter.text)\", which meets \"\(first.rule.filter.text)\" of \(first.mark.place)")
            }
            rules.append((rule, node.mark))
        }
        return rules.count == nodes.count ? rules.map(\.rule) : nil
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
        let topic = Kind.string.map(
            expected: "an MQTT topic; + and # only as a whole level, # only as the last; $share/GROUP/ before it"
        ) {
            TopicFilter($0)
        }
        let filter = entry.required("topic", topic)
        let qos = entry.optional("qos", .integer(0...2), default: 1)
        let payload = entry.required("payload", .choice(["json", "number", "waveform"]))
        // With an unknown topic, any placeholder may be right.
        var values = ValueReader(wildcards: filter?.wildcards ?? 99, claims: claims)
        defer { claims = values.claims }
        let rule: PayloadRule? =
            switch payload {
            case "json": values.json(&entry)
            case "number": values.number(&entry)
            case "waveform": values.waveform(&entry)
            default: nil
            }
        guard let filter, let rule else { return nil }
        self.init(filter: filter, qos: qos, payload: rule)
    }
}

/// Reads the values of one topic.
private struct ValueReader {
    let wildcards: Int
    var claims: LinkClaims

    mutating func json(_ entry: inout MappingReader) -> PayloadRule? {
        let time = entry.optionalMapping("time").flatMap { Self.time($0) }
        guard entry.has("values") else {
            let path = entry.required("path", .jsonPath)
            guard let tag = tag(&entry), let path else { return nil }
            return PayloadRule(tags: [tag], format: .json(paths: [path], time: time))
        }
        guard let nodes = entry.required("values", .nodes) else { return nil }
        var tags: [PayloadRule.Tag] = []
        var paths: [JSONPath] = []
        for (index, node) in nodes.enumerated() {
            let place = "\(entry.path("values"))[\(index)]"
            guard var reader = MappingReader(node, path: place, diagnostics: entry.diagnostics) else { continue }
            let path = reader.required("path", .jsonPath)
            let tag = tag(&reader)
            reader.finish()
            guard let path, let tag else { continue }
            paths.append(path)
            tags.append(tag)
        }
        guard !nodes.isEmpty else {
            entry.diagnostics.report(
                at: entry.node, path: entry.path("values"), expected: "at least one value", found: "an empty list")
            return nil
        }
        return tags.count == nodes.count ? PayloadRule(tags: tags, format: .json(paths: paths, time: time)) : nil
    }

    mutating func number(_ entry: inout MappingReader) -> PayloadRule? {
        tag(&entry).map { PayloadRule(tags: [$0], format: .number) }
    }

    mutating func waveform(_ entry: inout MappingReader) -> PayloadRule? {
        let encoding = entry.required("format", .choice(WaveformFormat.Encoding.self))
        let samples = entry.required("samples", .integer(1...MQTTSettings.maxWaveformSamples))
        let rate = entry.required("rate", .number(0.001...10_000_000))
        let scale = entry.optional("scale", .number, default: 1)
        let header = entry.optional("header_bytes", .integer(0...4_096), default: 0)
        guard let tag = tag(&entry), let encoding, let samples, let rate else { return nil }
        let format = WaveformFormat(
            encoding: encoding, samples: samples, rateHertz: rate, scale: scale, headerBytes: header)
        guard format.payloadBytes <= MQTTInbox.maxPayloadBytes else {
            entry.diagnostics.report(
                at: entry.node, path: entry.path("samples"),
                expected: "a window of at most \(MQTTInbox.maxPayloadBytes) bytes",
                found: "\(format.payloadBytes) bytes")
            return nil
        }
        return PayloadRule(tags: [tag], format: .waveform(format))
    }

    private mutating func tag(_ reader: inout MappingReader) -> PayloadRule.Tag? {
        let text = reader.required("tag", .string)
        let unit = reader.optional("unit", .unit, default: "")
        guard let text else { return nil }
        let node = reader.node["tag"] ?? reader.node
        do {
            let template = try TagTemplate(text, wildcards: wildcards)
            if template.isConstant { claims.take(.tag(text), at: node.mark, path: reader.path("tag")) }
            if template.isConstant, wildcards > 0 {
                reader.diagnostics.report(
                    at: node, path: reader.path("tag"), expected: "a placeholder such as {1}: the topic has wild cards",
                    found: "a name that all matching topics would share")
            }
            return PayloadRule.Tag(template: template, unit: unit)
        } catch {
            let expected =
                switch error {
                case .unclosedBrace: "a closing } for each {"
                case .unknownPlaceholder(let name) where wildcards == 0:
                    "no placeholder (the topic has no wild card), not \(name)"
                case .unknownPlaceholder(let name): "placeholders {1} to {\(wildcards)}, not \(name)"
                case .notATagName: "a tag name: letters, digits, . - _ and /, starting with a letter or digit"
                }
            reader.diagnostics.report(at: node, path: reader.path("tag"), expected: expected)
            return nil
        }
    }

    private static func time(_ reader: MappingReader) -> JSONTime? {
        var reader = reader
        let path = reader.required("path", .jsonPath)
        let format = reader.required("format", .choice(JSONTime.Format.self))
        reader.finish()
        guard let path, let format else { return nil }
        return JSONTime(path: path, format: format)
    }
}

extension Kind where T == JSONPath {
    fileprivate static var jsonPath: Kind<JSONPath> {
        Kind<String>.string.map(expected: "a path such as $.values[0].temperature") { JSONPath($0) }
    }
}
