internal import Graph

extension Pool: Lowerable {
    func lower(_ node: Node, _ lowering: inout Lowering) throws(ModelError) {
        guard kind == .maximum || !countsPadding || padding == .none else {
            throw lowering.unsupported(node, "an average that leaves padding out")
        }
        let output = try lowering.quantization(of: node.outputs[0])
        let source = try lowering.input(node)
        let window = Window(
            kernel: (kernel.height, kernel.width), strides: (strides.height, strides.width),
            dilations: (dilations.height, dilations.width),
            padding: (padding.top, padding.left, padding.bottom, padding.right))
        let planned: Graph.Pool.Kind = kind == .maximum ? .maximum : .average
        let clamp = lowering.clamp(activation, output, of: node.outputs[0])
        let value = lowering.model[node.outputs[0]]
        let result = try lowering.planned { (builder) throws(PlanError) in
            try builder.pool(
                planned, source, window: window, isUnsigned: value.isFromUnsigned, output: output, clamp: clamp,
                name: value.name)
        }
        lowering.set(node.outputs[0], result)
    }
}

extension Reduce: Lowerable {
    func lower(_ node: Node, _ lowering: inout Lowering) throws(ModelError) {
        let value = lowering.model[node.outputs[0]]
        guard function == .mean || function == .sum, let first = axes.first, let last = axes.last, axes.count == last - first + 1 else {
            throw lowering.unsupported(node, "a mean or a sum along dimensions that lie side by side")
        }
        let output = try lowering.quantization(of: node.outputs[0])
        let source = try lowering.input(node)
        let kind: ReductionOfMany.Kind = function == .mean ? .mean : .sum
        let result = try lowering.planned { (builder) throws(PlanError) in
            try builder.mean(
                source, kind: kind, axes: first..<last + 1, shape: Lowering.shape(of: value),
                isUnsigned: value.isFromUnsigned, output: output, name: value.name)
        }
        lowering.set(node.outputs[0], result)
    }
}

extension Resize: Lowerable {
    func lower(_ node: Node, _ lowering: inout Lowering) throws(ModelError) {
        guard coordinates != .halfPixelSymmetric else {
            throw lowering.unsupported(node, "coordinates other than \(coordinates.rawValue)")
        }
        let source = try lowering.input(node)
        guard let input = node.inputs[0].map({ lowering.model[$0].shape }) else { return }
        let bits = method == .nearest ? 0 : 11
        let rows = axis(size.height, of: input[1], scale: scaleHeight, bits: bits)
        let columns = axis(size.width, of: input[2], scale: scaleWidth, bits: bits)
        let output = try lowering.quantization(of: node.outputs[0])
        let result = try lowering.planned { (builder) throws(PlanError) in
            try builder.resize(source, rows: rows, columns: columns, bits: bits)
        }
        lowering.set(node.outputs[0], try lowering.requantized(result, to: output))
    }

    /// Where each output index lies in the input.
    private func axis(_ count: Int, of size: Int, scale: Float?, bits: Int) -> Graph.Resize.Axis {
        let ratio = scale ?? Float(size) / Float(count)
        var axis = Graph.Resize.Axis(low: [], high: [], fraction: [])
        for index in 0..<count {
            let position = position(index, count, of: size, ratio: ratio)
            let last = Float(size - 1)
            if method == .nearest {
                let rounded: Float
                switch rounding {
                case .floor: rounded = position.rounded(.down)
                case .ceil: rounded = position.rounded(.up)
                case .halfDown: rounded = (position - 0.5).rounded(.up)
                case .halfUp: rounded = (position + 0.5).rounded(.down)
                }
                let picked = Int32(min(max(rounded, 0), last))
                axis.low.append(picked)
                axis.high.append(picked)
                axis.fraction.append(0)
            } else {
                let inside = min(max(position, 0), last)
                let low = inside.rounded(.down)
                axis.low.append(Int32(low))
                axis.high.append(Int32(min(low + 1, last)))
                axis.fraction.append(Int32(((inside - low) * Float(1 << bits)).rounded(.toNearestOrEven)))
            }
        }
        return axis
    }

    private func position(_ index: Int, _ count: Int, of size: Int, ratio: Float) -> Float {
        switch coordinates {
        case .asymmetric: Float(index) * ratio
        case .alignCorners: count == 1 ? 0 : Float(index) * (Float(size - 1) / Float(count - 1))
        case .pytorchHalfPixel where count == 1: 0
        default: Float(index) * ratio + (0.5 * ratio - 0.5)
        }
    }
}
