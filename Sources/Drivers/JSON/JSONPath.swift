/// A place in a JSON text: `$.a.b[0]`; `$` alone is the whole text.
struct JSONPath: Hashable, Sendable {
    enum Step: Hashable, Sendable {
        case field(String)
        case element(Int)
    }

    var steps: [Step]

    /// Deeper than the scanner goes would never be found.
    static let maxSteps = JSONScanner.maxDepth

    /// - Returns: nil for anything but `$` followed by `.name` and `[number]`.
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
}

/// Several paths as one tree, so that one pass over a text finds them all.
struct JSONQuery: Sendable {
    struct Node: Sendable {
        var fields: [(name: [UInt8], node: Int)] = []
        var elements: [(index: Int, node: Int)] = []
        /// Which answers stand here.
        var slots: [Int] = []
    }

    private(set) var nodes: [Node] = [Node()]
    let slotCount: Int

    /// - Parameter paths: the answer to `paths[i]` goes to slot i; one path may come twice.
    init(_ paths: [JSONPath]) {
        slotCount = paths.count
        for (slot, path) in paths.enumerated() {
            var at = 0
            for step in path.steps { at = child(of: at, step) }
            nodes[at].slots.append(slot)
        }
    }

    private mutating func child(of node: Int, _ step: JSONPath.Step) -> Int {
        switch step {
        case .field(let name):
            let bytes = Array(name.utf8)
            if let known = nodes[node].fields.first(where: { $0.name == bytes }) { return known.node }
            nodes[node].fields.append((bytes, nodes.count))
        case .element(let index):
            if let known = nodes[node].elements.first(where: { $0.index == index }) { return known.node }
            nodes[node].elements.append((index, nodes.count))
        }
        nodes.append(Node())
        return nodes.count - 1
    }
}
