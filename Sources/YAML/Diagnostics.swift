/// One thing that is wrong in a file, and where.
package struct Diagnostic: Error, Hashable, Sendable, CustomStringConvertible {
    package var file: String
    package var mark: Mark
    /// `links[0].topics[2].format`; empty for the document itself.
    package var path: String
    package var expected: String
    package var found: String
    /// What was probably meant, without the question around it: `int16-le`.
    package var suggestion: String?

    package init(file: String, mark: Mark, path: String, expected: String, found: String, suggestion: String? = nil) {
        self.file = file
        self.mark = mark
        self.path = path
        self.expected = expected
        self.found = found
        self.suggestion = suggestion
    }

    /// `plant.yaml:12:9: links[0].port: expected a whole number 1...65535, found "abc"`
    package var description: String {
        let place = path.isEmpty ? "" : "\(path): "
        let question = suggestion.map { "; did you mean `\($0)`?" } ?? ""
        return "\(file):\(mark.line):\(mark.column): \(place)expected \(expected), found \(found)\(question)"
    }
}

/// Collects everything that is wrong with one file in one pass, so that it is mended in one go.
package final class Diagnostics {
    /// Name of the file, for the messages.
    package let file: String
    private var reported: [Diagnostic] = []
    /// How many reports there were beyond ``limit``.
    package private(set) var omitted = 0
    /// More would not be read: one wrong indentation can make thousands.
    package static let limit = 100

    package init(file: String) { self.file = file }

    package var isEmpty: Bool { reported.isEmpty }

    /// All reports in the order of the file; those about files that it names come last.
    package var entries: [Diagnostic] {
        reported.enumerated().sorted { ($0.element.mark, $0.offset) < ($1.element.mark, $1.offset) }.map(\.element)
    }

    /// One line a report.
    package var text: String {
        var lines = entries.map(\.description)
        if omitted > 0 { lines.append("\(file): \(omitted) more") }
        return lines.joined(separator: "\n")
    }

    /// Reports what a caller found wrong with a node.
    ///
    /// - Parameters:
    ///   - expected: follows the word "expected": `a whole number 1...65535`.
    ///   - found: follows the word "found"; nil for what stands at the node.
    package func report(
        at node: Node, path: String, expected: String, found: String? = nil, suggestion: String? = nil
    ) {
        report(at: node.mark, path: path, expected: expected, found: found ?? node.summary, suggestion: suggestion)
    }

    package func report(at mark: Mark, path: String, expected: String, found: String, suggestion: String? = nil) {
        guard reported.count < Self.limit else {
            omitted += 1
            return
        }
        reported.append(
            Diagnostic(
                file: mark.file ?? file, mark: mark, path: path, expected: expected, found: found,
                suggestion: suggestion))
    }
}
