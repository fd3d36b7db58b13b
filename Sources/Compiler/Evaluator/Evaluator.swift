/// Runs a model node by node in real numbers: slow, and as the formulas read.
///
/// It computes what does not lower to a plan, shows the quantizer the ranges of values, and is what a rewritten model is
/// compared with. A quantized operand is dequantized, and a result that is declared quantized is rounded (half to even)
/// and saturated into its type; the sums in between are floats, so an int8 network comes out near to a plan's numeric
/// contract, not equal to it.
package struct Evaluator: Sendable {
    private let model: Model
    /// Quantized constants as real numbers, dequantized once and not at each run.
    private let realConstants: [ValueID: TensorData]
    /// For each node, the values that nothing reads after it.
    private let lastReads: [[ValueID]]

    /// - Throws: what ``Model/check()`` finds.
    package init(_ model: Model) throws(ModelError) {
        try model.check()
        self.model = model
        realConstants = try Self.realConstants(of: model)
        lastReads = Self.lastReads(of: model)
    }

    /// Computes the graph's outputs.
    ///
    /// - Parameter inputs: one a graph input, in order; elements of its declared (or presented) type.
    /// - Parameter observing: called with each graph input and each result of a node in turn, as real numbers: after
    ///   quantization where the value is quantized. Whole numbers that stand for themselves are left out.
    /// - Returns: one a graph output, of its declared (or presented) type.
    /// - Throws: `.mismatch` for inputs of another shape or type, or a node's error at that node.
    package func run(
        _ inputs: [TensorData], observing: ((ValueID, TensorData) -> Void)? = nil
    ) throws(ModelError) -> [TensorData] {
        guard inputs.count == model.inputs.count else {
            throw .mismatch(.init("inputs of the model", expected: "\(model.inputs.count)", found: "\(inputs.count)"))
        }
        var held = [TensorData?](repeating: nil, count: model.values.count)
        func hold(_ data: TensorData, as id: ValueID) throws(ModelError) {
            held[id.index] = data
            guard let observing else { return }
            let real = try real(data, as: model[id])
            if real.type == .float32 { observing(id, real) }
        }
        for (id, input) in zip(model.inputs, inputs) { try hold(try accepted(input, as: model[id]), as: id) }
        for (node, ended) in zip(model.nodes, lastReads) {
            do throws(ModelError) {
                var operands: [TensorData?] = []
                for id in node.inputs { operands.append(try operand(id, of: node, held)) }
                for (id, result) in zip(node.outputs, try node.operation.evaluate(operands)) {
                    try hold(try stored(result, as: model[id]), as: id)
                }
            } catch {
                throw error.at(node.place)
            }
            for id in ended { held[id.index] = nil }
        }
        var outputs: [TensorData] = []
        for id in model.outputs { outputs.append(presented(try value(id, held), as: model[id])) }
        return outputs
    }

    private func value(_ id: ValueID, _ held: [TensorData?]) throws(ModelError) -> TensorData {
        guard let data = held[id.index] ?? model[id].constant else {
            throw .malformed(.init("operand", expected: "a value that is there", found: model[id].name))
        }
        return data
    }

    private func operand(_ id: ValueID?, of node: Node, _ held: [TensorData?]) throws(ModelError) -> TensorData? {
        guard let id else { return nil }
        if node.operation.readsBareIntegers { return try value(id, held) }
        if let constant = realConstants[id] { return constant }
        return try real(try value(id, held), as: model[id])
    }

    /// Elements as the real numbers they stand for, where they do.
    private func real(_ data: TensorData, as value: Value) throws(ModelError) -> TensorData {
        guard let quantization = value.quantization else { return data }
        let reals = try QuantizationParameters(quantization).dequantize(data.elements, shape: data.shape)
        return TensorData(shape: data.shape, .float32(reals))
    }

    /// What a node left, as its output declares it.
    private func stored(_ data: TensorData, as value: Value) throws(ModelError) -> TensorData {
        guard data.shape == value.shape else {
            throw .mismatch(.init("shape of \(value.name)", expected: "\(value.shape)", found: "\(data.shape)"))
        }
        if case .float32(let reals) = data.elements, let quantization = value.quantization {
            let parameters = QuantizationParameters(quantization)
            return TensorData(
                shape: data.shape, parameters.quantize(reals, shape: data.shape, type: value.type))
        }
        guard data.type == value.type else {
            throw .mismatch(.init("type of \(value.name)", expected: value.type.rawValue, found: data.type.rawValue))
        }
        return data
    }

    /// A graph input as the caller hands it in.
    private func accepted(_ data: TensorData, as value: Value) throws(ModelError) -> TensorData {
        let type = value.presentedType ?? value.type
        guard data.type == type, data.shape == value.shape else {
            throw .mismatch(
                .init("input \(value.name)", expected: "\(type) \(value.shape)", found: "\(data.type) \(data.shape)"))
        }
        guard case .uint8(let elements) = data.elements, value.type == .int8 else { return data }
        return TensorData(shape: data.shape, .int8(elements.map { Int8(bitPattern: $0 ^ 0x80) }))
    }

    /// A graph output as the caller gets it.
    private func presented(_ data: TensorData, as value: Value) -> TensorData {
        guard value.presentedType == .uint8, case .int8(let elements) = data.elements else { return data }
        return TensorData(shape: data.shape, .uint8(elements.map { UInt8(bitPattern: $0) ^ 0x80 }))
    }

    private static func realConstants(of model: Model) throws(ModelError) -> [ValueID: TensorData] {
        var constants: [ValueID: TensorData] = [:]
        for node in model.nodes where !node.operation.readsBareIntegers {
            for case .some(let id) in node.inputs where constants[id] == nil {
                guard let data = model[id].constant, let quantization = model[id].quantization else { continue }
                let reals = try QuantizationParameters(quantization).dequantize(data.elements, shape: data.shape)
                constants[id] = TensorData(shape: data.shape, .float32(reals))
            }
        }
        return constants
    }

    private static func lastReads(of model: Model) -> [[ValueID]] {
        var seen = Set(model.outputs)
        var reads: [[ValueID]] = []
        for node in model.nodes.reversed() {
            // What nothing reads at all ends with the node that writes it.
            reads.append((node.inputs.compactMap(\.self) + node.outputs).filter { seen.insert($0).inserted })
        }
        return reads.reversed()
    }
}
