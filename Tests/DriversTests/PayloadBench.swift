import Plant
import YAML

@testable import Drivers

/// One entry of `topics`, read as the daemon reads it, and what it makes of payloads.
struct PayloadBench {
    /// What one payload gave for one tag.
    struct Answer: Equatable, CustomStringConvertible {
        var tag: String
        var value: Sample.Value
        var quality: Quality
        var fault: PayloadFault?
        var time: Int64?
        var at: Int?

        var description: String {
            "\(tag): \(value), \(quality), \(fault?.rawValue ?? "-"), \(time ?? -1) at \(at ?? -1)"
        }
    }

    private(set) var decoder: PayloadDecoder

    /// - Parameter entry: its keys without the topic, as a flow mapping's inside.
    init(_ entry: String) throws {
        let (links, diagnostics) = try Self.links(entry)
        guard diagnostics.isEmpty, let rule = (links.first?.settings as? MQTTSettings)?.topics.first else {
            throw BadConfiguration(description: diagnostics.text)
        }
        decoder = PayloadDecoder(rule.payload)
    }

    static func links(_ entry: String) throws -> (links: [LinkDefinition], diagnostics: Diagnostics) {
        try DriversTests.links(
            """
            - name: line
              driver: mqtt
              host: 127.0.0.1
              topics:
                - { topic: t, \(entry) }
            """)
    }

    mutating func read(_ payload: [UInt8]) -> [Answer] {
        payload.withUnsafeBytes { decoder.decode($0) }
        return decoder.readings.map { reading in
            let tag = decoder.rule.tags[reading.tag].template.name([])
            return Answer(
                tag: tag, value: reading.value.value, quality: reading.value.quality, fault: reading.value.fault,
                time: reading.time?.nanoseconds, at: reading.at)
        }
    }

    mutating func read(_ payload: String) -> [Answer] { read(Array(payload.utf8)) }

    /// The values of a tag, in the order in which they came.
    mutating func values(_ payload: String, of tag: String = "v") -> [Sample.Value] {
        read(payload).filter { $0.tag == tag }.map(\.value)
    }
}
