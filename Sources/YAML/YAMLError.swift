/// Why a text could not be read as YAML at all; a text that can be read but says the wrong thing goes to ``Diagnostics``.
package struct YAMLError: Error, Hashable, Sendable, CustomStringConvertible {
    package var file: String
    package var mark: Mark
    package var reason: Reason

    package enum Reason: Hashable, Sendable {
        /// What libyaml says.
        case syntax(String)
        case notUTF8(String)
        case empty
        case tooLarge(bytes: Int, limit: Int)
        case tooDeep(limit: Int)
        case tooManyNodes(limit: Int)
        case anchorOrAlias(String)
        case tag(String)
        case severalDocuments
        case keyNotScalar
        case outOfMemory
    }

    package init(file: String, mark: Mark, reason: Reason) {
        self.file = file
        self.mark = mark
        self.reason = reason
    }

    package var description: String { "\(file):\(mark.line):\(mark.column): \(reason)" }
}

extension YAMLError.Reason: CustomStringConvertible {
    package var description: String {
        switch self {
        case .syntax(let problem): "not YAML: \(problem)"
        case .notUTF8(let problem): "expected UTF-8 text: \(problem)"
        case .empty: "expected a document, found nothing"
        case .tooLarge(let bytes, let limit): "expected at most \(limit) bytes, found \(bytes)"
        case .tooDeep(let limit): "expected at most \(limit) levels of nesting, found more"
        case .tooManyNodes(let limit): "expected at most \(limit) values, found more"
        case .anchorOrAlias(let name):
            "expected the value itself, found the anchor or alias \(quoted(name)): write the value out at each place"
        case .tag(let tag): "expected a value without a tag, found the tag \(quoted(tag))"
        case .severalDocuments: "expected one document, found a second one"
        case .keyNotScalar: "expected a word as key, found a list or a mapping"
        case .outOfMemory: "not enough memory to read it"
        }
    }
}
