import Plant
import Sparkplug

/// Which metrics of which edge nodes become which tags.
struct SparkplugRules: Hashable, Sendable {
    /// Edge nodes to listen to; nil stands for any.
    struct Filter: Hashable, Sendable {
        var group: String?
        var edge: String?

        /// What is subscribed: births, deaths and data of the nodes and of their devices.
        var topic: String { "\(SparkplugTopic.namespace)/\(group ?? "+")/+/\(edge ?? "+")/#" }
    }

    /// A metric that is named in the configuration.
    struct Named: Hashable, Sendable {
        var group: String
        var edge: String
        var device: String?
        var metric: String
        var tag: TagDefinition
    }

    var filters: [Filter]
    var named: [Named]
    /// For metrics that are not named; nil leaves them out. Places: group, edge, metric; group, edge, device, metric.
    var nodeTag: TagTemplate?
    var deviceTag: TagTemplate?

    /// The tag of a metric; nil for one that nobody wants.
    func definition(
        node: SparkplugNode, device: String?, metric: String, type: SparkplugDataType, unit: String
    ) -> TagDefinition? {
        if let match = named.first(where: {
            $0.metric == metric && $0.device == device && $0.edge == node.edge && $0.group == node.group
        }) {
            return match.tag
        }
        let kind: TagDefinition.Kind
        switch type.form {
        case .number: kind = .number
        case .text: kind = .text
        // How fast its values were measured, nobody says.
        case .array, .other: return nil
        }
        let words = [node.group, node.edge] + (device.map { [$0] } ?? []) + [metric]
        guard let template = device == nil ? nodeTag : deviceTag else { return nil }
        let name = template.name(words.map(Self.sanitized))
        return TagDefinition(name: name, unit: unit, kind: kind)
    }

    /// What cannot stand in the name of a tag becomes `_`: `Motor 1/Temp (°C)` is `Motor_1/Temp___C_`.
    static func sanitized(_ word: String) -> String {
        String(
            word.unicodeScalars.map { scalar -> Character in
                let text = String(scalar)
                return TagDefinition.isValid(name: "x\(text)") ? Character(text) : "_"
            })
    }
}

/// What a Sparkplug link needs to know.
struct SparkplugSettings: BrokerLinkSettings {
    var connection: MQTTConnectionSettings
    var rules: SparkplugRules
    /// Under which this box is a host application; nil where it only listens.
    var hostID: String?
    /// How long a message that is missing is waited for.
    var reorder: Duration

    var tags: [TagDefinition] { rules.named.map(\.tag) }

    func mayMake(tag name: String) -> Bool {
        [rules.nodeTag, rules.deviceTag].contains { $0?.mayBecome(name) ?? false }
    }
}
