import Plant

/// What an MQTT link needs to know.
struct MQTTSettings: BrokerLinkSettings {
    var connection: MQTTConnectionSettings
    var presence: MQTTPresence?
    var topics: [TopicRule]
    var pictureTopics: [PictureTopic] = []

    var tags: [TagDefinition] {
        topics.flatMap { topic in
            topic.payload.tags.filter { $0.template.isConstant }.map { topic.payload.definition(of: $0, captures: []) }
        }
    }

    /// The name under which the broker keeps pictures for us, on a connection of their own.
    var pictureConnection: MQTTConnectionSettings {
        var own = connection
        own.clientID = Self.pictureClientID(connection.clientID)
        return own
    }

    static func pictureClientID(_ clientID: String) -> String { clientID + "-pictures" }

    var pictures: [String] { pictureTopics.filter(\.stream.isConstant).map { $0.stream.name([]) } }
    var bringsPictures: Bool { !pictureTopics.isEmpty }

    func mayBring(pictures name: String) -> Bool { pictureTopics.contains { $0.stream.mayBecome(name) } }

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
