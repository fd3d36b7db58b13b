/// Pools, in one and two dimensions.
enum PoolingOperators {
    static let table: [String: ONNXOperators.Mapping] = [
        "MaxPool": { (node) throws(ModelError) in
            // Tells in which order the second output counts, which is not computed.
            node.ignore("storage_order")
            return [try pool(&node, .maximum, try node.input(0))]
        },
        "AveragePool": { (node) throws(ModelError) in [try pool(&node, .average, try node.input(0))] },
        "GlobalMaxPool": { (node) throws(ModelError) in [try global(&node, .maximum, try node.input(0))] },
        "GlobalAveragePool": { (node) throws(ModelError) in [try global(&node, .mean, try node.input(0))] },
    ]

    /// One number a channel.
    static func global(
        _ node: inout NodeImport, _ function: Reduce.Function, _ x: ValueID
    ) throws(ModelError) -> ValueID {
        let rank = node.shape(x).count
        guard rank >= 2 else {
            throw .mismatch(.init("x", expected: "at least 2 dimensions", found: "\(node.shape(x))"))
        }
        return try node.add(Reduce(function, axes: Array(2..<rank), keepsDimensions: true), x)
    }

    /// - Parameter isChannelsLast: the file's own image lies as the model's.
    static func pool(
        _ node: inout NodeImport, _ kind: Pool.Kind, _ x: ValueID, isChannelsLast: Bool = false
    ) throws(ModelError) -> ValueID {
        try node.requireRank(
            x, in: 3...4, "x", advice: "only pools over a length or over height and width are computed")
        let rank = node.shape(x).count
        let image = isChannelsLast ? Array(node.shape(x)[1..<(rank - 1)]) : Array(node.shape(x)[2...])
        guard let kernel = try node.ints("kernel_shape"), kernel.count == image.count else {
            throw .malformed(.init("kernel_shape", expected: "\(image.count) numbers", found: "none or other"))
        }
        var window = try SpatialWindow(&node, image: image, kernel: kernel)
        let declared = window
        if try node.flag("ceil_mode") { roundUp(&window, image) }

        var operation = Pool(kind, kernel: window.kernelPair)
        operation.strides = window.stridePair
        operation.dilations = window.dilationPair
        operation.padding = window.padding
        var input = isChannelsLast ? x : try node.image(x)
        if kind == .average, try node.flag("count_include_pad") {
            operation.countsPadding = true
            // What rounding up adds is not counted, what the file pads is: that is zeros of the image then.
            if zip(window.after, declared.after).contains(where: >) {
                var zeros = window
                for dimension in image.indices {
                    zeros.after[dimension] = min(window.after[dimension], declared.after[dimension])
                    window.after[dimension] -= zeros.after[dimension]
                    window.before[dimension] = 0
                }
                input = try padded(&node, input, zeros.padding)
                operation.countsPadding = false
                operation.padding = window.padding
            }
        }
        let y = try node.add(operation, input)
        return isChannelsLast ? y : try node.fromImage(y, rank: rank)
    }

    /// Padding behind the image such that the last window, which may begin in the image or before it, fits.
    private static func roundUp(_ window: inout SpatialWindow, _ image: [Int]) {
        for dimension in image.indices {
            let stride = window.strides[dimension]
            let inFront = image[dimension] + window.before[dimension]
            let free = inFront + window.after[dimension] - window.extent(dimension)
            guard free >= 0 else { continue }
            var last = (free + stride - 1) / stride
            if last * stride >= inFront { last -= 1 }
            // Fewer windows than rounding down has are possible too: padding is taken away then.
            window.after[dimension] = max(last * stride + window.extent(dimension) - inFront, 0)
        }
    }

    private static func padded(
        _ node: inout NodeImport, _ image: ValueID, _ padding: Padding
    ) throws(ModelError) -> ValueID {
        try node.add(
            Pad(
                before: [0, padding.top, padding.left, 0], after: [0, padding.bottom, padding.right, 0],
                mode: .constant(0)), image)
    }
}
