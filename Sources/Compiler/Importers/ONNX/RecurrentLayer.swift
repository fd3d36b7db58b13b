/// Sizes, weights and functions of a recurrent node, whatever its cell computes.
///
/// - Shapes: x `[length, batch, in]`, W `[directions, gates * hidden, in]`, R `[directions, gates * hidden, hidden]`,
///   B `[directions, 2 * gates * hidden]`, states `[directions, batch, hidden]`; with `layout` 1 the batch comes first.
struct RecurrentLayer {
    let hidden: Int
    let length: Int
    let batch: Int
    /// Whether each runs from the last step to the first.
    let directions: [Bool]
    /// Of a GRU: the reset gate is applied behind the product.
    let resetsBehind: Bool
    private let gates: Int
    private let isBatchFirst: Bool
    private let clip: Float?
    /// For each direction, its functions in order.
    private let functions: [[Unary.Function]]

    init(_ node: inout NodeImport, gates: Int, functions defaults: [String]) throws(ModelError) {
        self.gates = gates
        let x = try node.input(0)
        try node.requireRank(x, in: 3...3, "x")
        isBatchFirst = try node.flag("layout")
        length = node.shape(x)[isBatchFirst ? 1 : 0]
        batch = node.shape(x)[isBatchFirst ? 0 : 1]
        switch try node.string("direction", default: "forward") {
        case "forward": directions = [false]
        case "reverse": directions = [true]
        case "bidirectional": directions = [false, true]
        case let other:
            throw .malformed(.init("direction", expected: "forward, reverse or bidirectional", found: other))
        }
        let recurrence = try node.input(2)
        try node.requireRank(recurrence, in: 3...3, "R")
        hidden = node.shape(recurrence)[2]
        guard hidden > 0, try node.int("hidden_size", default: hidden) == hidden else {
            throw .mismatch(.init("hidden_size", expected: "\(hidden) as R has", found: "another"))
        }
        clip = try node.float("clip")
        resetsBehind = try node.flag("linear_before_reset")
        functions = try Self.functions(&node, directions: directions.count, defaults: defaults)
        guard try !node.flag("input_forget") else {
            throw node.unsupported("input_forget", expected: "0", found: "1")
        }
        if let lengths = try node.integers(4, "sequence_lens"), lengths.contains(where: { $0 != length }) {
            throw node.unsupported(
                "sequence_lens", expected: "\(length) for all", found: "\(lengths.prefix(16))",
                advice: "cut the sequences to one length")
        }
    }

    /// The functions that a file may name, without their parameters.
    private static let named: [String: Unary.Function] = [
        "sigmoid": .sigmoid, "tanh": .tanh, "relu": .clamp(.relu), "softsign": .softsign, "softplus": .softplus,
        "hardsigmoid": .hardSigmoid(alpha: 0.2, beta: 0.5), "elu": .elu(alpha: 1), "leakyrelu": .leakyRelu(slope: 0.01),
        "thresholdedrelu": .thresholdedRelu(alpha: 1),
    ]

    private static func functions(
        _ node: inout NodeImport, directions: Int, defaults: [String]
    ) throws(ModelError) -> [[Unary.Function]] {
        guard try node.floats("activation_alpha")?.isEmpty ?? true, try node.floats("activation_beta")?.isEmpty ?? true
        else {
            throw node.unsupported("activation_alpha or activation_beta", expected: "the default", found: "another")
        }
        let names = try node.strings("activations") ?? []
        guard names.isEmpty || names.count == directions * defaults.count else {
            throw .mismatch(.init("activations", expected: "\(directions * defaults.count)", found: "\(names.count)"))
        }
        return try (0..<directions).mapThrowing { direction throws(ModelError) in
            try defaults.indices.mapThrowing { index throws(ModelError) in
                let name = names.isEmpty ? defaults[index] : names[direction * defaults.count + index]
                guard let function = named[name.lowercased()] else {
                    throw node.unsupported(
                        "activations", expected: named.keys.sorted().joined(separator: ", "), found: name)
                }
                return function
            }
        }
    }

    /// One direction of `[directions, gates * hidden, width]`.
    func weights(
        _ node: inout NodeImport, _ index: Int, direction: Int, width: Int
    ) throws(ModelError) -> ValueID {
        let id = try node.input(index)
        let expected = [directions.count, gates * hidden, width]
        guard node.shape(id) == expected else {
            throw .mismatch(.init("shape of input \(index)", expected: "\(expected)", found: "\(node.shape(id))"))
        }
        let part = try node.slice(id, axis: 0, start: direction, count: 1)
        return try node.reshape(part, Array(expected[1...]))
    }

    /// One direction of `[directions, count]`.
    func vector(_ node: inout NodeImport, _ index: Int, direction: Int, count: Int) throws(ModelError) -> ValueID {
        let id = try node.input(index)
        guard node.shape(id) == [directions.count, count] else {
            throw .mismatch(
                .init("shape of input \(index)", expected: "\([directions.count, count])", found: "\(node.shape(id))"))
        }
        return try node.reshape(try node.slice(id, axis: 0, start: direction, count: 1), [count])
    }

