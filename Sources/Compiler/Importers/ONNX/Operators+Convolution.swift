/// Convolutions, in one and two dimensions.
enum ConvolutionOperators {
    static let table: [String: ONNXOperators.Mapping] = [
        "Conv": { (node) throws(ModelError) in
            let (x, weights) = (try node.input(0), try node.input(1))
            return [try convolution(&node, x, try relaid(&node, weights), bias: node.optional(2))]
        },
        "ConvTranspose": transposedConvolution,
    ]

    static let advice = "only convolutions over a length or over height and width are computed"

    /// Weights `[out, in / groups, (height,) width]` as the model has them; a constant is moved now.
    static func relaid(_ node: inout NodeImport, _ weights: ValueID) throws(ModelError) -> ValueID {
        try node.requireRank(weights, in: 3...4, "weights", advice: advice)
        return try node.image(weights)
    }

    /// - Parameter weights: in the model's order.
    /// - Returns: the result in the file's order.
    static func convolution(
        _ node: inout NodeImport, _ x: ValueID, _ weights: ValueID, bias: ValueID?
    ) throws(ModelError) -> ValueID {
        try node.requireRank(x, in: 3...4, "x", advice: advice)
        let rank = node.shape(x).count
        let window = try self.window(&node, image: Array(node.shape(x)[2...]), weights: weights)
        var operation = Convolution()
        operation.strides = window.stridePair
        operation.dilations = window.dilationPair
        operation.padding = window.padding
        operation.groups = try node.int("group", default: 1)
        let y = try node.add(operation, try node.image(x), weights, bias)
        return try node.fromImage(y, rank: rank)
    }

    private static func window(
        _ node: inout NodeImport, image: [Int], weights: ValueID
    ) throws(ModelError) -> SpatialWindow {
        let kernel = Array(node.shape(weights)[1...2].suffix(image.count))
        if let stated = try node.ints("kernel_shape"), !stated.isEmpty, stated != kernel {
            throw .mismatch(
                .init("kernel_shape", expected: "\(kernel) as the weights have", found: "\(stated.prefix(16))"))
        }
        return try SpatialWindow(&node, image: image, kernel: kernel)
    }

    private static func transposedConvolution(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        let x = try node.input(0)
        try node.requireRank(x, in: 3...4, "x", advice: advice)
        let groups = try node.int("group", default: 1)
        let weights = try relaid(&node, try node.input(1), x: x, groups: groups)
        let image = Array(node.shape(x)[2...])
        let window = try self.window(&node, image: image, weights: weights)
        var operation = TransposedConvolution()
        operation.strides = window.stridePair
        operation.dilations = window.dilationPair
        operation.groups = groups
        try pad(&operation, &node, window, image: image)
        let y = try node.add(operation, try node.image(x), weights, node.optional(2))
        return [try node.fromImage(y, rank: image.count + 2)]
    }

    /// Weights `[in, out / groups, (height,) width]` as `[out, height, width, in / groups]`.
    private static func relaid(
        _ node: inout NodeImport, _ weights: ValueID, x: ValueID, groups: Int
    ) throws(ModelError) -> ValueID {
        let shape = node.shape(weights)
        guard shape.count == node.shape(x).count, groups >= 1, shape[0] % groups == 0 else {
            throw .mismatch(
                .init(
                    "weights", expected: "\(node.shape(x).count) dimensions, the first a multiple of group \(groups)",
                    found: "\(shape)"))
        }
        let kernel = shape.count == 3 ? [1, shape[2]] : Array(shape[2...])
        let grouped = try node.reshape(weights, [groups, shape[0] / groups, shape[1]] + kernel)
        let moved = try node.transpose(grouped, [0, 2, 3, 4, 1])
        return try node.reshape(moved, [groups * shape[1]] + kernel + [shape[0] / groups])
    }

    /// `pads` or what `output_shape` and `auto_pad` make of them.
    private static func pad(
        _ operation: inout TransposedConvolution, _ node: inout NodeImport, _ window: SpatialWindow, image: [Int]
    ) throws(ModelError) {
        var window = window
        let range = 0...Shape.maximumExtent
        var added = try SpatialWindow.numbers(
            try node.ints("output_padding"), "output_padding", image.count, of: 0, in: range)
        let mode = try node.string("auto_pad", default: "NOTSET")
        let stated = try node.ints("output_shape") ?? []
        if !stated.isEmpty || mode.hasPrefix("SAME") {
            let alike = image.indices.map { image[$0] * window.strides[$0] }
            // Some exporters state the batch and the channels too.
            let wanted = stated.isEmpty ? alike : Array(stated.suffix(image.count))
            _ = try SpatialWindow.numbers(wanted, "output_shape", image.count, of: 1, in: range)
            for dimension in image.indices {
                let whole =
                    window.strides[dimension] * (image[dimension] - 1) + window.extent(dimension) + added[dimension]
                let total = whole - wanted[dimension]
                // What is missing is added like output padding.
                if total < 0 { added[dimension] -= total }
                let (half, rest) = (max(total, 0) / 2, max(total, 0) - max(total, 0) / 2)
                (window.before[dimension], window.after[dimension]) = mode == "SAME_UPPER" ? (half, rest) : (rest, half)
            }
        }
        operation.padding = window.padding
        operation.outputPadding = added.count == 1 ? Pair(0, added[0]) : Pair(added[0], added[1])
    }
}
