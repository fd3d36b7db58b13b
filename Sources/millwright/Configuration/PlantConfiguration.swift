import Alerts
import Drivers
import Plant
import Store
import Watch
import YAML

/// What one `plant.yaml` says, checked as a whole: every name that it uses is one that it declares.
struct PlantConfiguration: Sendable {
    var plant: PlantSection
    var store: StoreSection
    var links: [LinkDefinition]
    var watch: WatchRules
    var assets: [AssetDefinition]
    var stations: [StationDefinition]
    var alerts: AlertSettings
    var registry: RegistrySection?
    var sparkplug: SparkplugSection?
    var accelerator: AcceleratorSection?
    var loss = LossContract()

    struct PlantSection: Hashable, Sendable {
        var name: String
        /// Id of this box at the registry.
        var device: String
        var language: Language
    }

    struct StoreSection: Hashable, Sendable {
        var directory: String
        var maximumAge: Duration
        var maximumBytes: Int
        var reserveBytes: Int
        var outboxRows: Int
        var hotSamples: Int
        var rollupAge: Duration
    }

    struct RegistrySection: Hashable, Sendable {
        var url: String
        /// Holds the device's bearer token; never in the configuration itself.
        var tokenFile: String
        /// Public keys, hex, that may sign models; as many as `threshold` of them must.
        var trustedKeys: [String]
        var threshold: Int
        var sendEvery: Duration
        var pollEvery: Duration
        var authority: String?
        var certificate: String?
        var key: String?
    }
}

extension PlantConfiguration {
    /// Reads and checks a file.
    ///
    /// - Throws: ``ConfigurationError`` with every mistake found, each with its line and column.
    static func load(path: String) throws(ConfigurationError) -> PlantConfiguration {
        let bytes = try TextFile.read(path)
        let node: Node
        do { node = try YAML.parse(bytes, file: path) } catch { throw .malformed(error.description) }
        let diagnostics = Diagnostics(file: path)
        let configuration = PlantConfiguration(node, directory: TextFile.directory(of: path), diagnostics)
        guard let configuration, diagnostics.isEmpty else { throw .wrong(diagnostics.text) }
        return configuration
    }

    private init?(_ node: Node, directory: String, _ diagnostics: Diagnostics) {
        guard var reader = MappingReader(node, path: "", diagnostics: diagnostics) else { return nil }
        let plant = reader.required("plant", .mapping { PlantSection(reading: &$0) })
        let store = reader.required("store", .mapping { StoreSection(reading: &$0, directory: directory) })
        let links = reader.required("links", .node).map {
            Drivers.links(
                reading: $0, path: "links", directory: directory, shared: Installation.sharedDirectory(),
                diagnostics: diagnostics)
        }
        let watch = reader.optional("watch", WatchRules.kind, default: WatchRules())
        let assets = reader.optional(
            "assets", .sequence(of: .mapping { AssetDefinition(reading: &$0, directory: directory) }), default: [])
        let stations = reader.optional(
            "stations", .sequence(of: .mapping { StationDefinition(reading: &$0, directory: directory) }), default: [])
        let alerts = reader.optional(
            "alerts", .mapping { AlertSettings(reading: &$0, directory: directory) })
        let registry = reader.optional("registry", .mapping { RegistrySection(reading: &$0, directory: directory) })
        let sparkplug = reader.optional(
            "sparkplug", .mapping { SparkplugSection(reading: &$0, directory: directory) })
        let accelerator = reader.optional(
            "accelerator", .mapping { AcceleratorSection(reading: &$0, directory: directory) })
        let loss = reader.optional("loss", .mapping { LossContract(reading: &$0) }) ?? LossContract()
        reader.finish()
        guard let plant, let store, let links else { return nil }
        self.init(
            plant: plant, store: store, links: links, watch: watch, assets: assets, stations: stations,
            alerts: alerts ?? AlertSettings(), registry: registry, sparkplug: sparkplug, accelerator: accelerator,
            loss: loss)
        crossCheck(node, diagnostics)
    }

