/// The constant weights of a node and where in them its channels are.
struct ConstantWeights {
    let id: ValueID
    private let biasID: ValueID?
    private let operation: any Operation

    /// nil for a node that has no constant weights with one slice an output channel.
    init?(_ node: Node, _ editor: ModelEditor) {
        guard node.inputs.count >= 2, let id = node.inputs[1], editor[id].constant != nil else { return nil }
        switch node.operation {
        case is Convolution, is TransposedConvolution: break
        case is MatrixProduct where editor[id].shape.count == 2: break
        default: return nil
        }
        self.id = id
        biasID = node.inputs.count > 2 ? node.inputs[2] : nil
        operation = node.operation
    }

    var activation: Activation {
        switch operation {
        case let operation as Convolution: operation.activation
        case let operation as TransposedConvolution: operation.activation
        case let operation as MatrixProduct: operation.activation
        default: .none
        }
    }

    func with(_ activation: Activation) -> any Operation {
        switch operation {
        case var operation as Convolution:
            operation.activation = activation
            return operation
        case var operation as TransposedConvolution:
            operation.activation = activation
            return operation
        case var operation as MatrixProduct:
            operation.activation = activation
            return operation
        default: return operation
        }
    }

    var isWithoutPadding: Bool {
        switch operation {
        case let operation as Convolution: operation.padding == .none
        case is MatrixProduct: true
        default: false
        }
    }

    /// Which output and input channel each element is of; nil where that is not a plain table.
    func places(_ inChannels: Int, _ outChannels: Int, _ editor: ModelEditor) -> [(output: Int, input: Int)]? {
        let shape = editor[id].shape
        switch operation {
        case let operation as Convolution:
            guard shape.count == 4, shape[0] == outChannels, shape[3] * operation.groups == inChannels else {
                return nil
            }
            let perOutput = shape[1] * shape[2] * shape[3]
            let outputsPerGroup = outChannels / operation.groups
            return (0..<editor[id].elementCount).map { position in
                let output = position / perOutput
                return (output, output / outputsPerGroup * shape[3] + position % shape[3])
            }
        case let operation as MatrixProduct where !operation.transposesA:
            let expected = operation.transposesB ? [outChannels, inChannels] : [inChannels, outChannels]
            guard shape == expected else { return nil }
            return (0..<editor[id].elementCount).map { position in
                let (row, column) = (position / shape[1], position % shape[1])
                return operation.transposesB ? (row, column) : (column, row)
            }
        default: return nil
        }
    }

    /// The bias as real numbers, zeros where there is none; nil if it is no plain constant of one number a channel.
    func bias(_ channels: Int, _ editor: ModelEditor) -> [Float]? {
        guard let biasID else { return Array(repeating: 0, count: channels) }
        guard let reals = editor.plainReals(biasID), reals.count == channels, editor[biasID].shape.last == channels
        else { return nil }
        return reals
    }

    /// Each output channel's weights times a factor; nil for quantized weights.
    func scaled(byOutput factors: [Float], _ editor: ModelEditor) -> TensorData? {
        guard let reals = editor.plainReals(id) else { return nil }
        let shape = editor[id].shape
        let isLast = (operation as? MatrixProduct).map { !$0.transposesB } ?? false
        guard (isLast ? shape[1] : shape[0]) == factors.count else { return nil }
        let inner = isLast ? 1 : shape.dropFirst().reduce(1, *)
        let scaled = reals.enumerated().map { $1 * factors[$0 / max(inner, 1) % factors.count] }
        return TensorData(shape: shape, .float32(scaled))
    }

    /// Each input channel's weights times a factor; nil for quantized weights.
    func scaled(
        byInput factors: [Float], _ inChannels: Int, _ outChannels: Int, _ editor: ModelEditor
    ) -> TensorData? {
        guard let reals = editor.plainReals(id), let places = places(inChannels, outChannels, editor) else {
            return nil
        }
        return TensorData(
            shape: editor[id].shape, .float32(zip(reals, places).map { $0 * factors[$1.input] }))
    }
}
