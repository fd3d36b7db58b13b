import Plant

/// What an MQTT link needs to know.
struct MQTTSettings: BrokerLinkSettings {
    var connection: MQTTConnectionSettings
    var presence: MQTTPresence?
    var topics: [TopicRule]

    var tags: [TagDefinition] {
        topics.flatMap { topic in
            topic.payload.tags.filter { $0.template.isConstant }.map { topic.payload.definition(of: $0, captures: []) }
        }
    }

    func mayMake(tag name: String) -> Bool {
        topics.contains { $0.payload.tags.contains { $0.template.mayBecome(name) } }
    }
}

/// What a link says of itself at its broker: that it is there, and, as its last will too, that it is not.
struct MQTTPresence: Hashable, Sendable {
    var online: MQTTMessage
    var offline: MQTTMessage
}

/// One entry of `topics:`.
struct TopicRule: Hashable, Sendable {
    var filter: TopicFilter
    /// 0, 1 or 2, as the configuration has it. 2 is asked for as 1: what keeps a message from being stored twice is its
    /// receipt, and libmosquitto answers PUBREC before it shows the message, so that a crash would lose it.
    var qos: Int
    var payload: PayloadRule
}

/// What the messages of a topic contain.
struct PayloadRule: Hashable, Sendable {
    struct Tag: Hashable, Sendable {
        var template: TagTemplate
        var unit: String
    }

    enum Format: Hashable, Sendable {
        /// `paths[i]` leads to the value of `tags[i]`.
        case json(paths: [JSONPath], time: JSONTime?)
        /// The whole payload is one number in decimal.
        case number
        case waveform(WaveformFormat)
    }

    var tags: [Tag]
    var format: Format

    func definition(of tag: Tag, captures: [String]) -> TagDefinition {
        let kind: TagDefinition.Kind =
            switch format {
            case .json, .number: .number
            case .waveform(let format): .waveform(samples: format.samples, rateHertz: format.rateHertz)
            }
        return TagDefinition(name: tag.template.name(captures), unit: tag.unit, kind: kind)
    }
}

/// Where a JSON payload says when it was measured.
struct JSONTime: Hashable, Sendable {
    enum Format: String, CaseIterable, Sendable {
        case iso8601, unixSeconds = "unix_s", unixMilliseconds = "unix_ms", unixNanoseconds = "unix_ns"
    }

    var path: JSONPath
    var format: Format
}
