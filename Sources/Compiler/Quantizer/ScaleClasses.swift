/// Which values of a model share a scale, and what it is.
struct ScaleClasses {
    private var parents: [Int]
    /// By root.
    private var fixed: [Int: ValueQuantization] = [:]
    private let model: Model
    /// One a node.
    let rules: [ScaleRule]

    /// - Parameter model: of real numbers; each constant operand read by one node alone.
    /// - Throws: `.unsupported` naming each node that cannot be computed in int8.
    init(_ model: Model) throws(ModelError) {
        self.model = model
        parents = Array(model.values.indices)
        rules = try Self.rules(of: model)
        for (node, rule) in zip(model.nodes, rules) { if case .operand = rule { join(operandsToJoin(node)) } }
        for (node, rule) in zip(model.nodes, rules) {
            if case .fixed(let scale, let zeroPoint) = rule {
                fixed[root(node.outputs[0].index)] = ValueQuantization(scales: [scale], zeroPoints: [zeroPoint])
            }
        }
        for (node, rule) in zip(model.nodes, rules) where rule == .shared {
            join(operandsToJoin(node).filter { fixed[root($0.index)] == nil })
        }
    }

    private static func rules(of model: Model) throws(ModelError) -> [ScaleRule] {
        var rules: [ScaleRule] = []
        var refused: [ModelError.Fault] = []
        for node in model.nodes {
            do throws(ModelError) { rules.append(try model.scaleRule(of: node)) } catch { refused.append(error.fault) }
        }
        guard let first = refused.first else { return rules }
        let others = refused.dropFirst().map { "\($0.place ?? $0.what) for want of \($0.expected)" }
        let advice = "express these operations by others, or run the float model with the evaluator"
        throw .unsupported(
            .init(
                first.what, expected: first.expected,
                found: first.found + (others.isEmpty ? "" : "; and \(others.joined(separator: "; "))"),
                place: first.place, advice: advice))
    }

    /// Operands that are real numbers, constants among them, and results.
    private func operandsToJoin(_ node: Node) -> [ValueID] {
        (node.inputs.compactMap { $0 } + node.outputs).filter { model[$0].type == .float32 }
    }

    private mutating func join(_ values: [ValueID]) {
        guard let first = values.first else { return }
        for value in values.dropFirst() {
            let (a, b) = (root(first.index), root(value.index))
            parents[max(a, b)] = min(a, b)
        }
    }

    private mutating func root(_ index: Int) -> Int {
        var root = index
        while parents[root] != root {
            parents[root] = parents[parents[root]]
            root = parents[root]
        }
        return root
    }

    /// The quantization of each value that is to be int8.
    ///
    /// - Parameter values: all of them.
    /// - Parameter scheme: whether activations have zero points.
    /// - Parameter extent: the range chosen for a value on its own; nil where it says nothing.
    mutating func quantizations(
        of values: [ValueID], scheme: Quantizer.Scheme, _ extent: (ValueID) -> Extent?
    ) -> [ValueID: ValueQuantization] {
        var extents: [Int: Extent] = [:]
        for id in values {
            guard let one = extent(id) else { continue }
            let root = root(id.index)
            extents[root] = extents[root]?.joined(one) ?? one
        }
        // What comes from outside may be below zero another time.
        let given = Set(model.inputs.map { root($0.index) })
        var result: [ValueID: ValueQuantization] = [:]
        for id in values {
            let root = root(id.index)
            let extent = extents[root] ?? Extent(low: 0, high: 0)
            let chosen =
                scheme.hasSymmetricActivations
                ? ScaleChoice.symmetric(
                    extent, isUnsignedAboveZero: scheme.isUnsignedAboveZero && !given.contains(root))
                : ScaleChoice.activation(extent)
            result[id] = fixed[root] ?? chosen
        }
        return result
    }
}
