package import Sparkplug
package import YAML

/// How an edge node reaches its broker: over the connection data of a link, or with its own.
package struct EdgeSettings: Hashable, Sendable {
    private enum Broker: Hashable, Sendable {
        case link(String)
        case own(MQTTConnectionSettings)
    }

    package var node: SparkplugNode
    /// Whose absence stops the sending; nil for none.
    package var primaryHost: String?
    private var broker: Broker

    /// Name of the link whose broker is used; nil for a connection of its own.
    package var link: String? {
        if case .link(let name) = broker { name } else { nil }
    }

    /// Reads group, edge node, primary host and the connection.
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
            broker = MQTTConnectionSettings(reading: &reader, claims: &claims).map { .own($0) }
        }
        guard let group, let edge, let node = SparkplugNode(group: group, edge: edge), let broker else { return nil }
        self.node = node
        self.broker = broker
    }

    /// - Parameter link: the one that ``link`` names.
    /// - Returns: nil when that link has no broker.
    func connection(_ link: LinkDefinition?) -> MQTTConnectionSettings? {
        var connection: MQTTConnectionSettings
        switch broker {
        case .own(let own): connection = own
        case .link:
            guard let settings = link?.settings as? any BrokerLinkSettings else { return nil }
            connection = settings.connection
            // A broker throws out the older of two connections with one id.
            connection.clientID = "millwright-sparkplug-\(node.group)-\(node.edge)"
        }
        return connection
    }
}
