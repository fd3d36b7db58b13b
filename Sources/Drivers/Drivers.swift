package import Logging
package import Plant
package import YAML

/// The catalogue of drivers, and how a configuration names them.
package enum Drivers {
    package static let all: [any FieldDriver.Type] = [
        MQTTDriver.self, SparkplugDriver.self, ModbusTCPDriver.self, ModbusRTUDriver.self, ModbusRTUOverTCPDriver.self,
        FolderDriver.self, HTTPDriver.self, CameraDriver.self,
    ]

    /// More links than this in one box is a mistake: each has a state and mostly a connection of its own.
    package static let maxLinks = 1_000

    /// Reads the list behind `links:` and holds the links against each other.
    ///
    /// - Parameters:
    ///   - node: the list.
    ///   - path: of the list, for messages: `links`.
    ///   - directory: where relative paths in it start.
    ///   - shared: where a device map is looked for that is not there; nil for nowhere.
    /// - Returns: the links that are right; what is wrong with the others has been reported.
    package static func links(
        reading node: Node, path: String, directory: String = "", shared: String? = nil, diagnostics: Diagnostics
    ) -> [LinkDefinition] {
        guard let entries = node.elements, entries.count <= maxLinks else {
            diagnostics.report(at: node, path: path, expected: "a list of at most \(maxLinks) links")
            return []
        }
        var claims = LinkClaims(diagnostics: diagnostics, directory: directory)
        var maps = DeviceMaps(directory: directory, shared: shared, diagnostics: diagnostics)
        return entries.enumerated().compactMap { index, entry in
            guard let whole = maps.expanded(entry, path: "\(path)[\(index)]") else { return nil }
            return link(reading: whole, path: "\(path)[\(index)]", claims: &claims, diagnostics: diagnostics)
        }
    }

    /// Reads one entry of `links:`.
    ///
    /// - Returns: nil when something was wrong; then it has been reported.
    package static func link(
        reading node: Node, path: String, claims: inout LinkClaims, diagnostics: Diagnostics
    ) -> LinkDefinition? {
        guard var reader = MappingReader(node, path: path, diagnostics: diagnostics) else { return nil }
        let name = reader.required("name", .linkName)
        if let name {
            claims.take(
                .link(name), at: node["name"]?.mark ?? node.mark, path: reader.path("name"))
        }
        let schemes = all.map { $0.scheme }
        guard let scheme = reader.required("driver", .choice(schemes)),
            let driver = all.first(where: { $0.scheme == scheme })
        else { return nil }
        let settings = driver.settings(reading: &reader, claims: &claims)
        reader.finish()
        guard let name, let settings else { return nil }
        var text = node.canonicalText
        // SAFETY: the bytes are only read, within the call.
        let fingerprint = text.withUTF8 { Digest64.of(UnsafeRawBufferPointer($0)) }
        return LinkDefinition(
            name: name, scheme: scheme, settings: settings, fingerprint: String(fingerprint, radix: 16))
    }

    /// What is no mistake, and what an integrator should know before it runs: a line that is asked for more than it can give.
    package static func notices(_ links: [LinkDefinition]) -> [String] { LineLoad.notices(links) }

    /// Makes the driver of a link.
    package static func driver(
        for link: LinkDefinition, tags: any TagLookup, clock: any PlantClock, logger: Logger
    ) -> any FieldDriver {
        guard let type = all.first(where: { $0.scheme == link.scheme }) else {
            preconditionFailure("a link of an unknown scheme: links come from Drivers.link")
        }
        return type.init(link: link, tags: tags, clock: clock, logger: logger)
    }
}

extension Kind where T == String {
    /// Letters, digits, `-`, `_` and `.`: it stands in logs, file names and client ids.
    static var linkName: Kind<String> {
        Kind.string.map(expected: "a name of 1 to 64 letters, digits, -, _ or .") { text in
            let isWord = text.utf8.allSatisfy {
                UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0
                    || UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || "-_.".utf8.contains($0)
            }
            return isWord && text.utf8.count <= 64 ? text : nil
        }
    }

    /// A unit symbol that the plant knows.
    static var unit: Kind<String> {
        Kind(expected: "a unit") { node, path, diagnostics in
            let text = node.isNothing ? "" : node.text
            if let text, Unit.known.contains(text) { return text }
            let nearest = text.flatMap { text in Unit.known.first { $0.lowercased() == text.lowercased() } }
            diagnostics.report(
                at: node, path: path, expected: "one of the units \(Unit.known.dropFirst().joined(separator: ", "))",
                suggestion: nearest)
            return nil
        }
    }
}
