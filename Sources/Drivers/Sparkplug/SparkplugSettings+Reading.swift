import Plant
import Sparkplug
package import YAML

extension SparkplugSettings {
    /// Subscriptions of one link.
    private static let maxFilters = 100
    /// Metrics that the configuration names.
    private static let maxNamed = 10_000
    /// Its own names for what the places of a template stand for.
    private static let nodePlaces = ["{group}", "{edge}", "{metric}"]
    private static let devicePlaces = ["{group}", "{edge}", "{device}", "{metric}"]

    /// Reads the keys of a Sparkplug link.
    ///
    /// - Returns: nil when something was wrong; then it has been reported.
    init?(reading reader: inout MappingReader, claims: inout LinkClaims) {
        let connection = MQTTConnectionSettings(reading: &reader, claims: &claims)
        let filters = Self.filters(reading: &reader)
        let named = Self.named(reading: &reader, claims: &claims)
        // Who names metrics wants these and no others, unless he says so.
        let isOpen = reader.optional("others", .boolean, default: named.isEmpty)
        let node = Self.template("node_tag", "{group}/{edge}/{metric}", Self.nodePlaces, reading: &reader)
        let device = Self.template(
            "device_tag", "{group}/{edge}/{device}/{metric}", Self.devicePlaces, reading: &reader)
        let hostID = reader.optional("host_id", .sparkplugName)
        let reorder = reader.optional(
            "reorder", .duration(.milliseconds(100)...(.seconds(60))), default: .seconds(2))
        guard let connection, let filters, let node, let device else { return nil }
        self.init(
            connection: connection,
            rules: SparkplugRules(
                filters: filters, named: named, nodeTag: isOpen ? node : nil, deviceTag: isOpen ? device : nil),
            hostID: hostID, reorder: reorder)
    }

    private static func filters(reading reader: inout MappingReader) -> [SparkplugRules.Filter]? {
        guard reader.has("nodes") else { return [SparkplugRules.Filter()] }
        guard let nodes = reader.required("nodes", .nodes) else { return nil }
        guard (1...maxFilters).contains(nodes.count) else {
            reader.diagnostics.report(
                at: reader.node["nodes"] ?? reader.node, path: reader.path("nodes"),
                expected: "a list of 1 to \(maxFilters) edge nodes")
            return nil
        }
        var filters: [SparkplugRules.Filter] = []
        for (index, node) in nodes.enumerated() {
            let path = "\(reader.path("nodes"))[\(index)]"
            guard var entry = MappingReader(node, path: path, diagnostics: reader.diagnostics) else { return nil }
            let filter = SparkplugRules.Filter(
                group: entry.optional("group", .sparkplugName), edge: entry.optional("edge", .sparkplugName))
            entry.finish()
            if let topic = TopicFilter(filter.topic),
                filters.contains(where: { TopicFilter($0.topic)?.overlaps(topic) ?? false })
            {
                reader.diagnostics.report(
                    at: node, path: path, expected: "edge nodes that no entry before has (the broker would send twice)")
            }
            filters.append(filter)
        }
        return filters
    }

    private static func named(reading reader: inout MappingReader, claims: inout LinkClaims) -> [SparkplugRules.Named] {
        guard let nodes = reader.optional("metrics", .nodes) else { return [] }
        guard nodes.count <= maxNamed else {
            reader.diagnostics.report(
                at: reader.node["metrics"] ?? reader.node, path: reader.path("metrics"),
                expected: "a list of at most \(maxNamed) metrics")
            return []
        }
        var named: [SparkplugRules.Named] = []
        for (index, node) in nodes.enumerated() {
            let path = "\(reader.path("metrics"))[\(index)]"
            guard var entry = MappingReader(node, path: path, diagnostics: reader.diagnostics) else { continue }
            if let metric = SparkplugRules.Named(reading: &entry) {
                claims.take(.tag(metric.tag.name), at: node["tag"]?.mark ?? node.mark, path: entry.path("tag"))
                named.append(metric)
            }
            entry.finish()
        }
        return named
    }

    private static func template(
        _ key: String, _ standard: String, _ places: [String], reading reader: inout MappingReader
    ) -> TagTemplate? {
        let text = reader.optional(key, .string, default: standard)
        // Templates count their places; words are easier to read.
        var numbered = text
        for (index, place) in places.enumerated() { numbered.replace(place, with: "{\(index + 1)}") }
        do {
            return try TagTemplate(numbered, wildcards: places.count)
        } catch {
            reader.diagnostics.report(
                at: reader.node[key] ?? reader.node, path: reader.path(key),
                expected: "a tag name with the places \(places.joined(separator: ", "))")
            return nil
        }
    }
}

extension SparkplugRules.Named {
    fileprivate init?(reading entry: inout MappingReader) {
        let group = entry.required("group", .sparkplugName)
        let edge = entry.required("edge", .sparkplugName)
        let device = entry.optional("device_id", .sparkplugName)
        let metric = entry.required("metric", .string)
        let tagName = Kind.string.map(expected: "a tag name: letters, digits, . - _ and /") {
            TagDefinition.isValid(name: $0) ? $0 : nil
        }
        let tag = entry.required("tag", tagName)
        let unit = entry.optional("unit", .unit, default: "")
        let word = entry.optional("type", .choice(["number", "text", "waveform"]), default: "number")
        var kind = TagDefinition.Kind.number
        if word == "text" { kind = .text }
        if word == "waveform" {
            let samples = entry.required("samples", .integer(1...ValueMeaning.maxSamples))
            let rate = entry.required("rate", .number(0.001...10_000_000))
            guard let samples, let rate else { return nil }
            kind = .waveform(samples: samples, rateHertz: rate)
        }
        guard let group, let edge, let metric, let tag else { return nil }
        self.init(
            group: group, edge: edge, device: device, metric: metric,
            tag: TagDefinition(name: tag, unit: unit, kind: kind))
    }
}

extension Kind where T == String {
    /// Group, edge node, device or host: stands in a topic as one level.
    package static var sparkplugName: Kind<String> {
        Kind.string.map(expected: "a name of 1 to 256 bytes without +, # and /") {
            SparkplugNode.isValid($0) ? $0 : nil
        }
    }
}
