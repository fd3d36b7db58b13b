package import Plant
package import YAML

/// The section `alerts:` of the configuration.
package struct AlertSettings: Hashable, Sendable {
    package var language: AlertLanguage = .both
    package var mqtt: MQTT?
    package var webhook: Webhook?
    /// Replaces the delays of every pack.
    package var delays = DelayOverrides()

    /// Values that are written to the field when an alert comes or goes.
    package var writes: [Write] = []

    package struct Write: Hashable, Sendable {
        /// Of the rule that raises the alert.
        package var code: String
        /// nil means any.
        package var asset: String?
        package var tag: String
        package var value: Double
        /// nil leaves the value when the alert clears.
        package var whenClear: Double?

        package func matches(_ alert: Alert) -> Bool {
            alert.code == code && (asset.map { $0 == alert.asset } ?? true)
        }
    }

    /// More actions than this nobody oversees.
    private static let maxWrites = 100

    package struct MQTT: Hashable, Sendable {
        /// Name of a link with the driver `mqtt`.
        package var link: String
        /// Topic to publish to, without wildcards; `{asset}` stands for the asset's id.
        package var topic: String

        package init(link: String, topic: String) {
            self.link = link
            self.topic = topic
        }
    }

    package struct Webhook: Hashable, Sendable {
        package var url: String
        /// A file of `Name: value` lines (a bearer token, say), so that no secret stands in the configuration.
        package var headersFile: String?

        package init(url: String, headersFile: String?) {
            self.url = url
            self.headersFile = headersFile
        }
    }

    /// Alerts are stored and shown, and sent nowhere.
    package init() {}

    /// - Parameter directory: where a relative `headers_file` starts; "" leaves it as it stands.
    package init?(reading reader: inout MappingReader, directory: String = "") {
        language = reader.optional("language", .choice(AlertLanguage.self), default: .both)
        mqtt = reader.optional(
            "mqtt",
            .mapping { reader in
                let link = reader.required("link", .string)
                let topic = reader.required("topic", .publishTopic)
                guard let link, let topic else { return nil }
                return MQTT(link: link, topic: topic)
            })
        webhook = reader.optional(
            "webhook",
            .mapping { reader in
                let url = reader.required("url", .webhookURL)
                let headers = reader.optional("headers_file", .string)
                guard let url else { return nil }
                let isRelative = headers.map { !$0.hasPrefix("/") } ?? false
                return Webhook(
                    url: url,
                    headersFile: isRelative && !directory.isEmpty ? headers.map { "\(directory)/\($0)" } : headers)
            })
        writes = reader.optional(
            "writes",
            .sequence(
                of: .mapping { reader in
                    let code = reader.required("code", .string)
                    let asset = reader.optional("asset", .string)
                    let tag = reader.required("tag", .string)
                    let value = reader.required("value", .number)
                    let whenClear = reader.optional("when_clear", .number)
                    guard let code, let tag, let value else { return nil }
                    return Write(code: code, asset: asset, tag: tag, value: value, whenClear: whenClear)
                }, count: 0...Self.maxWrites), default: [])
        delays = reader.optional("delays", .mapping { DelayOverrides(reading: &$0) }, default: DelayOverrides())
    }
}

extension Kind where T == String {
    /// - Source: MQTT 3.1.1, 4.7: no wildcards in a topic name, at most 65,535 bytes (here 512).
    package static var publishTopic: Kind<String> {
        Kind.string.map(expected: "a topic without wildcards (at most 512 bytes)") { text in
            text.utf8.contains { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "#") } || text.utf8.count > 512
                ? nil : text
        }
    }

    fileprivate static var webhookURL: Kind<String> {
        Kind.string.map(expected: "an address that starts with http:// or https://") { text in
            WebAddress(text) == nil ? nil : text
        }
    }
}