    /// What no section can see alone: names used twice, and names that nothing declares.
    private func crossCheck(_ node: Node, _ diagnostics: Diagnostics) {
        let known = Dictionary(links.flatMap(\.tags).map { ($0.name, $0) }) { first, _ in first }
        // What a link with a mistake in it would have declared is not known: its absence is no second mistake.
        let isWhole = links.count == node["links"]?.elements?.count
        var seen: Set<String> = []
        for (index, asset) in assets.enumerated() {
            guard let assetNode = node["assets"]?.elements?[index] else { continue }
            if !seen.insert(asset.id).inserted {
                diagnostics.report(
                    at: assetNode["id"] ?? assetNode, path: "assets[\(index)].id", expected: "each asset id once",
                    found: "\(asset.id) again")
            }
            for (role, tag) in asset.inputs.sorted(by: { $0.key < $1.key }) {
                let place = assetNode["inputs"]?[role] ?? assetNode
                let path = "assets[\(index)].inputs.\(role)"
                if let definition = known[tag] {
                    asset.check(role: role, definition: definition, at: place, path: path, diagnostics)
                } else if isWhole, !links.contains(where: { $0.settings.mayMake(tag: tag) }) {
                    diagnostics.report(
                        at: place, path: path, expected: "a tag that one of the links declares", found: "\"\(tag)\"",
                        suggestion: Nearest.match(tag, among: Array(known.keys)))
                }
            }
        }
        checkStations(node, known: known, isWhole: isWhole, diagnostics)
        for (index, write) in alerts.writes.enumerated() where isWhole {
            for (key, value) in [("value", write.value), ("when_clear", write.whenClear)] {
                guard let value, !links.contains(where: { $0.settings.allowsWrite(of: value, to: write.tag) }) else {
                    continue
                }
                diagnostics.report(
                    at: node["alerts"]?["writes"]?.elements?[index] ?? node, path: "alerts.writes[\(index)].\(key)",
                    expected: "a value that a link allows to be written to \"\(write.tag)\"", found: "\(value)")
            }
        }
        for (index, entry) in watch.entries.enumerated() where isWhole {
            for pattern in entry.patterns where pattern.isName {
                let name = pattern.text
                if known[name] != nil || links.contains(where: { $0.settings.mayMake(tag: name) }) { continue }
                diagnostics.report(
                    at: node["watch"]?.elements?[index]["tags"] ?? node, path: "watch[\(index)].tags",
                    expected: "a tag that one of the links declares", found: "\"\(name)\"",
                    suggestion: Nearest.match(name, among: Array(known.keys)))
            }
        }
        if isWhole, let name = sparkplug?.edge.link,
            !links.contains(where: { $0.name == name && ["mqtt", "sparkplug"].contains($0.scheme) })
        {
            diagnostics.report(
                at: node["sparkplug"]?["link"] ?? node, path: "sparkplug.link",
                expected: "the name of a link with driver mqtt or sparkplug", found: "\"\(name)\"",
                suggestion: Nearest.match(name, among: links.map(\.name)))
        }
        for (index, rule) in (sparkplug?.rules ?? []).enumerated() {
            guard case .asset(let id) = rule.choice, !assets.contains(where: { $0.id == id }) else { continue }
            diagnostics.report(
                at: node["sparkplug"]?["tags"]?.elements?[index]["asset"] ?? node,
                path: "sparkplug.tags[\(index)].asset",
                expected: "the id of one of the assets", found: "\"\(id)\"",
                suggestion: Nearest.match(id, among: assets.map(\.id)))
        }
        if isWhole, let link = alerts.mqtt?.link, !links.contains(where: { $0.name == link && $0.scheme == "mqtt" }) {
            diagnostics.report(
                at: node["alerts"]?["mqtt"]?["link"] ?? node, path: "alerts.mqtt.link",
                expected: "the name of a link with driver mqtt", found: "\"\(link)\"",
                suggestion: Nearest.match(link, among: links.filter { $0.scheme == "mqtt" }.map(\.name)))
        }
    }
}

