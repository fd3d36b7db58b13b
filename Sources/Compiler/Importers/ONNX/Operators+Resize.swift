/// Images made larger or smaller.
enum ResizeOperators {
    static let table: [String: ONNXOperators.Mapping] = ["Resize": resize, "Upsample": upsample]

    /// How an image's dimensions change.
    private struct Change {
        /// One a dimension of the tensor: input pixels times this; nil where sizes are stated.
        var scales: [Float]?
        var sizes: [Int]
    }

    private static func upsample(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        let x = try node.input(0)
        let scales = node.version < 9 ? try node.floats("scales") ?? [] : try reals(node, 1, "scales") ?? []
        let change = try Self.change(node.shape(x), scales: scales)
        let method = try method(try node.string("mode", default: "nearest"))
        return [try add(&node, x, change, method, .asymmetric, .floor)]
    }

    private static func resize(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        let x = try node.input(0)
        // Cubic weights and cropping alone read these.
        node.ignore("cubic_coeff_a", "exclude_outside", "extrapolation_value")
        let method = try method(try node.string("mode", default: "nearest"))
        if node.version < 11 {
            let scales = try reals(node, 1, "scales") ?? []
            let isSmaller = scales.contains { $0 < 1 }
            if method == .nearest, isSmaller, scales.contains(where: { $0 > 1 }) {
                throw node.unsupported(
                    "scales", expected: "larger ones or smaller ones", found: "both",
                    advice: "export for operator set 11 or later")
            }
            // The operator set leaves it open; ONNX Runtime and the standard's tests round up where an image shrinks.
            let change = try Self.change(node.shape(x), scales: scales)
            return [try add(&node, x, change, method, .asymmetric, isSmaller ? .ceil : .floor)]
        }
        if try node.flag("antialias") {
            throw node.unsupported("antialias", expected: "0", found: "1", advice: "export without antialiasing")
        }
        let change = try stated(&node, node.shape(x))
        let coordinates: Resize.Coordinates
        switch try node.string("coordinate_transformation_mode", default: "half_pixel") {
        case "half_pixel": coordinates = .halfPixel
        case "pytorch_half_pixel": coordinates = .pytorchHalfPixel
        case "align_corners": coordinates = .alignCorners
        case "asymmetric": coordinates = .asymmetric
        case let other:
            throw node.unsupported(
                "coordinate_transformation_mode",
                expected: "half_pixel, pytorch_half_pixel, align_corners or asymmetric",
                found: other)
        }
        let rounding: Resize.Rounding
        switch try node.string("nearest_mode", default: "round_prefer_floor") {
        case "round_prefer_floor": rounding = .halfDown
        case "round_prefer_ceil": rounding = .halfUp
        case "floor": rounding = .floor
        case "ceil": rounding = .ceil
        case let other: throw .malformed(.init("nearest_mode", expected: "floor, ceil or a rounding", found: other))
        }
        return [try add(&node, x, change, method, coordinates, rounding)]
    }

    private static func method(_ mode: String) throws(ModelError) -> Resize.Method {
        switch mode {
        case "nearest": return .nearest
        case "linear", "bilinear": return .bilinear
        default:
            throw .unsupported(
                .init("mode", expected: "nearest or linear", found: mode, advice: "export with mode linear"))
        }
    }

    private static func reals(_ node: NodeImport, _ index: Int, _ what: String) throws(ModelError) -> [Float]? {
        guard let data = try node.known(index, what), data.elements.count > 0 else { return nil }
        return data.elements.reals
    }

