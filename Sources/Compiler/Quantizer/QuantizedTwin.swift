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
    init(
        _ float: Model, _ quantizations: [ValueID: ValueQuantization], _ scheme: Quantizer.Scheme
    ) throws(ModelError) {
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
        for (number, node) in float.nodes.enumerated() { try quantizeWeights(number, node, scheme) }
    }

    /// Int8 weights in the scheme's form; int32 bias with the scale of the products.
    private mutating func quantizeWeights(_ number: Int, _ node: Node, _ scheme: Quantizer.Scheme) throws(ModelError) {
        guard let (products, activation, axis) = node.operation.weighted, let x = node.inputs[0],
            let weights = node.inputs[1], let data = float[weights].constant, case .float32(let reals) = data.elements,
            let scale = quantized[x].quantization?.scales[0]
        else { return }
        let bias = float.bias(of: node, channels: data.shape[axis])
        let form = scheme.weights(of: node.operation)
        let extents = try Self.extents(of: reals, shape: data.shape, axis: axis, node)
        let weightQuantization = Self.quantization(of: extents, bias, form, axis: axis, input: scale)
        let elements = QuantizationParameters(weightQuantization).quantize(reals, shape: data.shape, type: .int8)
        let integers = quantized.constant(
            float[weights].name, TensorData(shape: data.shape, elements), quantization: weightQuantization)
        let biasQuantization = ValueQuantization(
            scales: weightQuantization.scales.map { scale * $0 }, zeroPoints: weightQuantization.scales.map { _ in 0 },
            axis: form.isPerChannel ? 0 : nil)
        let offsets = quantized.constant(
            node.name + ".bias", TensorData(shape: [bias.count], .int32(bias.map { _ in 0 })),
            quantization: biasQuantization)
        quantized.nodes[number].inputs = [x, integers, offsets]
        layers[number] = Layer(node: number, bias: offsets, activation: activation, products: products)
        setBias(bias, of: number)
    }

    /// The least and the greatest weight of each output channel, zero among them.
    private static func extents(of weights: [Float], shape: [Int], axis: Int, _ node: Node) throws(ModelError)
        -> [Extent]
    {
        let layout = AxisLayout(shape, axis: axis)
        var extents = [Extent](repeating: Extent(low: 0, high: 0), count: layout.count)
        for (position, weight) in weights.enumerated() {
            guard weight.isFinite else {
                throw .mismatch(.init("weights", expected: "finite ones", found: "\(weight)", place: node.place))
            }
            let channel = position / layout.inner % layout.count
            extents[channel] = extents[channel].joined(Extent(low: weight, high: weight))
        }
        return extents
    }

    private static func quantization(
        of extents: [Extent], _ bias: [Float], _ form: Quantizer.Scheme.Weights, axis: Int, input scale: Float
    ) -> ValueQuantization {
        var (extents, offsets) = (extents, bias)
        if !form.isPerChannel {
            extents = [extents.reduce(Extent(low: 0, high: 0)) { $0.joined($1) }]
            offsets = [bias.reduce(0) { max($0, abs($1)) }]
        }
        let pairs = zip(extents, offsets).map { extent, offset in
            form.isSymmetric
                ? (ScaleChoice.weights(largest: max(extent.high, -extent.low), offset: offset, input: scale), Int32(0))
                : ScaleChoice.asymmetricWeights(extent, offset: offset, input: scale)
        }
        return ValueQuantization(
            scales: pairs.map { $0.0 }, zeroPoints: pairs.map { $0.1 }, axis: form.isPerChannel ? axis : nil)
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
