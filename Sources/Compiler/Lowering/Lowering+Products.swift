internal import Graph

extension Convolution: Lowerable {
    func lower(_ node: Node, _ lowering: inout Lowering) throws(ModelError) {
        // One that an addition takes with it is computed there.
        guard !lowering.joined.contains(node.outputs[0]) else { return }
        let output = try lowering.quantization(of: node.outputs[0])
        let clamp = lowering.clamp(activation, output, of: node.outputs[0])
        let name = lowering.model[node.outputs[0]].name
        lowering.set(node.outputs[0], try lowering.convolution(node, self, residual: nil, output, clamp, name: name))
    }
}

extension Lowering {
    /// - Parameters:
    ///   - residual: a value that is added before the sums are rounded.
    ///   - name: of the value that comes out: the sum's where there is one.
    mutating func convolution(
        _ node: Node, _ operation: Convolution, residual: ValueID?, _ output: Graph.Quantization,
        _ clamp: ClosedRange<Int32>, name: String
    ) throws(ModelError) -> TensorID {
        let (strides, dilations, padding) = (operation.strides, operation.dilations, operation.padding)
        let window = Window(
            kernel: try kernel(node), strides: (strides.height, strides.width),
            dilations: (dilations.height, dilations.width),
            padding: (padding.top, padding.left, padding.bottom, padding.right))
        let source = try input(node)
        let weights = try weights(node)
        let other: TensorID? = if let residual { try tensor(residual) } else { nil }
        let (isDepthwise, groups) = (isDepthwise(node, operation), operation.groups)
        return try planned { (builder) throws(PlanError) in
            isDepthwise
                ? try builder.depthwiseConvolution(
                    source, weights.channelsLast(taps: window.taps), window: window, output: output, clamp: clamp,
                    name: name)
                : try builder.convolution(
                    source, weights, window: window, groups: groups, residual: other, output: output, clamp: clamp,
                    name: name)
        }
    }

    func isDepthwise(_ node: Node, _ operation: Convolution) -> Bool {
        let channels = model[node.outputs[0]].shape[3]
        let inputs = node.inputs[0].map { model[$0].shape[3] } ?? 0
        return operation.groups == inputs && channels == inputs && operation.groups > 1
    }
}

/// The input is spread out with its zero point between the pixels; then an ordinary convolution with the kernel turned
/// round gives the same sums.
extension TransposedConvolution: Lowerable {
    func lower(_ node: Node, _ lowering: inout Lowering) throws(ModelError) {
        guard groups == 1 else { throw lowering.unsupported(node, "one group") }
        let kernel = try lowering.kernel(node)
        let reach = ((kernel.height - 1) * dilations.height, (kernel.width - 1) * dilations.width)
        // Padding of the result is less padding of the operand; where it is more than the kernel's reach, rows are cut off.
        let around = (
            reach.0 - padding.top, reach.1 - padding.left, reach.0 - padding.bottom + outputPadding.height,
            reach.1 - padding.right + outputPadding.width
        )
        guard min(around.0, around.1, around.2, around.3) >= 0 else {
            throw lowering.unsupported(node, "padding of at most the kernel's reach, \(reach)")
        }
        let source = try lowering.input(node)
        let output = try lowering.quantization(of: node.outputs[0])
        let clamp = lowering.clamp(activation, output, of: node.outputs[0])
        let weights = try lowering.weights(node).turned(kernel.height, kernel.width)
        let fill = Int8(clamping: lowering.builder.quantization(of: source).zeroPoint)
        let name = lowering.model[node.outputs[0]].name
        let between = [0, strides.height - 1, strides.width - 1, 0]
        let dilations = (height: dilations.height, width: dilations.width)
        let result = try lowering.planned { (builder) throws(PlanError) in
            let spread = try builder.pad(
                source, before: [0, around.0, around.1, 0], after: [0, around.2, around.3, 0], between: between,
                fill: fill)
            return try builder.convolution(
                spread, weights, window: Window(kernel: kernel, dilations: dilations), output: output, clamp: clamp,
                name: name)
        }
        lowering.set(node.outputs[0], result)
    }
}

