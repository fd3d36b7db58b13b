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
        guard function == .mean || function == .sum, let first = axes.first, let last = axes.last,
            axes.count == last - first + 1
        else {
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
        let source = try lowering.input(node)
        guard let input = node.inputs[0].map({ lowering.model[$0].shape }) else { return }
        let value = lowering.model[node.outputs[0]]
        let arithmetic: ResizeArithmetic =
            method == .nearest ? .nearest : lowering.contract.bilinear(isUnsigned: value.isFromUnsigned)
        let rows = try axis(arithmetic, size.height, of: input[1], ratio: scaleHeight, node, lowering)
        let columns = try axis(arithmetic, size.width, of: input[2], ratio: scaleWidth, node, lowering)
        let output = try lowering.quantization(of: node.outputs[0])
        let result = try lowering.planned { (builder) throws(PlanError) in
            try builder.resize(source, arithmetic, rows: rows, columns: columns)
        }
        lowering.set(node.outputs[0], try lowering.requantized(result, to: output))
    }

    /// Where each output index lies in the input.
    private func axis(
        _ arithmetic: ResizeArithmetic, _ count: Int, of size: Int, ratio: Float?, _ node: Node, _ lowering: Lowering
    ) throws(ModelError) -> Graph.Resize.Axis {
        let known: ResizeArithmetic.Coordinates
        switch coordinates {
        case .asymmetric: known = .asymmetric
        case .alignCorners: known = .alignCorners
        case .halfPixel: known = .halfPixel
        case .pytorchHalfPixel: known = count == 1 ? .asymmetric : .halfPixel
        case .halfPixelSymmetric: throw lowering.unsupported(node, "coordinates other than \(coordinates.rawValue)")
        }
        guard method == .nearest, coordinates != .asymmetric || rounding != .floor else {
            return arithmetic.axis(count, of: size, known, ratio: ratio)
        }
        let stated = ratio ?? Float(size) / Float(count)
        let picked = (0..<count).map { index in
            let place: Float =
                switch known {
                case .asymmetric: Float(index) * stated
                case .halfPixel: (Float(index) + 0.5) * stated - 0.5
                case .alignCorners: count == 1 ? 0 : Float(index) * (Float(size - 1) / Float(count - 1))
                }
            return Int32(min(max(rounded(place), 0), Float(size - 1)))
        }
        return Graph.Resize.Axis(low: picked, high: picked, fraction: picked.map { _ in 0 })
    }

    private func rounded(_ place: Float) -> Float {
        switch rounding {
        case .floor: place.rounded(.down)
        case .ceil: place.rounded(.up)
        case .halfDown: (place - 0.5).rounded(.up)
        case .halfUp: (place + 0.5).rounded(.down)
        }
    }
}