    /// What `scales` or `sizes`, for all dimensions or for `axes`, make of a shape.
    private static func stated(_ node: inout NodeImport, _ shape: [Int]) throws(ModelError) -> Change {
        var axes = Array(shape.indices)
        if let listed = try node.ints("axes") {
            axes = []
            for axis in listed { axes.append(try node.axis(axis, rank: shape.count)) }
        }
        let policy = try node.string("keep_aspect_ratio_policy", default: "stretch")
        if let scales = try reals(node, 2, "scales") {
            var all = shape.map { _ in Float(1) }
            guard scales.count == axes.count else { throw wrongCount("scales", axes.count, scales.count) }
            for (axis, scale) in zip(axes, scales) { all[axis] = scale }
            return try change(shape, scales: all)
        }
        let stated = try node.requiredIntegers(3, "sizes")
        guard stated.count == axes.count else { throw wrongCount("sizes", axes.count, stated.count) }
        var sizes = shape
        for (axis, size) in zip(axes, stated) { sizes[axis] = size }
        guard policy != "stretch" else { return Change(scales: nil, sizes: sizes) }
        // One scale for all, such that no side is larger or none is smaller than asked for.
        let ratios = axes.map { Float(sizes[$0]) / Float(max(shape[$0], 1)) }
        guard let scale = policy == "not_larger" ? ratios.min() : ratios.max() else {
            return Change(scales: nil, sizes: sizes)
        }
        var scales = shape.map { _ in Float(1) }
        for axis in axes {
            sizes[axis] = Int(min(Float(shape[axis]) * scale, Float(Shape.maximumExtent)).rounded())
            scales[axis] = scale
        }
        return Change(scales: scales, sizes: sizes)
    }

    private static func wrongCount(_ what: String, _ expected: Int, _ found: Int) -> ModelError {
        .mismatch(.init(what, expected: "\(expected)", found: "\(found)"))
    }

    private static func change(_ shape: [Int], scales: [Float]) throws(ModelError) -> Change {
        guard scales.count == shape.count else { throw wrongCount("scales", shape.count, scales.count) }
        var sizes: [Int] = []
        for (extent, scale) in zip(shape, scales) {
            let size = Float(extent) * scale
            guard scale > 0, size < Float(Shape.maximumExtent) else {
                throw .mismatch(.init("scales", expected: "numbers above 0 for \(shape)", found: "\(scales)"))
            }
            sizes.append(Int(size))
        }
        return Change(scales: scales, sizes: sizes)
    }

    private static func add(
        _ node: inout NodeImport, _ x: ValueID, _ change: Change, _ method: Resize.Method,
        _ coordinates: Resize.Coordinates, _ rounding: Resize.Rounding
    ) throws(ModelError) -> ValueID {
        let shape = node.shape(x)
        if change.sizes == shape, change.scales?.allSatisfy({ $0 == 1 }) ?? true { return x }
        // The two dimensions that change, whichever they are; a missing one is of size 1.
        let changing = shape.indices.filter { change.sizes[$0] != shape[$0] || (change.scales?[$0] ?? 1) != 1 }
        guard (1...2).contains(changing.count) else {
            throw node.unsupported(
                "resize", expected: "one or two dimensions that change", found: "\(shape) to \(change.sizes)")
        }
        let (first, last) = (changing.count == 2 ? changing[0] : nil, changing[changing.count - 1])
        let others = shape.indices.filter { !changing.contains($0) }
        // An image: what lies before the changing dimensions is its number, what lies behind its channels.
        let behind = others.filter { $0 > last }
        let front = others.filter { $0 < last }
        let order = behind.isEmpty ? front.prefix(1) + changing + front.dropFirst() : front + changing + behind
        let number = (behind.isEmpty ? Array(front.prefix(1)) : front).reduce(1) { $0 * shape[$1] }
        let channels = (behind.isEmpty ? Array(front.dropFirst()) : behind).reduce(1) { $0 * shape[$1] }
        let moved = try node.transpose(x, Array(order))
        let image = try node.reshape(moved, [number, first.map { shape[$0] } ?? 1, shape[last], channels])

        var operation = Resize(
            method, size: Pair(first.map { change.sizes[$0] } ?? 1, change.sizes[last]), coordinates: coordinates)
        operation.rounding = rounding
        if let scales = change.scales {
            operation.scaleHeight = 1 / (first.map { scales[$0] } ?? 1)
            operation.scaleWidth = 1 / scales[last]
        }
        let y = try node.add(operation, image)
        let spread = try node.reshape(y, order.map { change.sizes[$0] })
        return try node.transpose(spread, order.indices.map { dimension in order.firstIndex(of: dimension) ?? 0 })
    }
}
