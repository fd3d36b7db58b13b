import Plant
import Sparkplug

/// Gives metrics their tags, each name once.
final class HostTags {
    /// Metrics of one link that become tags.
    static let maxTags = 20_000

    private let rules: SparkplugRules
    private let tags: any TagLookup
    /// Which metric has a tag's name.
    private var owners: [String: String] = [:]
    private var counters = LinkCounters()
    private var refusal: String?

    init(rules: SparkplugRules, tags: any TagLookup) {
        self.rules = rules
        self.tags = tags
    }

    /// What was counted since the last call.
    func takeCounters() -> LinkCounters {
        defer { counters = LinkCounters() }
        return counters
    }

    /// Why the last tag was refused, once.
    func takeRefusal() -> String? {
        defer { refusal = nil }
        return refusal
    }

    /// Commands and numbers of the protocol are no values of the plant.
    private static func isControl(_ name: String) -> Bool {
        name == WellKnownMetric.birthDeathSequence || name.hasPrefix("Node Control/")
            || name.hasPrefix("Device Control/")
    }

    /// The tag of a metric that a birth names.
    ///
    /// - Returns: nil for one that nobody wants, and for one that is refused, which is counted.
    /// - Throws: when the tag cannot be had now.
    func tag(
        of metric: SparkplugMetric, _ name: String, unit: String, _ node: SparkplugNode, _ device: String?
    ) async throws -> (TagID, TagDefinition)? {
        // What a template holds are its members.
        guard !Self.isControl(name), metric.value != .template, metric.value != .definition else { return nil }
        guard
            let definition = rules.definition(
                node: node, device: device, metric: name, type: metric.dataType,
                unit: Unit.known.contains(unit) ? unit : "")
        else {
            if metric.dataType.form == .other || metric.dataType.form == .array {
                counters.malformed["unsupported_type", default: 0] += 1
            }
            return nil
        }
        let source = "\(node)/\(device ?? "")/\(name)"
        guard TagDefinition.isValid(name: definition.name) else {
            return refuse(definition.name, "not the name of a tag")
        }
        guard Self.fits(definition.kind, metric.dataType) else {
            return refuse(definition.name, "\(source) is of the type \(metric.dataType)")
        }
        if let owner = owners[definition.name], owner != source {
            return refuse(definition.name, "\(source) and \(owner) have the same name")
        }
        guard owners[definition.name] != nil || owners.count < Self.maxTags else {
            return refuse(definition.name, "more than \(Self.maxTags) metrics")
        }
        do {
            let id = try await tags.id(for: definition)
            owners[definition.name] = source
            return (id, definition)
        } catch let refused as TagRefused {
            return refuse(definition.name, refused.reason)
        }
    }

    private static func fits(_ kind: TagDefinition.Kind, _ type: SparkplugDataType) -> Bool {
        switch (kind, type.form) {
        case (.number, .number), (.text, .text), (.waveform, .array): true
        default: false
        }
    }

    private func refuse(_ name: String, _ reason: String) -> (TagID, TagDefinition)? {
        counters.tagsRefused += 1
        refusal = "the tag \"\(name)\" is refused: \(reason)"
        return nil
    }
}
