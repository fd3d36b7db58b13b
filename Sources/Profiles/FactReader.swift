import YAML

/// Reads the facts of one file: value, status, source; collects them in their order, and the sources that were used.
final class FactReader {
    let diagnostics: Diagnostics
    /// Short names for sources that stand beside many facts.
    private let sources: [String: (text: String, mark: Mark)]
    private var used: Set<String> = []
    private(set) var lines: [FactLine] = []
    private var marks: [String: Mark] = [:]

    init(sources: [String: (text: String, mark: Mark)], diagnostics: Diagnostics) {
        self.sources = sources
        self.diagnostics = diagnostics
    }

    /// Where the fact with this path stands; the start of the file when there is none.
    func mark(_ path: String) -> Mark { marks[path] ?? Mark(line: 1, column: 1) }

    /// Whether nobody wrote a value, right or wrong, for this path.
    func isUnknownOrAbsent(_ path: String) -> Bool { !lines.contains { $0.key == path && $0.value != nil } }

    /// Reads a fact that must be there, perhaps as unknown.
    ///
    /// - Returns: nil when it is unknown, or (then reported) absent or wrong.
    func required<T>(_ key: String, _ kind: Kind<T>, _ reader: inout MappingReader) -> Fact<T>? {
        guard let node = reader.required(key, .fact) else { return nil }
        return fact(node, kind, path: reader.path(key))
    }

    /// Reads a fact that may be absent.
    func optional<T>(_ key: String, _ kind: Kind<T>, _ reader: inout MappingReader) -> Fact<T>? {
        guard let node = reader.optional(key, .fact) else { return nil }
        return fact(node, kind, path: reader.path(key))
    }

    /// Reads a fact without which its section means nothing, so that it must not be unknown.
    func known<T>(_ key: String, _ kind: Kind<T>, _ reader: inout MappingReader, instead: String) -> Fact<T>? {
        guard let node = reader.required(key, .fact) else { return nil }
        if node["value"]?.isUnknown == true {
            diagnostics.report(
                at: node, path: reader.path(key), expected: "a known value (\(instead))", found: "unknown")
        }
        return fact(node, kind, path: reader.path(key))
    }

    private func fact<T>(_ node: Node, _ kind: Kind<T>, path: String) -> Fact<T>? {
        guard var reader = MappingReader(node, path: path, diagnostics: diagnostics) else { return nil }
        let (found, status, origin) = read(kind, &reader)
        reader.finish()
        record(path: path, node: node, value: reader.node["value"], status: status, source: origin)
        guard let value = found, let status, let origin else { return nil }
        return Fact(value: value, status: status, source: origin)
    }

    /// Reads `value`, `status`, `source` and `note` of a mapping that may have more keys.
    private func read<T>(
        _ kind: Kind<T>, _ reader: inout MappingReader
    ) -> (value: T?, status: FactStatus?, source: String?) {
        let isUnknown = reader.node["value"]?.isUnknown == true
        let value = isUnknown ? nil : reader.required("value", kind)
        if isUnknown { _ = reader.has("value") }
        let (status, source) = origin(&reader, isUnknown: isUnknown)
        return (value, status, source)
    }

    /// Reads `status`, `source` and `note` beside a value that the caller reads.
    func origin(_ reader: inout MappingReader, isUnknown: Bool = false) -> (status: FactStatus?, source: String?) {
        var status: FactStatus?
        if isUnknown {
            if let wrong = reader.optional("status", .node) {
                diagnostics.report(
                    at: wrong, path: reader.path("status"), expected: "no status beside an unknown value")
            }
        } else {
            status = reader.required("status", .choice(FactStatus.self))
        }
        let source = reader.required("source", .source).map { resolve($0, &reader) }
        let note = reader.optional("note", .string)
        return (status, source.map { source in note.map { "\(source); \($0)" } ?? source })
    }

    /// Notes a fact for people and for reports.
    func record(path: String, node: Node, value: Node?, status: FactStatus?, source: String?) {
        marks[path] = node.mark
        let text = value.flatMap { $0.isUnknown ? nil : $0.plainText }
        lines.append(FactLine(key: path, value: text, status: status, source: source ?? "", line: node.mark.line))
    }

    /// A single word stands for an entry of `sources`; anything else is the source itself.
    private func resolve(_ text: String, _ reader: inout MappingReader) -> String {
        guard text.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" }) else { return text }
        if let source = sources[text] {
            used.insert(text)
            return source.text
        }
        diagnostics.report(
            at: reader.node["source"] ?? reader.node, path: reader.path("source"),
            expected: "a page, a package, a sentence, or a name of `sources`", found: "\"\(text)\"",
            suggestion: Nearest.match(text, among: Array(sources.keys)))
        return text
    }

    /// Reports the sources that no fact names.
    func finish() {
        for (name, source) in sources where !used.contains(name) {
            diagnostics.report(
                at: source.mark, path: "sources.\(name)", expected: "a source that a fact names",
                found: "none that names it")
        }
    }
}

extension Node {
    /// `unknown` without quotes.
    var isUnknown: Bool { value == .scalar("unknown", plain: true) }

    /// A scalar, or a list of scalars with commas between.
    fileprivate var plainText: String? {
        text ?? elements?.map { $0.text ?? $0.summary }.joined(separator: ", ")
    }
}

extension Kind where T == Node {
    /// `{ value: ..., status: ..., source: ... }`.
    static var fact: Kind<Node> {
        Kind(expected: "a fact: { value, status, source }, or { value: unknown, source: why }") {
            node, path, diagnostics in
            if node.pairs != nil { return node }
            diagnostics.report(
                at: node, path: path,
                expected: "a fact: { value, status, source }, or { value: unknown, source: why }")
            return nil
        }
    }
}

extension Kind where T == String {
    static var source: Kind<String> {
        Kind.string.map(expected: "a source: where the value comes from, or why it is unknown") { $0 }
    }
}
