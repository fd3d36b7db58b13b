package import Graph
internal import Profiles

/// What an operator of a plan asks of a chip: the numbers that decide how long it takes.
package struct LayerWork: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// A convolution, or a product of vectors and weights as one of 1 x 1.
        case product
        case depthwise
        /// Windows without weights.
        case window
        /// Sums along whole dimensions.
        case reduction
        /// Element by element, or moved.
        case elementwise
    }

    package var kind: Kind
    /// Its names in ONNX, any of which a profile may list.
    package var names: [String]
    /// Output pixels, or vectors.
    package var positions: Int
    package var outputChannels: Int
    /// Of one group.
    package var inputChannels: Int
    package var kernelHeight = 1
    package var kernelWidth = 1
    package var strideHeight = 1
    package var strideWidth = 1
    /// Of the input that one output reads: the window with its dilation.
    package var reachHeight = 1
    package var reachWidth = 1
    package var top = 0
    package var left = 0
    package var groups = 1
    /// To which multiple channels are filled up in DRAM.
    package var inputFill = 1
    package var outputFill = 1
    /// Whether a second operand of the output's shape is added before sums are rounded.
    package var hasResidual = false
    package var multiplyAdds: Int
    /// Of the operands that are computed, and of the results.
    package var inputBytes: Int
    package var outputBytes: Int
    /// int8 weights as the model has them; no biases and scales.
    package var weightBytes: Int
    package var inputShape: [Int]
    package var outputShape: [Int]

    package init(_ node: any Operator, _ plan: Plan) {
        let computed = node.inputs.map { plan.tensors[$0.index] }.filter { $0.constant == nil }
        let results = node.outputs.map { plan.tensors[$0.index] }
        inputBytes = computed.reduce(0) { $0 + $1.byteCount }
        outputBytes = results.reduce(0) { $0 + $1.byteCount }
        inputShape = computed.first?.shape ?? []
        outputShape = results.first?.shape ?? []
        let channels = outputShape.last ?? 1
        positions = max(outputShape.reduce(1, *) / max(channels, 1), 1)
        outputChannels = channels
        inputChannels = inputShape.last ?? 1
        multiplyAdds = node.multiplyAdds
        weightBytes = 0
        (kind, names) = (.elementwise, Self.names(of: node))
        switch node {
        case let convolution as Convolution:
            kind = .product
            groups = convolution.groups
            inputChannels = convolution.inputsOfGroup
            hasResidual = convolution.residual != nil
            set(convolution.window)
            weightBytes = channels * convolution.window.taps * inputChannels
        case let convolution as DepthwiseConvolution:
            kind = .depthwise
            groups = channels
            inputChannels = 1
            set(convolution.window)
            weightBytes = channels * convolution.window.taps
        case let dense as FullyConnected:
            kind = .product
            inputChannels = dense.weights.depth
            weightBytes = channels * dense.weights.depth
        case let product as MatrixProduct:
            kind = .product
            inputChannels = product.multiplyAdds / max(outputShape.reduce(1, *), 1)
        case let pool as Pool:
            kind = .window
            set(pool.window)
        case is Mean: kind = .reduction
        default: break
        }
    }

    /// As above, with channels filled up as the chip keeps them in DRAM, where that is known.
    init(_ node: any Operator, _ plan: Plan, on profile: ChipProfile) {
        self.init(node, plan)
        guard case .convolutionTile(_, let outputs, _, _, _)? = profile.engine, weightBytes > 0 else { return }
        outputFill = kind == .depthwise ? 2 * outputs.value : outputs.value
        // The few channels of a picture stand as they come.
        if inputImageShape[3] > Self.pictureChannels { inputFill = profile.layout?.channelBlock?.value ?? 1 }
    }

    private static let pictureChannels = 4

    private mutating func set(_ window: Window) {
        (kernelHeight, kernelWidth) = (window.kernelHeight, window.kernelWidth)
        (strideHeight, strideWidth) = (window.strideHeight, window.strideWidth)
        reachHeight = (window.kernelHeight - 1) * window.dilationHeight + 1
        reachWidth = (window.kernelWidth - 1) * window.dilationWidth + 1
        (top, left) = (window.top, window.left)
    }

    /// Channels of an input, and of an output, as they lie in DRAM.
    func stored(inputs count: Int) -> Int { EngineCycles.parts(count, inputFill) * inputFill }
    func stored(outputs count: Int) -> Int { EngineCycles.parts(count, outputFill) * outputFill }
    /// Input, output and weights once each, with bias and factors.
    var storedBytes: Int {
        guard isCut else { return inputBytes + outputBytes + weightBytes }
        let (from, to) = (inputImageShape, imageShape)
        return from[0] * from[1] * from[2] * stored(inputs: from[3])
            + to[0] * to[1] * to[2] * stored(outputs: to[3]) * (hasResidual ? 2 : 1)
            + weightBytes + records(of: to[3])
    }
    /// Bytes of bias and factors of so many output channels.
    func records(of channels: Int) -> Int {
        weightBytes > 0 ? LayerEstimate.channelRecordBytes * stored(outputs: channels) : 0
    }

    /// Whether each output channel reads one input channel only.
    package var isByChannel: Bool { kind == .depthwise || kind == .window }
    /// Whether its output can be computed piece by piece.
    package var isCut: Bool {
        switch kind {
        case .product: weightBytes > 0
        case .depthwise, .window: true
        case .reduction, .elementwise: false
        }
    }
    /// `[n, height, width, channels]`; vectors are pixels of one row.
    package var imageShape: [Int] {
        outputShape.count == 4 ? outputShape : [1, 1, positions, outputChannels]
    }
    package var inputImageShape: [Int] {
        inputShape.count == 4 && outputShape.count == 4 ? inputShape : [1, 1, positions, inputChannels]
    }

    private static func names(of node: any Operator) -> [String] {
        switch node {
        case let convolution as Convolution: [convolution.origin == .transposed ? "ConvTranspose" : "Conv"]
        case is DepthwiseConvolution: ["Conv"]
        case is FullyConnected: ["Gemm", "MatMul"]
        case is MatrixProduct: ["MatMul"]
        case let pool as Pool:
            pool.kind == .maximum ? ["MaxPool", "GlobalMaxPool"] : ["AveragePool", "GlobalAveragePool"]
        case let mean as Mean: mean.kind == .mean ? ["ReduceMean", "GlobalAveragePool"] : ["ReduceSum"]
        case let addition as Addition: [addition.subtracts ? "Sub" : "Add"]
        case is Multiplication: ["Mul"]
        case is Softmax: ["Softmax"]
        case is Reshape: ["Reshape", "Flatten", "Squeeze", "Unsqueeze"]
        case is Transpose: ["Transpose"]
        case is Concatenation: ["Concat"]
        case is Pad: ["Pad"]
        case is Slice: ["Slice", "Split"]
        case is Resize: ["Resize"]
        case is ArgumentMaximum: ["ArgMax"]
        case let extremum as Extremum: [extremum.isMaximum ? "Max" : "Min"]
        case is ChannelLookup: ["PRelu"]
        // A function of one element, whichever it was.
        case is Lookup: ["Sigmoid", "Tanh", "HardSwish", "LeakyRelu", "Clip", "Relu", "Elu"]
        default: []
        }
    }
}
