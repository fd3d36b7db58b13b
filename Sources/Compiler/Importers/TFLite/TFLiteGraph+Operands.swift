// What rules read.
extension TFLiteGraph {
    /// Operands of the current operator, left-out ones included.
    var operandCount: Int { current.inputs.count }

    func hasOperand(_ index: Int) -> Bool { index < operandCount && current.inputs[index] != nil }

    /// The row of an operand.
    func tensor(_ index: Int, _ name: String) throws(ModelError) -> TFLiteTensor {
        guard index < operandCount, let number = current.inputs[index] else {
            throw .malformed(.init(name, expected: "operand \(index)", found: "none"))
        }
        return file.tensors[number]
    }

    /// The row of an output.
    func output(_ index: Int = 0) -> TFLiteTensor { file.tensors[current.outputs[index]] }

    /// An operand of any type.
    mutating func operand(_ index: Int, _ name: String) throws(ModelError) -> ValueID {
        try value(of: tensor(index, name))
    }

    /// An operand that stands for real numbers: float32, or integers with a quantization.
    mutating func real(_ index: Int, _ name: String) throws(ModelError) -> ValueID {
        let id = try operand(index, name)
        guard model[id].isReal else {
            throw .malformed(
                .init(
                    "type of \(name)", expected: "float32, or integers with a scale",
                    found: "\(model[id].type.rawValue) without a scale", place: try tensor(index, name).place))
        }
        return id
    }

    /// Numbers of any kind: real ones, or integers and truth values that stand for themselves.
    mutating func numbers(_ index: Int, _ name: String) throws(ModelError) -> ValueID {
        let id = try operand(index, name)
        switch model[id].type {
        case .int8, .uint8, .int16, .uint16: return try real(index, name)
        case .float32, .int32, .int64, .bool: return id
        }
    }

    /// Numbers that stand for themselves.
    mutating func unquantized(_ index: Int, _ name: String) throws(ModelError) -> ValueID {
        let id = try operand(index, name)
        guard model[id].quantization == nil else {
            throw .unsupported(
                .init(
                    "\(current.kind.name) for \(output().place) \(output().shape)",
                    expected: "operands that are not quantized", found: "\(name) as \(model[id].type.rawValue)",
                    advice: "keep this operator in float32 when quantizing the model"))
        }
        return id
    }

    /// The bias of an operator; nil where it has none.
    mutating func bias(_ index: Int) throws(ModelError) -> ValueID? {
        hasOperand(index) ? try real(index, "bias") : nil
    }

    /// Weights that an operator may leave out.
    mutating func optionalWeights(_ index: Int?, _ name: String, for x: ValueID) throws(ModelError) -> ValueID? {
        guard let index, hasOperand(index) else { return nil }
        return try weights(index, name, for: x)
    }

    /// Whether an operand's elements are known beforehand.
    func isConstant(_ index: Int) -> Bool {
        guard hasOperand(index), let number = current.inputs[index] else { return false }
        return values[number].map { model[$0].constant != nil } ?? true
    }

    /// Weights of an operator: dequantized if `x` is not quantized.
    ///
    /// - Parameter permutation: what ``Transpose`` is to do with a constant, nil for none.
    mutating func weights(
        _ index: Int, _ name: String, for x: ValueID, permutation: [Int]? = nil
    ) throws(ModelError) -> ValueID {
        let tensor = try tensor(index, name)
        if let id = values[tensor.number], model[id].constant == nil {
            guard let permutation else { return try real(index, name) }
            return try compute(
                Transpose(permutation: permutation), [try real(index, name)], "weights", like: id,
                quantization: model[id].quantization?.permuted(permutation))
        }
        var (data, quantization) = try constant(tensor)
        guard data.type == .float32 || quantization != nil else { return try real(index, name) }
        let isHybrid = model[x].quantization == nil && quantization != nil
        if !isHybrid && permutation == nil { return try operand(index, name) }
        if isHybrid, let given = quantization {
            try file.buffer.spend(4 * data.elements.count, on: tensor.place)
            data = try data.dequantized(given)
            quantization = nil
        }
        if let permutation {
            try file.buffer.spend(data.elements.count * data.type.size, on: tensor.place)
            let transpose = Transpose(permutation: permutation)
            guard let moved = try transpose.evaluate([data]).first else { return try real(index, name) }
            data = moved
            quantization = quantization?.permuted(permutation)
        }
        return model.constant(tensor.name, data, quantization: quantization)
    }

