/// Recurrent layers, unrolled: each step becomes nodes of its own.
enum RecurrentOperators {
    static let table: [String: ONNXOperators.Mapping] = [
        "LSTM": { (node) throws(ModelError) in try unroll(&node, LongShortTermMemory.self) },
        "GRU": { (node) throws(ModelError) in try unroll(&node, GatedRecurrentUnit.self) },
        "RNN": { (node) throws(ModelError) in try unroll(&node, ElmanCell.self) },
    ]

    private static func unroll<Cell: RecurrentCell>(
        _ node: inout NodeImport, _ cell: Cell.Type
    ) throws(ModelError) -> [ValueID] {
        let layer = try RecurrentLayer(&node, gates: Cell.gates, functions: Cell.functions)
        var outputs: [[ValueID]] = []
        var ends: [[ValueID]] = []
        for (direction, isReversed) in layer.directions.enumerated() {
            let cell = try Cell(&node, layer, direction: direction)
            var state = try (0..<Cell.states).mapThrowing { index throws(ModelError) in
                try layer.initialState(&node, index, direction: direction)
            }
            var steps: [ValueID] = []
            let projected = try layer.projected(&node, direction: direction)
            for step in isReversed ? Array((0..<layer.length).reversed()) : Array(0..<layer.length) {
                let x = try layer.step(&node, projected, step)
                state = try cell.next(&node, x, state)
                steps.append(state[0])
            }
            outputs.append(isReversed ? steps.reversed() : steps)
            ends.append(state)
        }
        return try layer.results(&node, outputs: outputs, ends: ends)
    }
}

/// What one step of a recurrent layer computes, in one direction.
protocol RecurrentCell {
    /// Rows of the weights, in multiples of the hidden size.
    static var gates: Int { get }
    /// Tensors that go from step to step; the first is the output.
    static var states: Int { get }
    /// Functions of the gates where the file names none.
    static var functions: [String] { get }

    init(_ node: inout NodeImport, _ layer: RecurrentLayer, direction: Int) throws(ModelError)

    /// - Parameter x: the step's input times its weights, plus biases: `[batch, gates * hidden]`.
    /// - Returns: the states behind the step, each `[batch, hidden]`.
    func next(_ node: inout NodeImport, _ x: ValueID, _ state: [ValueID]) throws(ModelError) -> [ValueID]
}

/// `h = f(x + h * R)`.
struct ElmanCell: RecurrentCell {
    static let (gates, states, functions) = (1, 1, ["Tanh"])
    private let layer: RecurrentLayer
    private let direction: Int
    private let recurrence: ValueID

    init(_ node: inout NodeImport, _ layer: RecurrentLayer, direction: Int) throws(ModelError) {
        self.layer = layer
        self.direction = direction
        recurrence = try layer.weights(&node, 2, direction: direction, width: layer.hidden)
    }

    func next(_ node: inout NodeImport, _ x: ValueID, _ state: [ValueID]) throws(ModelError) -> [ValueID] {
        let sum = try layer.product(&node, state[0], recurrence, plus: x)
        return [try layer.activate(&node, sum, direction, 0)]
    }
}

/// Gates in the file's order: update z, reset r, hidden h. `h' = (1 - z) * h~ + z * h`.
struct GatedRecurrentUnit: RecurrentCell {
    static let (gates, states, functions) = (3, 1, ["Sigmoid", "Tanh"])
    private let layer: RecurrentLayer
    private let direction: Int
    private let gateWeights: ValueID
    private let hiddenWeights: ValueID
    /// Inside of the reset gate, or nil.
    private let hiddenBias: ValueID?
    private let resetsBehind: Bool

    init(_ node: inout NodeImport, _ layer: RecurrentLayer, direction: Int) throws(ModelError) {
        self.layer = layer
        self.direction = direction
        let hidden = layer.hidden
        let weights = try layer.weights(&node, 2, direction: direction, width: hidden)
        gateWeights = try node.slice(weights, axis: 0, start: 0, count: 2 * hidden)
        hiddenWeights = try node.slice(weights, axis: 0, start: 2 * hidden, count: hidden)
        resetsBehind = layer.resetsBehind
        let bias = try layer.bias(&node, direction: direction)
        hiddenBias =
            resetsBehind
            ? try bias.map { bias throws(ModelError) in
                try node.slice(bias, axis: 0, start: 5 * hidden, count: hidden)
            } : nil
    }

