package import Sparkplug
package import YAML

/// How an edge node reaches its broker: over the connection data of a link, or with its own.
package struct EdgeSettings: Hashable, Sendable {
    private enum Broker: Hashable, Sendable {
        case link(String)
        case own([MQTTConnectionSettings])
    }

    package var node: SparkplugNode
    /// Whose absence stops the sending; nil for none.
    package var primaryHost: String?
    private var broker: Broker

    /// Name of the link whose broker is used; nil for a connection of its own.
    package var link: String? {
        if case .link(let name) = broker { name } else { nil }
    }

    /// More of them, and the last one would be tried minutes after the first has gone.
    private static let maxBrokers = 8

    /// Reads group, edge node, primary host and the connection, or a list of connections.
    ///
    /// - Parameter directory: where relative paths start.
    /// - Returns: nil when something was wrong; then it has been reported.
    package init?(reading reader: inout MappingReader, directory: String) {
        let group = reader.required("group", .sparkplugName)
        let edge = reader.required("edge_node", .sparkplugName)
        primaryHost = reader.optional("primary_host", .sparkplugName)
        var broker: Broker?
        if reader.has("link") {
            broker = reader.required("link", .string).map { .link($0) }
        } else {
            var claims = LinkClaims(diagnostics: reader.diagnostics, directory: directory)
            broker =
                reader.has("brokers")
                ? Self.brokers(reading: &reader, claims: &claims, node: "\(group ?? "")-\(edge ?? "")").map { .own($0) }
                : MQTTConnectionSettings(reading: &reader, claims: &claims).map { .own([$0]) }
        }
        guard let group, let edge, let node = SparkplugNode(group: group, edge: edge), let broker else { return nil }
        self.node = node
        self.broker = broker
    }

    private static func brokers(
        reading reader: inout MappingReader, claims: inout LinkClaims, node name: String
    ) -> [MQTTConnectionSettings]? {
        guard let nodes = reader.required("brokers", .nodes) else { return nil }
        guard (1...maxBrokers).contains(nodes.count) else {
            reader.diagnostics.report(
                at: reader.node["brokers"] ?? reader.node, path: reader.path("brokers"),
                expected: "a list of 1 to \(maxBrokers) brokers", found: "\(nodes.count)")
            return nil
        }
        var brokers: [MQTTConnectionSettings] = []
        for (index, node) in nodes.enumerated() {
            let path = "\(reader.path("brokers"))[\(index)]"
            guard var entry = MappingReader(node, path: path, diagnostics: reader.diagnostics) else { return nil }
            let hasID = entry.has("client_id")
            let broker = MQTTConnectionSettings(reading: &entry, claims: &claims)
            entry.finish()
            guard var broker else { return nil }
            if !hasID { broker.clientID = "millwright-sparkplug-\(name)" }
            brokers.append(broker)
        }
        return brokers
    }

    /// The brokers in the order in which they are tried.
    ///
    /// - Parameter link: the one that ``link`` names.
    /// - Returns: none when that link has no broker.
    func connections(_ link: LinkDefinition?) -> [MQTTConnectionSettings] {
        switch broker {
        case .own(let own): return own
        case .link:
            guard let settings = link?.settings as? any BrokerLinkSettings else { return [] }
            var connection = settings.connection
            // A broker throws out the older of two connections with one id.
            connection.clientID = "millwright-sparkplug-\(node.group)-\(node.edge)"
            return [connection]
        }
    }
}
