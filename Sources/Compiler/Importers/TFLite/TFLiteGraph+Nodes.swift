// What rules write.
extension TFLiteGraph {
    /// Adds the node that writes the operator's outputs.
    ///
    /// - Throws: `.mismatch` where the file states another type or shape than the operation's rule.
    mutating func write(_ operation: any Operation, _ inputs: [ValueID?]) throws(ModelError) {
        try write(operation, inputs, to: current.outputs)
    }

    /// Adds a node that writes some of the operator's outputs.
    mutating func write(
        _ operation: any Operation, _ inputs: [ValueID?], to outputs: some Collection<Int>
    ) throws(ModelError) {
        let results = try results(of: operation, inputs)
        guard results.count == outputs.count else {
            throw .malformed(.init("outputs", expected: "\(results.count)", found: "\(outputs.count)"))
        }
        var declared: [Value] = []
        for (number, result) in zip(outputs, results) {
            declared.append(try declare(file.tensors[number], result, isBare: operation.readsBareIntegers))
        }
        let ids = try add(operation, inputs, "\(current.kind.name)_\(current.number)", writing: declared)
        for (number, id) in zip(outputs, ids) { values[number] = id }
    }

    /// Adds a node whose one result is used by further nodes of the same operator.
    ///
    /// - Parameters:
    ///   - step: what the node does, for its name.
    ///   - like: whose type the result has if it stands for real numbers.
    ///   - quantization: in place of that of `like`.
    mutating func compute(
        _ operation: any Operation, _ inputs: [ValueID?], _ step: String, like: ValueID? = nil,
        quantization: ValueQuantization? = nil
    ) throws(ModelError) -> ValueID {
        let results = try results(of: operation, inputs)
        guard let result = results.first, results.count == 1 else {
            throw .malformed(.init("results of \(step)", expected: "1", found: "\(results.count)"))
        }
        let name = "\(current.kind.name)_\(current.number)/\(step)"
        var value = Value(name: name, type: result.type, shape: result.shape)
        if let like, result.type == .float32, let given = quantization ?? model[like].quantization {
            guard given.axis == nil || quantization != nil else {
                throw .unsupported(
                    .init(
                        "scales of \(model[like].name)", expected: "one for the whole tensor",
                        found: "\(given.scales.count)", advice: "quantize activations with one scale a tensor"))
            }
            value.type = model[like].type
            value.quantization = given
        }
        return try add(operation, inputs, name, writing: [value])[0]
    }

    /// Lets the operator's output be a value that is there already.
    mutating func write(_ id: ValueID) { values[current.outputs[0]] = id }

    /// Lets the operator's output be a constant.
    mutating func write(_ data: TensorData) throws(ModelError) {
        try file.buffer.spend(data.elements.count * data.type.size, on: "constant of \(current.place)")
        let tensor = output()
        _ = try declare(tensor, Operand(type: data.type, shape: data.shape), isBare: true)
        values[tensor.number] = model.constant(tensor.name, data)
    }

    /// A constant that the translation needs and the file does not have.
    mutating func constant(_ name: String, _ data: TensorData) throws(ModelError) -> ValueID {
        try file.buffer.spend(data.elements.count * data.type.size, on: "constant of \(current.place)")
        return model.constant("\(current.kind.name)_\(current.number)/\(name)", data)
    }

    /// The value of an output as the rule gives it and the file describes it.
    ///
    /// - Parameter isBare: whether the result is integers as they are, and not the real numbers they stand for.
    private func declare(_ tensor: TFLiteTensor, _ result: Operand, isBare: Bool) throws(ModelError) -> Value {
        guard tensor.type != .float16 else { throw Self.halfFloat(tensor) }
        let type = try tensor.elementType()
        let quantization = try tensor.quantization()
        let fits = result.type == type || (result.type == .float32 && quantization != nil)
        guard fits else {
            throw .mismatch(
                .init(
                    "type of the output", expected: "\(result.type.rawValue), or integers with a scale for float32",
                    found: type.rawValue + (quantization == nil ? " without a scale" : ""), place: tensor.place))
        }
        // A shape that the file leaves open is known here, where all inputs have theirs.
        let hasShape =
            tensor.shape.isEmpty
            || (tensor.shape.count == result.shape.count
                && tensor.shape.indices.allSatisfy { tensor.isOpen[$0] || tensor.shape[$0] == result.shape[$0] })
        guard hasShape, !result.shape.contains(0) else {
            throw .mismatch(
                .init(
                    "shape of the output", expected: "\(result.shape), by the operands' shapes",
                    found: "\(tensor.shape)", place: tensor.place))
        }
        return Value(
            name: tensor.name, type: type, shape: result.shape,
            quantization: result.type == .float32 || isBare ? quantization : nil)
    }

    private func results(of operation: any Operation, _ inputs: [ValueID?]) throws(ModelError) -> [Operand] {
        let operands = inputs.map { id in id.map { model[$0].operand(bare: operation.readsBareIntegers) } }
        let results = try operation.outputs(for: operands)
        for result in results { _ = try Shape.count(result.shape, of: "the result of \(type(of: operation).name)") }
        return results
    }

    /// Adds a node, or constants where all it reads is known and small.
    private mutating func add(
        _ operation: any Operation, _ inputs: [ValueID?], _ name: String, writing values: [Value]
    ) throws(ModelError) -> [ValueID] {
        try file.buffer.spend(Self.nodeCost, on: name)
        if let folded = try folded(operation, inputs, values) { return folded.map { model.add($0) } }
        let ids = values.map { model.add($0) }
        model.nodes.append(Node(name: name, operation, inputs: inputs, outputs: ids))
        return ids
    }

    /// Arithmetic on shapes, which the converter left to run time: SHAPE, STRIDED_SLICE, PACK, RESHAPE.
    private func folded(
        _ operation: any Operation, _ inputs: [ValueID?], _ values: [Value]
    ) throws(ModelError) -> [Value]? {
        var constants: [TensorData?] = []
        for id in inputs {
            guard let id else { constants.append(nil); continue }
            guard let data = model[id].constant, model[id].quantization == nil, model[id].type != .float32,
                data.elements.count <= Self.maximumFolded
            else { return nil }
            constants.append(data)
        }
        guard !constants.isEmpty, values.allSatisfy({ $0.elementCount <= Self.maximumFolded && $0.quantization == nil })
        else { return nil }
        var folded = values
        for (index, data) in try operation.evaluate(constants).enumerated() where index < folded.count {
            guard data.shape == values[index].shape, data.type == values[index].type else { return nil }
            folded[index].constant = data
        }
        return folded
    }

    /// What a node takes from the file's budget: about what it costs in memory.
    private static let nodeCost = 128

    /// Elements of a constant that is folded here: shapes and lists of indices, not weights.
    private static let maximumFolded = 4_096
}
