/// Reads one mapping key by key, and reports at the end what nobody asked for.
///
/// A wrong value is reported and reads as nil (or the default), so that one pass finds every mistake; look at
/// ``Diagnostics/isEmpty`` before using the result.
package struct MappingReader {
    package let node: Node
    package let path: String
    package let diagnostics: Diagnostics
    private var values: [String: Node] = [:]
    private var keys: [(text: String, mark: Mark)] = []
    private var asked: [String] = []

    /// - Returns: nil, and reports, when the node is no mapping. A key that comes twice is reported; the first counts.
    package init?(_ node: Node, path: String, diagnostics: Diagnostics) {
        guard let pairs = node.pairs else {
            diagnostics.report(at: node, path: path, expected: "a mapping (key: value)")
            return nil
        }
        self.node = node
        self.path = path
        self.diagnostics = diagnostics
        for pair in pairs {
            let key = pair.key.text ?? ""
            if let first = values[key] {
                diagnostics.report(
                    at: pair.key, path: Self.join(path, key), expected: "each key once",
                    found: "it again (first at \(first.mark.place))")
            } else {
                values[key] = pair.value
                keys.append((key, pair.key.mark))
            }
        }
    }

    /// Keys of this mapping in the order of the file, each once; for a mapping whose keys are names chosen by the user.
    package var keyTexts: [String] { keys.map(\.text) }

    /// Where a key stands, for a report about the key itself; nil when it is absent.
    package func mark(ofKey key: String) -> Mark? { keys.first { $0.text == key }?.mark }

    /// The path of a key of this mapping: `links[0].port`.
    package func path(_ key: String) -> String { Self.join(path, key) }

    /// Whether the key is there, whatever stands behind it.
    package mutating func has(_ key: String) -> Bool {
        asked.append(key)
        return values[key] != nil
    }

    /// Reads a key that must be there.
    ///
    /// - Returns: nil, and reports, when it is absent or wrong.
    package mutating func required<T>(_ key: String, _ kind: Kind<T>) -> T? {
        asked.append(key)
        guard let value = values[key] else {
            diagnostics.report(
                at: node.mark, path: path(key), expected: kind.expected, found: "nothing",
                suggestion: nil)
            return nil
        }
        return kind.read(value, path(key), diagnostics)
    }

    /// Reads a key that may be absent.
    ///
    /// - Returns: nil when it is absent, or (then reported) wrong.
    package mutating func optional<T>(_ key: String, _ kind: Kind<T>) -> T? {
        asked.append(key)
        guard let value = values[key] else { return nil }
        return kind.read(value, path(key), diagnostics)
    }

    /// Reads a key that may be absent.
    ///
    /// - Returns: the default when it is absent, or (then reported) wrong.
    package mutating func optional<T>(_ key: String, _ kind: Kind<T>, default fallback: T) -> T {
        optional(key, kind) ?? fallback
    }

    /// The mapping behind a key that must be there; call ``finish()`` on it too.
    package mutating func requiredMapping(_ key: String) -> MappingReader? {
        guard let child = required(key, .node) else { return nil }
        return MappingReader(child, path: path(key), diagnostics: diagnostics)
    }

    /// The mapping behind a key that may be absent; call ``finish()`` on it too.
    package mutating func optionalMapping(_ key: String) -> MappingReader? {
        guard let child = optional(key, .node) else { return nil }
        return MappingReader(child, path: path(key), diagnostics: diagnostics)
    }

    /// Reports each key that nobody asked for, with the nearest one that is known.
    package func finish() {
        let known = Set(asked)
        for (key, mark) in keys where !known.contains(key) {
            diagnostics.report(
                at: mark, path: path(key), expected: expectedKeys, found: "the key \(quoted(key))",
                suggestion: Nearest.match(key, among: asked))
        }
    }

    private var expectedKeys: String {
        asked.isEmpty ? "no key here" : "one of the keys " + unique(asked).joined(separator: ", ")
    }

    private func unique(_ words: [String]) -> [String] {
        var seen: Set<String> = []
        return words.filter { seen.insert($0).inserted }
    }

    private static func join(_ path: String, _ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }
}