extension MatrixProduct: Lowerable {
    func lower(_ node: Node, _ lowering: inout Lowering) throws(ModelError) {
        guard !transposesA else { throw lowering.unsupported(node, "a left side that is not transposed") }
        let output = try lowering.quantization(of: node.outputs[0])
        let clamp = lowering.clamp(activation, output, of: node.outputs[0])
        let source = try lowering.input(node)
        let name = lowering.model[node.outputs[0]].name
        let result: TensorID
        if let right = node.inputs[1], lowering.model[right].constant != nil, lowering.model[right].shape.count == 2 {
            var weights = try lowering.weights(node, isTransposed: transposesB)
            weights.channelsFirst(isDone: transposesB)
            result = try lowering.planned { (builder) throws(PlanError) in
                try builder.fullyConnected(source, weights, output: output, clamp: clamp, name: name)
            }
        } else {
            guard node.inputs.count < 3 || node.inputs[2] == nil else {
                throw lowering.unsupported(node, "no bias where both sides are computed")
            }
            let right = try lowering.input(node, 1)
            let isRowMajor = !transposesB
            result = try lowering.planned { (builder) throws(PlanError) in
                try builder.matrixProduct(
                    source, right, isRightRowMajor: isRowMajor, output: output, clamp: clamp, name: name)
            }
        }
        lowering.set(node.outputs[0], result)
    }
}

extension Lowering {
    /// Height and width of a convolution's constant weights `[out, height, width, in]`.
    func kernel(_ node: Node) throws(ModelError) -> (height: Int, width: Int) {
        guard let id = node.inputs[1], model[id].shape.count == 4 else {
            throw unsupported(node, "weights [out, height, width, in]")
        }
        return (model[id].shape[1], model[id].shape[2])
    }

    /// Weights and bias of a node, which must be constants.
    /// - Parameter isTransposed: of a matrix product, whose weights are `[out, in]` then and `[in, out]` else.
    func weights(_ node: Node, isTransposed: Bool = true) throws(ModelError) -> Graph.Weights.Source {
        guard let id = node.inputs[1], case .int8(let elements) = model[id].constant?.elements,
            let quantization = model[id].quantization
        else { throw unsupported(node, "constant int8 weights with a quantization") }
        let axis = isTransposed ? 0 : 1
        guard quantization.axis == nil || quantization.axis == axis else {
            throw unsupported(node, "weight scales along dimension \(axis)")
        }
        let channels = model[id].shape[axis]
        let points = quantization.zeroPoints.map { Int8(clamping: $0) }
        // Weights of uint8 models keep their zero points even where they are 0: some contracts tell the two apart.
        let hasPoints = model[id].isFromUnsigned || points.contains { $0 != 0 }
        return Graph.Weights.Source(
            elements: elements, scales: quantization.scales,
            zeroPoints: !hasPoints ? nil : points.count == 1 ? Array(repeating: points[0], count: channels) : points,
            bias: try bias(node, count: channels))
    }

    private func bias(_ node: Node, count: Int) throws(ModelError) -> [Int32] {
        guard node.inputs.count > 2, let id = node.inputs[2] else { return Array(repeating: 0, count: count) }
        guard case .int32(let elements) = model[id].constant?.elements, elements.count == count else {
            throw unsupported(node, "a constant int32 bias of \(count)")
        }
        return elements
    }
}

extension Graph.Weights.Source {
    /// From `[channels, taps]` to `[taps, channels]`.
    func channelsLast(taps: Int) -> Self {
        var source = self
        let channels = bias.count
        source.elements = (0..<taps * channels).map { elements[$0 % channels * taps + $0 / channels] }
        return source
    }

    /// From `[in, out]` to `[out, in]`, unless that is done.
    mutating func channelsFirst(isDone: Bool) {
        guard !isDone else { return }
        let outputs = bias.count
        let inputs = elements.count / max(outputs, 1)
        elements = (0..<elements.count).map { [elements] in elements[$0 % inputs * outputs + $0 / inputs] }
    }

    /// The kernel's rows and columns in reverse order.
    func turned(_ height: Int, _ width: Int) -> Self {
        var source = self
        let channels = bias.count
        let inputs = elements.count / max(channels * height * width, 1)
        for channel in 0..<channels {
            for tap in 0..<height * width {
                for index in 0..<inputs {
                    let to = (channel * height * width + tap) * inputs + index
                    source.elements[to] =
                        elements[(channel * height * width + height * width - 1 - tap) * inputs + index]
                }
            }
        }
        return source
    }
}
