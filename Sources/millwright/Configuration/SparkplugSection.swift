import Drivers
import Plant
import Sparkplug
import YAML

extension PlantConfiguration {
    /// The section `sparkplug`: the box as an edge node of a Sparkplug host.
    struct SparkplugSection: Hashable, Sendable {
        var edge: EdgeSettings
        var rules: [PublishRule]
        /// Whether windows of vibration go out too; a plant's raw data stays where it is unless somebody says so.
        var hasWaveforms: Bool
    }

    /// One entry of `sparkplug.tags`: which tags, and as whose metrics.
    struct PublishRule: Hashable, Sendable {
        enum Choice: Hashable, Sendable {
            /// Names with `*` for any run of characters.
            case pattern(String)
            /// The inputs and the score of a machine.
            case asset(String)
        }

        var choice: Choice
        /// nil for a metric of the edge node itself.
        var device: String?
        /// Left out at the beginning of the metric's name.
        var prefix: String
        var thinning: Thinning.Rule?
    }
}

extension PlantConfiguration.SparkplugSection {
    init?(reading reader: inout MappingReader, directory: String) {
        let edge = EdgeSettings(reading: &reader, directory: directory)
        let rules = reader.required(
            "tags", .sequence(of: .mapping { PlantConfiguration.PublishRule(reading: &$0) }, count: 1...1_000))
        hasWaveforms = reader.optional("waveforms", .boolean, default: false)
        guard let edge, let rules else { return nil }
        self.edge = edge
        self.rules = rules
    }

    /// As what each tag is published; the first rule that fits counts.
    func tags(
        _ known: [String: (id: TagID, definition: TagDefinition)], assets: [AssetDefinition]
    ) -> EdgeTags {
        var result = EdgeTags(published: [], known: Set(known.values.map(\.id)))
        var taken: Set<[String]> = []
        var published: Set<TagID> = []
        func publish(_ name: String, as metric: String, _ device: String?, _ rule: PlantConfiguration.PublishRule) {
            guard let (id, definition) = known[name], !published.contains(id) else { return }
            if case .waveform = definition.kind, !hasWaveforms { return }
            // Of two that would have one name, the second goes by its whole name, or with its number.
            let names = [metric, name, "\(name)#\(id.rawValue)"]
            guard let metric = names.first(where: { !taken.contains([device ?? "", $0]) }) else { return }
            taken.insert([device ?? "", metric])
            published.insert(id)
            result.published.append(
                PublishedTag(
                    id: id, kind: definition.kind, unit: definition.unit, device: device, metric: metric))
            result.thinning[id] = rule.thinning
        }
        for rule in rules {
            switch rule.choice {
            case .asset(let id):
                guard let asset = assets.first(where: { $0.id == id }) else { continue }
                for (role, tag) in asset.inputs.sorted(by: { $0.key < $1.key }) { publish(tag, as: role, id, rule) }
                publish(asset.scoreTag.name, as: "score", id, rule)
            case .pattern(let pattern):
                for name in known.keys.sorted() where Self.matches(name.utf8[...], pattern.utf8[...]) {
                    let metric = name.hasPrefix(rule.prefix) ? String(name.dropFirst(rule.prefix.count)) : name
                    publish(name, as: metric.isEmpty ? name : metric, rule.device, rule)
                }
            }
        }
        return result
    }

    private static func matches(_ name: Substring.UTF8View, _ pattern: Substring.UTF8View) -> Bool {
        // The place after the last star, and what it has taken so far: no other star need be looked at again.
        var (name, pattern) = (name, pattern)
        var retry: (name: Substring.UTF8View, pattern: Substring.UTF8View)?
        while true {
            if pattern.first == UInt8(ascii: "*") {
                pattern = pattern.dropFirst()
                retry = (name, pattern)
            } else if let first = name.first, first == pattern.first {
                name = name.dropFirst()
                pattern = pattern.dropFirst()
            } else if name.isEmpty, pattern.isEmpty {
                return true
            } else if let before = retry, !before.name.isEmpty {
                retry = (before.name.dropFirst(), before.pattern)
                (name, pattern) = (before.name.dropFirst(), before.pattern)
            } else {
                return false
            }
        }
    }
}

extension PlantConfiguration.PublishRule {
    fileprivate init?(reading reader: inout MappingReader) {
        let asset = reader.optional("asset", .identifier)
        let pattern = reader.optional("match", .string)
        device = reader.optional("device", .sparkplugName)
        prefix = reader.optional("remove", .string, default: "")
        let deadband = reader.optional("deadband", .number(0...Double.greatestFiniteMagnitude))
        let interval = reader.optional("at_most_every", .duration(.milliseconds(1)...(.seconds(86_400))))
        thinning =
            deadband == nil && interval == nil ? nil : Thinning.Rule(deadband: deadband, interval: interval)
        switch (asset, pattern) {
        case (let asset?, nil):
            choice = .asset(asset)
            for key in ["device", "remove"] where reader.has(key) {
                reader.diagnostics.report(
                    at: reader.node[key] ?? reader.node, path: reader.path(key),
                    expected: "it only beside match: an asset is a device with metrics named by role")
            }
        case (nil, let pattern?): choice = .pattern(pattern)
        default:
            reader.diagnostics.report(
                at: reader.node, path: reader.path, expected: "either match or asset")
            return nil
        }
    }
}
