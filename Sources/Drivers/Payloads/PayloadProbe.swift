package import Plant

/// Reads payloads as a link reads the messages of one topic, without a broker: to try a configuration on a message that was
/// captured, and to measure what one costs.
package struct PayloadProbe {
    /// What a payload gives for one tag.
    package struct Answer: Sendable {
        package var tag: String
        package var value: Sample.Value
        package var quality: Quality
        /// The name in the counters of what is wrong with it.
        package var fault: String?
        package var time: WallTime?
        /// At which byte it stands, or what is wrong with it.
        package var place: Int?
    }

    private var decoder: PayloadDecoder
    private let names: [String]

    /// - Returns: nil when no topic of the link matches, or the link has none.
    package init?(_ link: LinkDefinition, topic: String) {
        guard let settings = link.settings as? MQTTSettings else { return nil }
        for rule in settings.topics {
            guard let captures = rule.filter.captures(in: Array(topic.utf8)) else { continue }
            decoder = PayloadDecoder(rule.payload)
            names = rule.payload.tags.map { $0.template.name(captures) }
            return
        }
        return nil
    }

    /// Reads one payload.
    ///
    /// - Returns: how many values came of it, good or bad.
    // SAFETY: the bytes are read during the call only.
    package mutating func read(_ payload: UnsafeRawBufferPointer) -> Int {
        if payload.count > MQTTInbox.maxPayloadBytes {
            decoder.fail(.tooLarge)
        } else {
            decoder.decode(payload)
        }
        return decoder.readings.count
    }

    /// What the last payload gave, in the order in which it is stored.
    package var answers: [Answer] {
        decoder.readings.map { reading in
            Answer(
                tag: names[reading.tag], value: reading.value.value, quality: reading.value.quality,
                fault: reading.value.fault?.rawValue, time: reading.time, place: reading.at)
        }
    }
}
