/// One LSTM cell: its weights, and the nodes that lead from one state to the next.
///
/// - Shapes: input `[batch, in]`, weights `[units, in]`, recurrent weights `[units, width]`, peepholes and biases
///   `[units]`, projection `[width, units]`; without one the width is the number of units.
/// - Source: TensorFlow Lite `lstm_eval.cc`.
struct TFLiteCell {
    struct State {
        var output: ValueID
        var cell: ValueID
    }

    private enum Gate: Int, CaseIterable { case input, forget, cell, output }

    private struct Weights {
        var input: ValueID
        var recurrent: ValueID
        var peephole: ValueID?
        var bias: ValueID?
    }

    private var gates: [Gate: Weights] = [:]
    private let projection: ValueID?
    private let projectionBias: ValueID?
    private let activation: Unary.Function
    private let cellClip: Float
    private let projectionClip: Float
    private let batch: Int
    private let units: Int
    private let width: Int

    /// - Parameter input: what decides whether weights are dequantized.
    init(
        _ graph: inout TFLiteGraph, options: TFLiteOptions, input: ValueID, batch: Int
    ) throws(ModelError) {
        self.batch = batch
        activation = try Self.activation(options.byte("fused_activation_function", 0))
        cellClip = try options.float("cell_clip", 1)
        projectionClip = try options.float("proj_clip", 2)
        for gate in Gate.allCases where gate != .input || graph.hasOperand(1) {
            let number = gate.rawValue
            // Operands 1 to 4 read the input, 5 to 8 the last output, 9 to 11 the cell (not for its own gate).
            let peephole = gate == .cell ? nil : gate == .output ? 11 : 9 + number
            let name = "\(gate) gate"
            gates[gate] = Weights(
                input: try graph.weights(1 + number, "weights of the \(name)", for: input),
                recurrent: try graph.weights(5 + number, "recurrent weights of the \(name)", for: input),
                peephole: try graph.optionalWeights(peephole, "peephole of the \(name)", for: input),
                bias: try graph.optionalWeights(12 + number, "bias of the \(name)", for: input))
        }
        projection = try graph.optionalWeights(16, "projection", for: input)
        projectionBias = try graph.optionalWeights(17, "bias of the projection", for: input)
        guard let forget = gates[.forget] else { throw .malformed(.init("gates", expected: "4", found: "0")) }
        let recurrent = try graph.shape(forget.recurrent, rank: 2, "recurrent weights")
        (units, width) = (recurrent[0], recurrent[1])
    }

    func initialState(_ graph: inout TFLiteGraph) throws(ModelError) -> State {
        func zeros(_ name: String, _ width: Int) throws(ModelError) -> ValueID {
            let count = try Shape.count([batch, width], of: name)
            try graph.file.buffer.spend(4 * count, on: name)
            return try graph.constant(
                name, TensorData(shape: [batch, width], .float32(Array(repeating: 0, count: count))))
        }
        return State(output: try zeros("initial_output", width), cell: try zeros("initial_cell", units))
    }

    /// The state after one more input `[batch, in]`.
    func next(
        _ graph: inout TFLiteGraph, _ x: ValueID, _ state: State, _ step: Int
    ) throws(ModelError) -> State {
        let forget = try gate(.forget, &graph, x, state, peeping: state.cell, .sigmoid, step)
        let candidate = try gate(.cell, &graph, x, state, peeping: nil, activation, step)
        let input: ValueID
        if gates[.input] != nil {
            input = try gate(.input, &graph, x, state, peeping: state.cell, .sigmoid, step)
        } else {
            // Coupled gates: what is not forgotten is not replaced.
            let one = try graph.constant("one", TensorData(shape: [], .float32([1])))
            input = try graph.compute(Binary(.subtract), [one, forget], "input_gate_\(step)")
        }
        let kept = try graph.compute(Binary(.multiply), [forget, state.cell], "kept_\(step)")
        let added = try graph.compute(Binary(.multiply), [input, candidate], "added_\(step)")
        var sum = Binary(.add)
        sum.activation = Self.clip(cellClip)
        let cell = try graph.compute(sum, [kept, added], "cell_\(step)")
        let output = try gate(.output, &graph, x, state, peeping: cell, .sigmoid, step)
        let shown = try graph.compute(Unary(activation), [cell], "shown_\(step)")
        let result = try graph.compute(Binary(.multiply), [output, shown], "result_\(step)")
        guard let projection else { return State(output: result, cell: cell) }
        var product = MatrixProduct()
        product.transposesB = true
        product.activation = Self.clip(projectionClip)
        let projected = try graph.compute(product, [result, projection, projectionBias], "projected_\(step)")
        return State(output: projected, cell: cell)
    }

    private func gate(
        _ gate: Gate, _ graph: inout TFLiteGraph, _ x: ValueID, _ state: State, peeping cell: ValueID?,
        _ function: Unary.Function, _ step: Int
    ) throws(ModelError) -> ValueID {
        guard let weights = gates[gate] else {
            throw .malformed(.init("\(gate) gate", expected: "weights", found: "none"))
        }
        var product = MatrixProduct()
        product.transposesB = true
        let name = "\(gate)_gate_\(step)"
        let fromInput = try graph.compute(product, [x, weights.input, weights.bias], "\(name)/from_input")
        let fromOutput = try graph.compute(product, [state.output, weights.recurrent], "\(name)/from_output")
        var sum = try graph.compute(Binary(.add), [fromInput, fromOutput], "\(name)/sum")
        if let peephole = weights.peephole, let cell {
            let peeped = try graph.compute(Binary(.multiply), [cell, peephole], "\(name)/peephole")
            sum = try graph.compute(Binary(.add), [sum, peeped], "\(name)/peeped")
        }
        return try graph.compute(Unary(function), [sum], name)
    }

    private static func clip(_ limit: Float) -> Activation {
        limit > 0 ? Activation(low: -limit, high: limit) : .none
    }

    private static func activation(_ code: Int) throws(ModelError) -> Unary.Function {
        switch code {
        case 0: return .identity
        case 1: return .clamp(.relu)
        case 3: return .clamp(.relu6)
        case 4: return .tanh
        default:
            throw .unsupported(
                .init("fused_activation_function", expected: "NONE, RELU, RELU6 or TANH", found: "\(code)"))
        }
    }
}
