/// `CONV_2D`, `DEPTHWISE_CONV_2D`, `TRANSPOSE_CONV`.
enum TFLiteConvolutions {
    static let rules: [String: TFLiteRule] = [
        "CONV_2D": convolution,
        "DEPTHWISE_CONV_2D": depthwise,
        "TRANSPOSE_CONV": transposed,
    ]

    /// Weights are `[out, height, width, in / groups]` in the file too.
    private static func convolution(_ graph: inout TFLiteGraph) throws(ModelError) {
        let options = try graph.options(.convolution)
        let x = try graph.real(0, "input")
        let weights = try graph.weights(1, "weights", for: x)
        let image = try graph.shape(x, rank: 4, "input")
        let kernel = try graph.shape(weights, rank: 4, "weights")
        var operation = Convolution()
        operation.strides = try options.pair("stride", height: 2, width: 1)
        operation.dilations = try options.pair("dilation", height: 5, width: 4, default: 1)
        operation.activation = try options.activation(3)
        let windows = TFLiteWindows(
            image: Pair(image[1], image[2]), kernel: Pair(kernel[1], kernel[2]), strides: operation.strides,
            dilations: operation.dilations)
        operation.padding = try windows.padding(isSame: options.isPaddedSame(0))
        guard kernel[3] > 0, image[3] % kernel[3] == 0, image[3] > 0 else {
            throw .malformed(
                .init("channels of the weights", expected: "a divisor of \(image[3])", found: "\(kernel[3])"))
        }
        operation.groups = image[3] / kernel[3]
        try graph.write(operation, [x, weights, try graph.bias(2)])
    }

    /// Weights are `[1, height, width, channels * multiplier]` in the file, where output channel `c * multiplier + m`
    /// reads input channel `c`: a convolution of as many groups as channels, its weights turned.
    private static func depthwise(_ graph: inout TFLiteGraph) throws(ModelError) {
        let options = try graph.options(.depthwise)
        let x = try graph.real(0, "input")
        let image = try graph.shape(x, rank: 4, "input")
        let given = try graph.tensor(1, "weights")
        guard given.shape.count == 4, given.shape[0] == 1, image[3] > 0, given.shape[3] % image[3] == 0 else {
            throw .malformed(
                .init(
                    "shape of the weights", expected: "[1, height, width, a multiple of \(image[3])]",
                    found: "\(given.shape)"))
        }
        let weights = try graph.weights(1, "weights", for: x, permutation: [3, 1, 2, 0])
        let kernel = try graph.shape(weights, rank: 4, "weights")
        var operation = Convolution()
        operation.groups = image[3]
        operation.strides = try options.pair("stride", height: 2, width: 1)
        operation.dilations = try options.pair("dilation", height: 6, width: 5, default: 1)
        operation.activation = try options.activation(4)
        let windows = TFLiteWindows(
            image: Pair(image[1], image[2]), kernel: Pair(kernel[1], kernel[2]), strides: operation.strides,
            dilations: operation.dilations)
        operation.padding = try windows.padding(isSame: options.isPaddedSame(0))
        try graph.write(operation, [x, weights, try graph.bias(2)])
    }

    /// The file states the output's size; what the kernel reaches beyond it is cut off, what it does not reach is bias.
    private static func transposed(_ graph: inout TFLiteGraph) throws(ModelError) {
        let options = try graph.options(.transposedConvolution)
        let size = try graph.integers(0, "output shape")
        let x = try graph.real(2, "input")
        let weights = try graph.weights(1, "weights", for: x)
        let image = try graph.shape(x, rank: 4, "input")
        let kernel = try graph.shape(weights, rank: 4, "weights")
        guard size.count == 4, size.allSatisfy({ (1...Shape.maximumExtent).contains($0) }) else {
            throw .malformed(.init("output shape", expected: "4 dimensions above zero", found: "\(size)"))
        }
        var operation = TransposedConvolution()
        operation.strides = try options.pair("stride", height: 2, width: 1)
        operation.activation = try options.activation(3)
        let windows = TFLiteWindows(
            image: Pair(size[1], size[2]), kernel: Pair(kernel[1], kernel[2]), strides: operation.strides,
            dilations: Pair(1, 1))
        let before = try windows.padding(isSame: options.isPaddedSame(0))
        let bottom = (image[1] - 1) * operation.strides.height + kernel[1] - before.top - size[1]
        let right = (image[2] - 1) * operation.strides.width + kernel[2] - before.left - size[2]
        operation.padding = Padding(
            top: before.top, left: before.left, bottom: max(bottom, 0), right: max(right, 0))
        operation.outputPadding = Pair(max(-bottom, 0), max(-right, 0))
        try graph.write(operation, [x, weights, try graph.bias(3)])
    }
}
