/// A place in a YAML text; line and column count characters from 1.
package struct Mark: Hashable, Comparable, Sendable {
    package var line: Int
    package var column: Int
    /// Set where the place is in another file than the one that is read: a file that this one names.
    package var file: String?

    package init(line: Int, column: Int, file: String? = nil) {
        self.line = line
        self.column = column
        self.file = file
    }

    /// For a message about another place: `line 12`, `line 12 of devices/modbus/eastron-sdm630.yaml`.
    package var place: String { file.map { "line \(line) of \($0)" } ?? "line \(line)" }

    /// In the order of the file; the file itself comes before those that it names.
    package static func < (a: Self, b: Self) -> Bool {
        (a.file ?? "", a.line, a.column) < (b.file ?? "", b.line, b.column)
    }
}

/// One value of a YAML document, with the place where it stands.
package struct Node: Hashable, Sendable {
    package var value: Value
    package var mark: Mark

    package enum Value: Hashable, Sendable {
        /// Text; `plain` when it stood without quotes, so that it may mean a number or a boolean.
        case scalar(String, plain: Bool)
        case sequence([Node])
        /// Pairs in the order of the file. Every key is a scalar; one key may come twice (``MappingReader`` reports it).
        case mapping([Pair])
    }

    /// One key of a mapping and what stands behind it.
    package struct Pair: Hashable, Sendable {
        package var key: Node
        package var value: Node

        package init(key: Node, value: Node) {
            self.key = key
            self.value = value
        }
    }

    package init(_ value: Value, mark: Mark) {
        self.value = value
        self.mark = mark
    }
}

extension Node {
    /// The text of a scalar; nil for a sequence or a mapping.
    package var text: String? {
        if case .scalar(let text, _) = value { text } else { nil }
    }

    /// The elements of a sequence; nil for anything else.
    package var elements: [Node]? {
        if case .sequence(let elements) = value { elements } else { nil }
    }

    /// The pairs of a mapping; nil for anything else.
    package var pairs: [Pair]? {
        if case .mapping(let pairs) = value { pairs } else { nil }
    }

    /// The value of the first pair with this key; nil when there is none, or when this is no mapping.
    package subscript(_ key: String) -> Node? {
        pairs?.first { $0.key.text == key }?.value
    }

    /// Nothing stands here: `key:` with no value, `~` or `null`.
    package var isNothing: Bool {
        if case .scalar(let text, plain: true) = value {
            text.isEmpty || text == "~" || text == "null" || text == "Null" || text == "NULL"
        } else {
            false
        }
    }

    /// What stands here, in a few words, for an error message: `"abc"`, `a list of 3`, `a mapping`, `nothing`.
    package var summary: String {
        switch value {
        case .scalar where isNothing: "nothing"
        case .scalar(let text, plain: true): quoted(text)
        case .scalar(let text, plain: false): "the text \(quoted(text))"
        case .sequence(let elements): "a list of \(elements.count)"
        case .mapping: "a mapping"
        }
    }

    /// The node as text that is the same for two nodes of the same meaning: marks, comments, layout and the order of keys
    /// do not enter, values and the difference between `5` and `"5"` do. Compare it to see whether a part has changed.
    package var canonicalText: String {
        var text = ""
        appendCanonical(to: &text)
        return text
    }

    // Lengths stand before texts, so that no text can imitate the structure around it.
    private func appendCanonical(to output: inout String) {
        switch value {
        case .scalar(let text, let plain):
            output += "\(plain ? "p" : "q")\(text.utf8.count):\(text)"
        case .sequence(let elements):
            output += "[\(elements.count):"
            for element in elements { element.appendCanonical(to: &output) }
            output += "]"
        case .mapping(let pairs):
            output += "{\(pairs.count):"
            // A stable sort by key: with a duplicate key, the order of the two still counts.
            let sorted = pairs.enumerated().sorted {
                let (a, b) = ($0.element.key.text ?? "", $1.element.key.text ?? "")
                return a == b ? $0.offset < $1.offset : a < b
            }
            for (_, pair) in sorted {
                let key = pair.key.text ?? ""
                output += "k\(key.utf8.count):\(key)"
                pair.value.appendCanonical(to: &output)
            }
            output += "}"
        }
    }
}

/// Text in quotes for a message of one line: control characters replaced, cut at 60 characters.
func quoted(_ text: String) -> String {
    let limit = 60
    let shown = String(
        text.prefix(limit).map { character in
            character.unicodeScalars.contains { $0.properties.generalCategory == .control } ? "?" : character
        })
    return text.count > limit ? "\"\(shown)...\"" : "\"\(shown)\""
}
