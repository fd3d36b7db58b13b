/// A float model and its int8 form, node for node and value for value, so that the two can be run side by side.
struct QuantizedTwin {
    /// Weights and bias of one node in the int8 form.
    struct Layer {
        var node: Int
        var bias: ValueID
        var activation: Activation
        /// The node's operation without it.
        var products: any Operation
    }

    let float: Model
    /// Behind the values of the float model come the int8 weights and int32 biases.
    private(set) var quantized: Model
    /// By node.
    private(set) var layers: [Int: Layer] = [:]

    /// - Parameter quantizations: of each value that becomes int8, constants among them.
    init(_ float: Model, _ quantizations: [ValueID: ValueQuantization]) throws(ModelError) {
        self.float = float
        quantized = float
        for (id, quantization) in quantizations {
            if case .float32(let reals)? = float[id].constant?.elements {
                let elements = QuantizationParameters(quantization).quantize(
                    reals, shape: float[id].shape, type: .int8)
                quantized[id].constant = TensorData(shape: float[id].shape, elements)
            }
            quantized[id].type = .int8
            quantized[id].quantization = quantization
        }
        for (number, node) in float.nodes.enumerated() { try quantizeWeights(number, node) }
    }

    /// Int8 weights, symmetric and an output channel a scale; int32 bias with the scale of the products.
    private mutating func quantizeWeights(_ number: Int, _ node: Node) throws(ModelError) {
        guard let (products, activation, axis) = node.operation.weighted, let x = node.inputs[0],
            let weights = node.inputs[1], let data = float[weights].constant, case .float32(let reals) = data.elements,
            let scale = quantized[x].quantization?.scales[0]
        else { return }
        let layout = AxisLayout(data.shape, axis: axis)
        var largest = [Float](repeating: 0, count: layout.count)
        for (position, weight) in reals.enumerated() {
            guard weight.isFinite else {
                throw .mismatch(.init("weights", expected: "finite ones", found: "\(weight)", place: node.place))
            }
            let channel = position / layout.inner % layout.count
            largest[channel] = max(largest[channel], abs(weight))
        }
        let bias = float.bias(of: node, channels: layout.count)
        let scales = zip(largest, bias).map { ScaleChoice.weights(largest: $0, offset: $1, input: scale) }
        let zeros = scales.map { _ in Int32(0) }
        let weightQuantization = ValueQuantization(scales: scales, zeroPoints: zeros, axis: axis)
        let elements = QuantizationParameters(weightQuantization).quantize(reals, shape: data.shape, type: .int8)
        let integers = quantized.constant(
            float[weights].name, TensorData(shape: data.shape, elements), quantization: weightQuantization)
        let biasQuantization = ValueQuantization(scales: scales.map { scale * $0 }, zeroPoints: zeros, axis: 0)
        let offsets = quantized.constant(
            node.name + ".bias", TensorData(shape: [bias.count], .int32(bias.map { _ in 0 })),
            quantization: biasQuantization)
        quantized.nodes[number].inputs = [x, integers, offsets]
        layers[number] = Layer(node: number, bias: offsets, activation: activation, products: products)
        setBias(bias, of: number)
    }

    /// Rounds a layer's offsets, real numbers, into its int32 bias.
    mutating func setBias(_ offsets: [Float], of number: Int) {
        guard let layer = layers[number], let quantization = quantized[layer.bias].quantization else { return }
        let elements = QuantizationParameters(quantization).quantize(offsets, shape: [offsets.count], type: .int32)
        quantized[layer.bias].constant = TensorData(shape: [offsets.count], elements)
    }

    /// A constant of the int8 form as the real numbers it stands for.
    func real(_ id: ValueID) throws(ModelError) -> TensorData? {
        guard let data = quantized[id].constant else { return nil }
        guard let quantization = quantized[id].quantization else { return data }
        let reals = try QuantizationParameters(quantization).dequantize(data.elements, shape: data.shape)
        return TensorData(shape: data.shape, .float32(reals))
    }
}

extension Operation {
    /// Of an operation with weights: itself without its activation, that, and the weights' dimension of output channels.
    var weighted: (products: any Operation, activation: Activation, axis: Int)? {
        switch self {
        case var operation as Convolution:
            let activation = operation.activation
            operation.activation = .none
            return (operation, activation, 0)
        case var operation as TransposedConvolution:
            let activation = operation.activation
            operation.activation = .none
            return (operation, activation, 0)
        case var operation as MatrixProduct:
            let activation = operation.activation
            operation.activation = .none
            return (operation, activation, operation.transposesB ? 0 : 1)
        default: return nil
        }
    }
}

extension Model {
    /// One number a channel; zeros where the node has no bias.
    fileprivate func bias(of node: Node, channels: Int) -> [Float] {
        guard node.inputs.count > 2, let id = node.inputs[2], case .float32(let reals)? = self[id].constant?.elements
        else { return [Float](repeating: 0, count: channels) }
        return reals.count == channels ? reals : [Float](repeating: reals[0], count: channels)
    }

    /// Operands of a node that are weights or a bias, and get scales of their own.
    func weightOperands(of node: Node) -> [ValueID] {
        guard node.operation.weighted != nil else { return [] }
        return node.inputs.dropFirst().compactMap { $0 }.filter { self[$0].constant != nil }
    }
}
