/// A place in a JSON text: `$.a.b[0]`; `$` alone is the whole text. `[*]` stands for each element of an array.
struct JSONPath: Hashable, Sendable {
    enum Step: Hashable, Sendable {
        case field(String)
        case element(Int)
        /// Each element in turn; once in a path at most, so that what it finds is one list.
        case each
    }

    var steps: [Step]

    /// Deeper than the scanner goes would never be found.
    static let maxSteps = JSONScanner.maxDepth

    /// Whether it leads to a list.
    var isList: Bool { steps.contains(.each) }

    /// - Returns: nil for anything but `$` followed by `.name`, `[number]` and at most one `[*]`.
    init?(_ text: String) {
        guard text.first == "$" else { return nil }
        steps = []
        var rest = text.dropFirst()
        while let mark = rest.first {
            rest = rest.dropFirst()
            switch mark {
            case ".":
                let name = rest.prefix { $0 != "." && $0 != "[" && $0 != "]" }
                guard !name.isEmpty else { return nil }
                steps.append(.field(String(name)))
                rest = rest.dropFirst(name.count)
            case "[" where rest.hasPrefix("*]"):
                guard !isList else { return nil }
                steps.append(.each)
                rest = rest.dropFirst(2)
            case "[":
                let digits = rest.prefix { $0.isASCII && $0.isWholeNumber }
                rest = rest.dropFirst(digits.count)
                guard let index = Int(digits), rest.first == "]" else { return nil }
                steps.append(.element(index))
                rest = rest.dropFirst()
            default: return nil
            }
        }
        guard steps.count < Self.maxSteps else { return nil }
    }

    /// Whether one of them wants each element of an array of which the other wants a single one.
    func conflicts(with other: Self) -> Bool {
        for (own, foreign) in zip(steps, other.steps) where own != foreign {
            switch (own, foreign) {
            case (.each, .element), (.element, .each): return true
            default: return false
            }
        }
        return false
    }
}
