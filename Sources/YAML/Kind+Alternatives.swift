extension Kind {
    /// The same, or what the other kind reads; what is neither is reported with both.
    package func or(_ other: Kind<T>) -> Kind<T> {
        let expected = "\(self.expected), or \(other.expected)"
        return Kind<T>(expected: expected) { node, path, diagnostics in
            for kind in [self, other] {
                // What the one finds wrong is no mistake while the other takes it.
                if let value = kind.read(node, path, Diagnostics(file: "")) { return value }
            }
            diagnostics.report(at: node, path: path, expected: expected)
            return nil
        }
    }

    /// The same, or one of some words, each with the value that it stands for.
    package func or(_ words: KeyValuePairs<String, T>) -> Kind<T> {
        let names = words.map(\.key).joined(separator: " or ")
        return Kind<T>(expected: "\(expected), or \(names)") { node, path, diagnostics in
            if let word = words.first(where: { $0.key == node.text }) { return word.value }
            if let value = read(node, path, Diagnostics(file: "")) { return value }
            diagnostics.report(
                at: node, path: path, expected: "\(expected), or \(names)",
                suggestion: Nearest.match(node.text ?? "", among: words.map(\.key)))
            return nil
        }
    }

    /// The same, or a word for nothing of it. What is wrong with anything else is reported as it would be without the word.
    package func unless(_ word: String) -> Kind<T?> {
        Kind<T?>(expected: "\(expected), or \(word)") { node, path, diagnostics in
            if node.text == word { return .some(nil) }
            return read(node, path, diagnostics).map { .some($0) }
        }
    }
}
