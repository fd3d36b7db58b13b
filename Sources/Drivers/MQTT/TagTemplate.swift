import Plant

/// The name of a tag with places for what the wild cards of a topic matched: `line-{1}.{2}.temperature`.
struct TagTemplate: Hashable, Sendable {
    enum Part: Hashable, Sendable {
        case text(String)
        /// From 1.
        case capture(Int)
    }

    let parts: [Part]

    /// Why a text is no template.
    enum Mistake: Error, Hashable {
        case unclosedBrace
        case unknownPlaceholder(String)
        case notATagName(String)
    }

    /// - Parameter wildcards: how many the topic has; placeholders run from 1 to it.
    init(_ text: String, wildcards: Int) throws(Mistake) {
        var parts: [Part] = []
        var rest = text[...]
        while let open = rest.firstIndex(of: "{") {
            guard let close = rest[open...].firstIndex(of: "}") else { throw .unclosedBrace }
            let name = rest[rest.index(after: open)..<close]
            guard let number = Int(name), number >= 1, number <= wildcards else {
                throw .unknownPlaceholder(String(rest[open...close]))
            }
            if open > rest.startIndex { parts.append(.text(String(rest[..<open]))) }
            parts.append(.capture(number))
            rest = rest[rest.index(after: close)...]
        }
        if !rest.isEmpty { parts.append(.text(String(rest))) }
        self.parts = parts
        // With an ordinary word in each place, what stays wrong is the template's own.
        let example = name(Array(repeating: "x", count: wildcards))
        guard TagDefinition.isValid(name: example) else { throw .notATagName(text) }
    }

    /// Whether it gives the same name for every topic.
    var isConstant: Bool { parts.allSatisfy { if case .text = $0 { true } else { false } } }

    /// Whether some captures, each at least one character, give this name.
    func mayBecome(_ name: String) -> Bool { Self.matches(parts[...], name[...]) }

    private static func matches(_ parts: ArraySlice<Part>, _ rest: Substring) -> Bool {
        guard let part = parts.first else { return rest.isEmpty }
        switch part {
        case .text(let text):
            return rest.hasPrefix(text) && matches(parts.dropFirst(), rest.dropFirst(text.count))
        case .capture:
            return rest.indices.contains { matches(parts.dropFirst(), rest[rest.index(after: $0)...]) }
        }
    }

    /// - Parameter captures: at least as many as the wild cards it was made for.
    func name(_ captures: [String]) -> String {
        parts.map { part in
            switch part {
            case .text(let text): text
            case .capture(let number): captures[number - 1]
            }
        }.joined()
    }
}
