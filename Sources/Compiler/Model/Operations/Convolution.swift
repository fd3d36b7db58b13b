/// `y[n, i, j, o] = activation(bias[o] + sum over u, v, c of w[o, u, v, c] * x[n, i * stride + u * dilation - pad, ..., c])`.
///
/// - Shapes: x `[n, height, width, in]`, w `[out, height, width, in / groups]`, bias `[out]` or left out; one-dimensional
///   networks have height 1. Depthwise is `groups == in`.
package struct Convolution: Hashable, Sendable {
    package var strides = Pair(1, 1)
    package var dilations = Pair(1, 1)
    package var padding = Padding.none
    package var groups = 1
    package var activation = Activation.none

    package init() {}
}

extension Convolution: Operation {
    package static let name = "convolution"

    package func outputs(for inputs: [Operand?]) throws(ModelError) -> [Operand] {
        let operands = try Self.operands(inputs)
        try operands.require(0, isOneOf: [.float32, .int32])
        try operands.requireKernel(groups: groups)
        let (x, weights) = (try operands(0), try operands(1))
        if activation != .none, x.type != .float32 {
            throw operands.attribute("activation", "none on whole numbers", "\(activation)")
        }
        let windows = try windows(operands)
        return [
            try operands.result(x.type, [x.shape[0], windows.rows.count, windows.columns.count, weights.shape[0]])
        ]
    }

    package func evaluate(_ inputs: [TensorData?]) throws(ModelError) -> [TensorData] {
        let shape = try results(of: inputs)[0].shape
        let (x, weights) = (try inputs.tensor(0), try inputs.tensor(1))
        let operands = try Self.operands([x, weights].map { Operand(type: $0.type, shape: $0.shape) })
        let kernel = ConvolutionKernel(
            windows: try windows(operands), image: x.shape, weights: weights.shape, groups: groups)
        let bias = inputs.optional(2)?.elements
        if case .float32(let x) = x.elements, case .float32(let weights) = weights.elements {
            var y = kernel.convolve(x, weights, bias: bias.flatMap(Float.array))
            activation.apply(to: &y)
            return [TensorData(shape: shape, .float32(y))]
        }
        guard case .int32(let x) = x.elements, case .int32(let weights) = weights.elements else { return [] }
        return [TensorData(shape: shape, .int32(kernel.convolve(x, weights, bias: bias.flatMap(Int32.array))))]
    }

    private static func operands(_ inputs: [Operand?]) throws(ModelError) -> Operands {
        try Operands(inputs, of: Self.self, names: ["x", "weights", "bias"], required: 2)
    }

    private func windows(_ operands: Operands) throws(ModelError) -> WindowGrid {
        let (image, kernel) = (try operands(0).shape, try operands(1).shape)
        return try WindowGrid(
            operands, image: Pair(image[1], image[2]), kernel: Pair(kernel[1], kernel[2]), strides: strides,
            dilations: dilations, padding: padding)
    }
}

extension Operands {
    /// Checks weights (operand 1) and bias (operand 2) of a convolution against its image (operand 0).
    func requireKernel(groups: Int) throws(ModelError) {
        try require(0, rank: 4)
        try require(1, rank: 4)
        try require(1, hasTypeOf: 0)
        try require(2, hasTypeOf: 0)
        let (x, weights) = (try self(0).shape, try self(1).shape)
        guard groups >= 1, x[3] % groups == 0, weights[0] % groups == 0 else {
            throw attribute(
                "groups", "a divisor of \(x[3]) channels in and \(weights[0]) channels out", "\(groups)")
        }
        guard weights[3] == x[3] / groups else {
            throw fault(1, "shape", "\(x[3] / groups) channels in, for x \(x) in \(groups) groups", "\(weights)")
        }
        try require(2, shape: [weights[0]])
    }
}
