/// A topic of the Sparkplug namespace: `spBv1.0/plant/DDATA/line-3/press`.
///
/// - Source: Sparkplug 3.0, chapter 4.
package struct SparkplugTopic: Hashable, Sendable {
    package enum Kind: String, CaseIterable, Hashable, Sendable {
        case nodeBirth = "NBIRTH"
        case nodeDeath = "NDEATH"
        case nodeData = "NDATA"
        case nodeCommand = "NCMD"
        case deviceBirth = "DBIRTH"
        case deviceDeath = "DDEATH"
        case deviceData = "DDATA"
        case deviceCommand = "DCMD"

        package var isOfDevice: Bool {
            switch self {
            case .nodeBirth, .nodeDeath, .nodeData, .nodeCommand: false
            case .deviceBirth, .deviceDeath, .deviceData, .deviceCommand: true
            }
        }
    }

    package static let namespace = "spBv1.0"

    package var kind: Kind
    package var node: SparkplugNode
    /// nil for the edge node itself.
    package var device: String?

    package init(_ kind: Kind, _ node: SparkplugNode, device: String? = nil) {
        self.kind = kind
        self.node = node
        self.device = device
    }

    /// - Returns: nil for a topic of another namespace or form.
    package init?(_ text: some StringProtocol) {
        let levels = text.split(separator: "/", omittingEmptySubsequences: false)
        guard levels.count == 4 || levels.count == 5, levels[0] == Self.namespace,
            let kind = Kind(rawValue: String(levels[2])), kind.isOfDevice == (levels.count == 5),
            let node = SparkplugNode(group: String(levels[1]), edge: String(levels[3]))
        else { return nil }
        self.init(kind, node)
        if levels.count == 5 {
            guard SparkplugNode.isValid(levels[4]) else { return nil }
            device = String(levels[4])
        }
    }

    package var text: String {
        "\(Self.namespace)/\(node.group)/\(kind.rawValue)/\(node.edge)" + (device.map { "/\($0)" } ?? "")
    }

    /// Where a host application of version 3.0 says whether it is online.
    package static func state(ofHost id: String) -> String { "\(namespace)/STATE/\(id)" }

    /// Where one of version 2.2 does.
    package static func oldState(ofHost id: String) -> String { "STATE/\(id)" }
}

/// The two names of an edge node; unique together.
package struct SparkplugNode: Hashable, Sendable, CustomStringConvertible {
    package var group: String
    package var edge: String

    /// - Returns: nil when one of the names cannot stand in a topic.
    package init?(group: String, edge: String) {
        guard Self.isValid(group), Self.isValid(edge) else { return nil }
        self.group = group
        self.edge = edge
    }

    package var description: String { "\(group)/\(edge)" }

    /// Not empty, and none of the characters that mean something in a topic filter.
    package static func isValid(_ name: some StringProtocol) -> Bool {
        (1...256).contains(name.utf8.count) && !name.utf8.contains { "+#/".utf8.contains($0) || $0 == 0 }
    }
}
