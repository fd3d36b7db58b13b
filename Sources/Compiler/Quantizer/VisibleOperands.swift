/// What a clamped sum shows of its operands: `relu(a + b)` is 0 whatever a is below `-b`, so a's levels are better spent
/// on what is above it.
///
/// The sum behind a residual block is the usual case: its convolution spreads far below zero, where nothing is seen.
struct VisibleOperands {
    /// The model with a node more for each bound of such an operand, which nothing reads.
    private(set) var model: Model
    /// For each operand, the value that holds what is seen of it: `min(max(a, low - b), high - b)`.
    private(set) var parts: [ValueID: ValueID] = [:]

    /// - Parameter model: of real numbers, with activations fused.
    init(_ model: Model) {
        self.model = model
        var reads: [ValueID: Int] = [:]
        for id in model.outputs { reads[id, default: 0] += 1 }
        for node in model.nodes { for case .some(let id) in node.inputs { reads[id, default: 0] += 1 } }
        for node in model.nodes {
            guard let sum = node.operation as? Binary, sum.function == .add, node.inputs.count == 2,
                let a = node.inputs[0], let b = node.inputs[1], model[a].shape == model[b].shape
            else { continue }
            for (id, other) in [(a, b), (b, a)]
            where reads[id] == 1 && model[id].constant == nil && !model.inputs.contains(id) {
                bound(id, other, sum.activation)
            }
        }
    }

    private mutating func bound(_ id: ValueID, _ other: ValueID, _ activation: Activation) {
        var part = id
        for (level, function) in [(activation.low, Binary.Function.maximum), (activation.high, .minimum)]
        where level.isFinite {
            let level = model.constant("level", TensorData(shape: [], .float32([level])))
            let limit = add(Binary(.subtract), [level, other], as: id, ".limit")
            part = add(Binary(function), [part, limit], as: id, ".seen")
        }
        if part != id { parts[id] = part }
    }

    private mutating func add(
        _ operation: any Operation, _ operands: [ValueID?], as id: ValueID, _ suffix: String
    ) -> ValueID {
        let name = model[id].name + suffix
        let result = model.add(Value(name: name, type: .float32, shape: model[id].shape))
        model.nodes.append(Node(name: name, operation, inputs: operands, outputs: [result]))
        return result
    }
}