extension PlantConfiguration.PlantSection {
    init?(reading reader: inout MappingReader) {
        let name = reader.required("name", .string)
        let device = reader.required("device", .identifier)
        let language = reader.optional("language", .choice(Language.self), default: .english)
        guard let name, let device else { return nil }
        self.init(name: name, device: device, language: language)
    }
}

extension PlantConfiguration.StoreSection {
    init?(reading reader: inout MappingReader, directory: String) {
        let path = reader.required("directory", .path(from: directory))
        var keep = reader.optionalMapping("keep")
        let age =
            keep?.optional("age", .duration(.seconds(3600)...(.seconds(10 * 366 * 86_400)))) ?? .seconds(30 * 86_400)
        let size = keep?.optional("size", .bytes(16_000_000...1_000_000_000_000)) ?? 2_000_000_000
        let rollups =
            keep?.optional("rollups", .duration(.seconds(3600)...(.seconds(10 * 366 * 86_400))))
            ?? .seconds(366 * 86_400)
        keep?.finish()
        let reserve = reader.optional("reserve", .bytes(1_000_000...1_000_000_000), default: 8_000_000)
        let outbox = reader.optional("outbox_rows", .integer(1_000...100_000_000), default: 1_000_000)
        let hot = reader.optional("hot_samples", .integer(1_000...10_000_000), default: 262_144)
        guard let path else { return nil }
        self.init(
            directory: path, maximumAge: age, maximumBytes: size, reserveBytes: reserve, outboxRows: outbox,
            hotSamples: hot, rollupAge: rollups)
    }
}

extension LossContract {
    init?(reading reader: inout MappingReader) {
        let samples = reader.optional("samples", .duration(.zero...(.seconds(60))), default: .seconds(1))
        let alerts = reader.optional("alerts", .integer(0...Int.max), default: 0)
        if alerts != 0 {
            reader.diagnostics.report(
                at: reader.node["alerts"] ?? reader.node, path: reader.path("alerts"),
                expected: "0, because an alert is never lost", found: "\(alerts)")
        }
        self.init(samples: samples)
    }
}

extension PlantConfiguration.RegistrySection {
    init?(reading reader: inout MappingReader, directory: String) {
        let url = reader.required("url", .httpURL)
        let token = reader.required("token_file", .path(from: directory))
        let keys = reader.required("trusted_keys", .sequence(of: .publicKey, count: 1...16))
        let threshold = reader.optional("threshold", .integer(1...16), default: 1)
        let send = reader.optional(
            "send_every", .duration(.milliseconds(100)...(.seconds(86_400))), default: .seconds(10))
        let poll = reader.optional(
            "poll_every", .duration(.milliseconds(500)...(.seconds(86_400))), default: .seconds(300))
        var tls = reader.optionalMapping("tls")
        let authority = tls?.optional("ca", .path(from: directory))
        let certificate = tls?.optional("certificate", .path(from: directory))
        let key = tls?.optional("key", .path(from: directory))
        tls?.finish()
        if let tls, (certificate == nil) != (key == nil) {
            tls.diagnostics.report(
                at: tls.node, path: tls.path, expected: "certificate and key together",
                found: "only \(certificate == nil ? "key" : "certificate")")
        }
        if let keys, threshold > Set(keys).count {
            reader.diagnostics.report(
                at: reader.node["threshold"] ?? reader.node, path: reader.path("threshold"),
                expected: "at most as many as there are different trusted_keys (\(Set(keys).count))",
                found: "\(threshold)")
        }
        guard let url, let token, let keys else { return nil }
        self.init(
            url: url, tokenFile: token, trustedKeys: keys, threshold: threshold, sendEvery: send, pollEvery: poll,
            authority: authority, certificate: certificate, key: key)
    }
}