    func next(_ node: inout NodeImport, _ x: ValueID, _ state: [ValueID]) throws(ModelError) -> [ValueID] {
        let (h, hidden) = (state[0], layer.hidden)
        let gateInput = try node.slice(x, axis: 1, start: 0, count: 2 * hidden)
        let hiddenInput = try node.slice(x, axis: 1, start: 2 * hidden, count: hidden)
        let gates = try layer.activate(
            &node, try layer.product(&node, h, gateWeights, plus: gateInput), direction, 0)
        let update = try node.slice(gates, axis: 1, start: 0, count: hidden)
        let reset = try node.slice(gates, axis: 1, start: hidden, count: hidden)
        let sum: ValueID
        if resetsBehind {
            let product = try layer.product(&node, h, hiddenWeights, plus: hiddenBias)
            sum = try node.binary(.add, hiddenInput, try node.binary(.multiply, reset, product))
        } else {
            sum = try layer.product(&node, try node.binary(.multiply, reset, h), hiddenWeights, plus: hiddenInput)
        }
        let candidate = try layer.activate(&node, sum, direction, 1)
        // (1 - z) * c + z * h, with one product.
        let difference = try node.binary(.multiply, update, try node.binary(.subtract, h, candidate))
        return [try node.binary(.add, candidate, difference)]
    }
}

/// Gates in the file's order: input i, output o, forget f, cell c. `c' = f * c + i * c~`, `h' = o * g(c')`.
struct LongShortTermMemory: RecurrentCell {
    static let (gates, states, functions) = (4, 2, ["Sigmoid", "Tanh", "Tanh"])
    private let layer: RecurrentLayer
    private let direction: Int
    private let recurrence: ValueID
    /// What the cell adds to the input, output and forget gate; nil without peepholes.
    private let peepholes: [ValueID]?

    init(_ node: inout NodeImport, _ layer: RecurrentLayer, direction: Int) throws(ModelError) {
        self.layer = layer
        self.direction = direction
        recurrence = try layer.weights(&node, 2, direction: direction, width: layer.hidden)
        guard node.optional(7) != nil else {
            peepholes = nil
            return
        }
        let all = try layer.vector(&node, 7, direction: direction, count: 3 * layer.hidden)
        peepholes = try (0..<3).mapThrowing { gate throws(ModelError) in
            try node.slice(all, axis: 0, start: gate * layer.hidden, count: layer.hidden)
        }
    }

    func next(_ node: inout NodeImport, _ x: ValueID, _ state: [ValueID]) throws(ModelError) -> [ValueID] {
        let (h, c) = (state[0], state[1])
        let sum = try layer.product(&node, h, recurrence, plus: x)
        let input = try gate(&node, sum, 0, peeking: c)
        let forget = try gate(&node, sum, 2, peeking: c)
        let candidateSum = try node.slice(sum, axis: 1, start: 3 * layer.hidden, count: layer.hidden)
        let candidate = try layer.activate(&node, candidateSum, direction, 1)
        let kept = try node.binary(.multiply, forget, c)
        let cell = try node.binary(.add, kept, try node.binary(.multiply, input, candidate))
        let output = try gate(&node, sum, 1, peeking: cell)
        let seen = try layer.activate(&node, cell, direction, 2, isClipped: false)
        return [try node.binary(.multiply, output, seen), cell]
    }

    private func gate(
        _ node: inout NodeImport, _ sums: ValueID, _ gate: Int, peeking cell: ValueID
    ) throws(ModelError) -> ValueID {
        var sum = try node.slice(sums, axis: 1, start: gate * layer.hidden, count: layer.hidden)
        if let peepholes { sum = try node.binary(.add, sum, try node.binary(.multiply, peepholes[gate], cell)) }
        return try layer.activate(&node, sum, direction, 0)
    }
}
