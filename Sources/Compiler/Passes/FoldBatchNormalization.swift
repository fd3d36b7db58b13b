/// A multiple and an offset a channel, known beforehand, go into the weights and bias of a neighbour: batch
/// normalization, or a multiplication or addition with a constant.
///
/// - Source: Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
///   Inference", section 3.2.
package enum FoldBatchNormalization: Pass {
    package static let name = "fold-batch-normalization"
    package static let summary =
        "Puts batch normalization and constant factors and offsets into the weights next to them."

    /// `y[..., c] = x[..., c] * factors[c] + offsets[c]`; nil where there is none.
    private struct Affine {
        var x: ValueID
        var factors: [Float]?
        var offsets: [Float]?
        var activation = Activation.none
    }

    package static func run(_ model: inout Model) throws(ModelError) -> Int {
        try edit(&model) { editor in
            for number in editor.nodeNumbers {
                guard let node = editor.node(number), let output = node.outputs.first,
                    editor[output].quantization == nil, let affine = affine(node, editor)
                else {
                    if let node = editor.node(number) { takeBias(number, node, &editor) }
                    continue
                }
                if foldIntoWriter(number, node, affine, &editor) || foldIntoReader(node, affine, &editor) {
                    editor.noteChange()
                } else if node.operation is BatchNormalization {
                    expand(number, node, affine, &editor)
                    editor.noteChange()
                }
            }
        }
    }

    // MARK: What to fold

    private static func affine(_ node: Node, _ editor: ModelEditor) -> Affine? {
        guard let x = node.inputs.first ?? nil, let channels = editor[node.outputs[0]].shape.last else { return nil }
        if let normalization = node.operation as? BatchNormalization {
            guard node.inputs.count >= 5, let scale = editor.plainReals(node.inputs[1]),
                let bias = editor.plainReals(node.inputs[2]), let mean = editor.plainReals(node.inputs[3]),
                let variance = editor.plainReals(node.inputs[4])
            else { return nil }
            let factors = zip(scale, variance).map { $0 / ($1 + normalization.epsilon).squareRoot() }
            let offsets = (0..<channels).map { bias[$0] - mean[$0] * factors[$0] }
            return Affine(x: x, factors: factors, offsets: offsets)
        }
        guard let binary = node.operation as? Binary, node.inputs.count == 2, let a = node.inputs[0],
            let b = node.inputs[1]
        else { return nil }
        let isSwapped = editor[a].constant != nil
        let (real, known) = isSwapped ? (b, a) : (a, b)
        guard editor[real].constant == nil, editor[real].shape == editor[node.outputs[0]].shape,
            let numbers = perChannel(known, channels, editor)
        else { return nil }
        var affine = Affine(x: real, activation: binary.activation)
        switch binary.function {
        case .multiply: affine.factors = numbers
        case .divide where !isSwapped && numbers.allSatisfy({ $0.significand == 1 }):
            affine.factors = numbers.map { 1 / $0 }
        case .add: affine.offsets = numbers
        case .subtract where !isSwapped: affine.offsets = numbers.map { -$0 }
        default: return nil
        }
        return affine
    }

    /// A constant of one number, or one a channel.
    private static func perChannel(_ id: ValueID, _ channels: Int, _ editor: ModelEditor) -> [Float]? {
        guard let reals = editor.plainReals(id) else { return nil }
        let shape = editor[id].shape
        if reals.count == 1 { return Array(repeating: reals[0], count: channels) }
        return reals.count == channels && shape.last == channels ? reals : nil
    }

    // MARK: Into the node before

    private static func foldIntoWriter(
        _ number: Int, _ node: Node, _ affine: Affine, _ editor: inout ModelEditor
    ) -> Bool {
        guard editor.onlyReader(of: affine.x) == number, let writer = editor.writer(of: affine.x),
            let before = editor.node(writer), let weights = ConstantWeights(before, editor),
            weights.activation == .none,
            editor[affine.x].quantization == nil, let channels = editor[affine.x].shape.last
        else { return false }
        guard let bias = weights.bias(channels, editor) else { return false }
        var inputs = before.inputs
        var sums = bias
        if let factors = affine.factors {
            guard let scaled = weights.scaled(byOutput: factors, editor) else { return false }
            inputs[1] = editor.addConstant(editor[weights.id].name, scaled)
            sums = zip(sums, factors).map { $0 * $1 }
        }
        if let offsets = affine.offsets { sums = zip(sums, offsets).map { $0 + $1 } }
        inputs = Array(inputs.prefix(2))
        inputs.append(editor.addConstant(node.name + ".bias", TensorData(shape: [channels], .float32(sums))))
        editor.setInputs(writer, inputs)
        editor.setOperation(writer, weights.with(affine.activation))
        editor.remove(number)
        editor.setOutputs(writer, node.outputs)
        return true
    }

    /// Integer biases behind a quantized product: `DQ(int32) + product` is the product's bias.
    private static func takeBias(_ number: Int, _ node: Node, _ editor: inout ModelEditor) {
        guard let binary = node.operation as? Binary, binary.function == .add, node.inputs.count == 2 else { return }
        for (place, other) in [(0, 1), (1, 0)] {
            guard let x = node.inputs[place], let known = node.inputs[other], editor[known].constant != nil,
                editor[known].quantization != nil, editor[known].type == .int32, editor.onlyReader(of: x) == number,
                let writer = editor.writer(of: x), let before = editor.node(writer),
                let weights = ConstantWeights(before, editor), weights.activation == .none,
                editor[x].quantization == nil,
                before.inputs.count < 3 || before.inputs[2] == nil, editor[x].shape == editor[node.outputs[0]].shape,
                let channels = editor[x].shape.last, editor[known].elementCount == channels,
                editor[known].shape.last == channels, let bias = editor.reshapedConstant(known, [channels])
            else { continue }
            editor.setInputs(writer, Array(before.inputs.prefix(2)) + [bias])
            editor.setOperation(writer, weights.with(binary.activation))
            editor.remove(number)
            editor.setOutputs(writer, node.outputs)
            editor.noteChange()
            return
        }
    }

    // MARK: Into the node behind

    private static func foldIntoReader(_ node: Node, _ affine: Affine, _ editor: inout ModelEditor) -> Bool {
        guard affine.activation == .none, let reader = editor.onlyReader(of: node.outputs[0]),
            let after = editor.node(reader), after.inputs[0] == node.outputs[0],
            let weights = ConstantWeights(after, editor),
            let inChannels = editor[affine.x].shape.last, let outChannels = editor[after.outputs[0]].shape.last,
            let bias = weights.bias(outChannels, editor), editor[after.outputs[0]].quantization == nil
        else { return false }
        // Padding is zeros behind the offset, not in front of it.
        if affine.offsets?.contains(where: { $0 != 0 }) ?? false, !weights.isWithoutPadding { return false }
        guard let old = editor.plainReals(weights.id) else { return false }
        var inputs = Array(after.inputs.prefix(2))
        if let factors = affine.factors {
            guard let scaled = weights.scaled(byInput: factors, inChannels, outChannels, editor) else { return false }
            inputs[1] = editor.addConstant(editor[weights.id].name, scaled)
        }
        if let offsets = affine.offsets {
            guard let places = weights.places(inChannels, outChannels, editor) else { return false }
            var sums = bias
            for (weight, place) in zip(old, places) { sums[place.output] += weight * offsets[place.input] }
            inputs.append(editor.addConstant(node.name + ".bias", TensorData(shape: [outChannels], .float32(sums))))
        } else if after.inputs.count > 2 {
            inputs.append(after.inputs[2])
        }
        inputs[0] = affine.x
        editor.setInputs(reader, inputs)
        return true
    }

    // MARK: Neither

    /// What folds nowhere is a multiplication and an addition.
    private static func expand(_ number: Int, _ node: Node, _ affine: Affine, _ editor: inout ModelEditor) {
        guard let factors = affine.factors, let offsets = affine.offsets else { return }
        let (shape, output) = (editor[affine.x].shape, node.outputs[0])
        let scale = editor.addConstant(
            node.name + ".scale", TensorData(shape: [factors.count], .float32(factors)))
        let offset = editor.addConstant(
            node.name + ".offset", TensorData(shape: [offsets.count], .float32(offsets)))
        let product = editor.addNode(
            node.name + ".scaled", Binary(.multiply), inputs: [affine.x, scale], like: output, shape: shape)
        editor.setOperation(number, Binary(.add))
        editor.setInputs(number, [product, offset])
    }
}