    /// Those of the input, then those of the recurrence.
    func bias(_ node: inout NodeImport, direction: Int) throws(ModelError) -> ValueID? {
        node.optional(3) == nil ? nil : try vector(&node, 3, direction: direction, count: 2 * gates * hidden)
    }

    /// Zero where the file says nothing.
    func initialState(_ node: inout NodeImport, _ state: Int, direction: Int) throws(ModelError) -> ValueID {
        guard let stated = node.optional(5 + state) else {
            let zero = try node.scalar(0)
            return try node.add(Broadcast(shape: [batch, hidden]), zero)
        }
        let all = isBatchFirst ? try node.transpose(stated, [1, 0, 2]) : stated
        guard node.shape(all) == [directions.count, batch, hidden] else {
            throw .mismatch(
                .init("initial state", expected: "\([directions.count, batch, hidden])", found: "\(node.shape(all))"))
        }
        return try node.reshape(try node.slice(all, axis: 0, start: direction, count: 1), [batch, hidden])
    }

    /// All steps' inputs times their weights at once, with the biases that are added before a gate's function:
    /// `[length * batch, gates * hidden]`.
    func projected(_ node: inout NodeImport, direction: Int) throws(ModelError) -> ValueID {
        let stated = try node.input(0)
        let x = isBatchFirst ? try node.transpose(stated, [1, 0, 2]) : stated
        let width = node.shape(x)[2]
        let flat = try node.reshape(x, [length * batch, width])
        let weights = try weights(&node, 1, direction: direction, width: width)
        let bias = try bias(&node, direction: direction).map { bias throws(ModelError) in
            let input = try node.slice(bias, axis: 0, start: 0, count: gates * hidden)
            // Behind the reset gate, the last gate's own is added later.
            let count = (resetsBehind ? gates - 1 : gates) * hidden
            let added = try node.slice(bias, axis: 0, start: gates * hidden, count: count)
            let whole =
                count == gates * hidden
                ? added
                : try node.add(
                    Pad(before: [0], after: [gates * hidden - count], mode: .constant(0)), added)
            return try node.binary(.add, input, whole)
        }
        return try product(&node, flat, weights, plus: bias)
    }

    /// One step of what ``projected(_:direction:)`` left.
    func step(_ node: inout NodeImport, _ projected: ValueID, _ step: Int) throws(ModelError) -> ValueID {
        try node.slice(projected, axis: 0, start: step * batch, count: batch)
    }

    /// `a * transposed(weights) + sum`.
    func product(
        _ node: inout NodeImport, _ a: ValueID, _ weights: ValueID, plus sum: ValueID?
    ) throws(ModelError) -> ValueID {
        var operation = MatrixProduct()
        operation.transposesB = true
        return try node.add(operation, a, weights, sum)
    }

    /// A direction's function on sums, which `clip` bounds before.
    func activate(
        _ node: inout NodeImport, _ sum: ValueID, _ direction: Int, _ function: Int, isClipped: Bool = true
    ) throws(ModelError) -> ValueID {
        var sum = sum
        if let clip, isClipped { sum = try node.unary(.clamp(Activation(low: -clip, high: clip)), sum) }
        return try node.unary(functions[direction][function], sum)
    }

    /// All steps `[length, directions, batch, hidden]`, then each last state `[directions, batch, hidden]`.
    func results(
        _ node: inout NodeImport, outputs: [[ValueID]], ends: [[ValueID]]
    ) throws(ModelError) -> [ValueID] {
        guard length > 0 else { throw .mismatch(.init("x", expected: "at least one step", found: "none")) }
        var steps: [ValueID] = []
        for direction in outputs {
            let rows = try direction.mapThrowing { step throws(ModelError) in
                try node.reshape(step, [1, 1, batch, hidden])
            }
            steps.append(try joined(&node, rows, axis: 0))
        }
        var results = [try joined(&node, steps, axis: 1)]
        for state in ends[0].indices {
            let last = try ends.mapThrowing { end throws(ModelError) in
                try node.reshape(end[state], [1, batch, hidden])
            }
            results.append(try joined(&node, last, axis: 0))
        }
        guard isBatchFirst else { return results }
        results[0] = try node.transpose(results[0], [2, 0, 1, 3])
        for index in 1..<results.count { results[index] = try node.transpose(results[index], [1, 0, 2]) }
        return results
    }

    private func joined(_ node: inout NodeImport, _ parts: [ValueID], axis: Int) throws(ModelError) -> ValueID {
        parts.count == 1 ? parts[0] : try node.addAll(Concatenate(axis: axis), parts)[0]
    }
}

extension Sequence {
    /// `map` that throws what its body throws.
    func mapThrowing<Result>(_ body: (Element) throws(ModelError) -> Result) throws(ModelError) -> [Result] {
        var results: [Result] = []
        for element in self { results.append(try body(element)) }
        return results
    }
}