    /// The elements of a constant operand of integers: axes, shapes, paddings.
    func integers(_ index: Int, _ name: String) throws(ModelError) -> [Int] {
        let tensor = try tensor(index, name)
        let (data, _) = try constant(tensor)
        switch data.elements {
        case .int32(let elements): return elements.map(Int.init)
        case .int16(let elements): return elements.map(Int.init)
        case .int8(let elements): return elements.map(Int.init)
        case .int64(let elements):
            guard elements.allSatisfy({ Int32(exactly: $0) != nil }) else {
                throw .tooLarge(.init(name, expected: "32 bits", found: "\(elements)", place: tensor.place))
            }
            return elements.map { Int($0) }
        default:
            throw .malformed(
                .init("type of \(name)", expected: "integers", found: data.type.rawValue, place: tensor.place))
        }
    }

    /// A constant operand of one integer.
    func integer(_ index: Int, _ name: String) throws(ModelError) -> Int {
        let integers = try integers(index, name)
        guard integers.count == 1 else {
            throw .malformed(.init(name, expected: "1 number", found: "\(integers.count)"))
        }
        return integers[0]
    }

    /// A constant operand of one real number.
    func number(_ index: Int, _ name: String) throws(ModelError) -> Float {
        let (data, quantization) = try constant(tensor(index, name))
        let reals =
            try quantization.map { given throws(ModelError) in try data.dequantized(given).elements } ?? data.elements
        guard case .float32(let numbers) = reals, numbers.count == 1 else {
            throw .malformed(.init(name, expected: "1 real number", found: "\(data.shape) of \(data.type.rawValue)"))
        }
        return numbers[0]
    }

    /// A dimension of a value, counted from the end where below zero.
    func axis(_ axis: Int, of id: ValueID) throws(ModelError) -> Int {
        let rank = model[id].shape.count
        let positive = axis < 0 ? axis + rank : axis
        guard (0..<rank).contains(positive) else {
            throw .malformed(
                .init("axis", expected: "\(-rank)..<\(rank) for \(model[id].shape)", found: "\(axis)"))
        }
        return positive
    }

    /// The shape of a value, found to have `rank` dimensions.
    func shape(_ id: ValueID, rank: Int, _ name: String) throws(ModelError) -> [Int] {
        let shape = model[id].shape
        guard shape.count == rank else {
            throw .malformed(.init("shape of \(name)", expected: "\(rank) dimensions", found: "\(shape)"))
        }
        return shape
    }

    /// For operators whose file may state an activation that no converter writes.
    func requireNoActivation(_ activation: Activation) throws(ModelError) {
        if activation == .none { return }
        throw .unsupported(
            .init(
                "fused_activation_function", expected: "NONE for \(current.kind.name)", found: "another one",
                advice: "convert the model with the activation as an operator of its own"))
    }

    /// The operator's attributes.
    func options(_ kind: TFLiteOptions.Kind) throws(ModelError) -> TFLiteOptions {
        guard current.optionsType == kind.rawValue || current.optionsType == 0 else {
            throw .malformed(
                .init("type of the options", expected: "\(kind.rawValue) (\(kind))", found: "\(current.optionsType)"))
        }
        return TFLiteOptions(table: current.optionsType == 0 ? nil : current.options)
    }
}

extension Value {
    /// Whether it stands for real numbers.
    var isReal: Bool { type == .float32 || quantization != nil }
}

extension ValueQuantization {
    /// That of the transposed tensor.
    func permuted(_ permutation: [Int]) -> ValueQuantization {
        var permuted = self
        permuted.axis = axis.flatMap { permutation.firstIndex(of: $0) }
        return permuted
    }
}

extension TensorData {
    /// The real numbers that quantized elements stand for.
    func dequantized(_ quantization: ValueQuantization) throws(ModelError) -> TensorData {
        let reals = try QuantizationParameters(quantization).dequantize(elements, shape: shape)
        return TensorData(shape: shape, .float32(reals))
    }
}
