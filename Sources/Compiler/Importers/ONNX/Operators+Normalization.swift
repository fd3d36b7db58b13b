/// Normalizations: each is made of means, differences and products but those that passes know.
enum NormalizationOperators {
    static let table: [String: ONNXOperators.Mapping] = [
        "BatchNormalization": batch, "InstanceNormalization": instance, "LayerNormalization": layer,
        "GroupNormalization": group, "RMSNormalization": rootMeanSquare, "LpNormalization": norm,
        "MeanVarianceNormalization": meanVariance,
    ]

    private static func batch(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        node.ignore("momentum")
        let isTraining = try node.flag("training_mode")
        guard !isTraining, try node.int("spatial", default: 1) == 1 else {
            throw node.unsupported(
                "batch normalization", expected: "inference, one scale a channel", found: "another mode",
                advice: "export the model for inference")
        }
        let x = try node.input(0)
        let rank = node.shape(x).count
        let operation = BatchNormalization(epsilon: try node.float("epsilon", default: 1e-5))
        let last = rank < 2 ? x : try node.transpose(x, NodeImport.channelsLast(rank))
        let y = try node.add(
            operation, last, try node.input(1), try node.input(2), try node.input(3), try node.input(4))
        return [rank < 2 ? y : try node.transpose(y, NodeImport.channelsFirst(rank))]
    }

    /// `(x - mean) / sqrt(variance + epsilon)` over some dimensions, with mean and the inverse deviation.
    private static func standardized(
        _ node: inout NodeImport, _ x: ValueID, axes: [Int], epsilon: Float
    ) throws(ModelError) -> (y: ValueID, mean: ValueID, inverse: ValueID) {
        let mean = try node.add(Reduce(.mean, axes: axes, keepsDimensions: true), x)
        let difference = try node.binary(.subtract, x, mean)
        let square = try node.unary(.square, difference)
        let variance = try node.add(Reduce(.mean, axes: axes, keepsDimensions: true), square)
        let inverse = try node.unary(.reciprocalSqrt, try node.binary(.add, variance, epsilon))
        return (try node.binary(.multiply, difference, inverse), mean, inverse)
    }

    /// One number a channel as `[channels, 1, ...]`, which broadcasts over `[n, channels, ...]`.
    private static func perChannel(
        _ node: inout NodeImport, _ index: Int, rank: Int
    ) throws(ModelError) -> ValueID {
        let id = try node.input(index)
        try node.requireRank(id, in: 1...1, "input \(index)")
        return try node.reshape(id, node.shape(id) + [Int](repeating: 1, count: max(rank - 2, 0)))
    }

    private static func scaled(
        _ node: inout NodeImport, _ y: ValueID, _ scale: ValueID, _ bias: ValueID?
    ) throws(ModelError) -> ValueID {
        let product = try node.binary(.multiply, y, scale)
        return try bias.map { bias throws(ModelError) in try node.binary(.add, product, bias) } ?? product
    }

    private static func instance(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        let x = try node.input(0)
        let rank = node.shape(x).count
        guard rank >= 3 else {
            throw .mismatch(.init("x", expected: "at least 3 dimensions", found: "\(node.shape(x))"))
        }
        let epsilon = try node.float("epsilon", default: 1e-5)
        let y = try standardized(&node, x, axes: Array(2..<rank), epsilon: epsilon).y
        let (scale, bias) = (try perChannel(&node, 1, rank: rank), try perChannel(&node, 2, rank: rank))
        return [try scaled(&node, y, scale, bias)]
    }

    private static func layer(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        node.ignore("stash_type")
        let x = try node.input(0)
        let rank = node.shape(x).count
        let axis = try node.axis(try node.int("axis", default: -1), rank: rank)
        let epsilon = try node.float("epsilon", default: 1e-5)
        let (y, mean, inverse) = try standardized(&node, x, axes: Array(axis..<rank), epsilon: epsilon)
        return [try scaled(&node, y, try node.input(1), node.optional(2)), mean, inverse]
    }

    private static func group(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        node.ignore("stash_type")
        let x = try node.input(0)
        let shape = node.shape(x)
        guard shape.count >= 3, let groups = try node.int("num_groups"), groups >= 1, shape[1] % groups == 0 else {
            throw .mismatch(.init("num_groups", expected: "a divisor of the channels of x", found: "x is \(shape)"))
        }
        let epsilon = try node.float("epsilon", default: 1e-5)
        let size = shape[1] / groups
        let grouped = try node.reshape(x, [shape[0], groups, size] + shape[2...])
        let axes = Array(2...shape.count)
        let y = try standardized(&node, grouped, axes: axes, epsilon: epsilon).y
        let (scale, bias) = (try perChannel(&node, 1, rank: shape.count), try perChannel(&node, 2, rank: shape.count))
        // Before operator set 21 there is one scale a group.
        if node.version < 21, size > 1 {
            let spread = [groups, 1] + [Int](repeating: 1, count: shape.count - 2)
            let (scale, bias) = (try node.reshape(scale, spread), try node.reshape(bias, spread))
            return [try node.reshape(try scaled(&node, y, scale, bias), shape)]
        }
        return [try scaled(&node, try node.reshape(y, shape), scale, bias)]
    }

    private static func rootMeanSquare(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        node.ignore("stash_type")
        let x = try node.input(0)
        let rank = node.shape(x).count
        let axis = try node.axis(try node.int("axis", default: -1), rank: rank)
        let epsilon = try node.float("epsilon", default: 1e-5)
        let square = try node.unary(.square, x)
        let mean = try node.add(Reduce(.mean, axes: Array(axis..<rank), keepsDimensions: true), square)
        let inverse = try node.unary(.reciprocalSqrt, try node.binary(.add, mean, epsilon))
        return [try scaled(&node, try node.binary(.multiply, x, inverse), try node.input(1), nil)]
    }

    private static func norm(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        let x = try node.input(0)
        let axis = try node.axis(try node.int("axis", default: -1), rank: node.shape(x).count)
        switch try node.int("p", default: 2) {
        case 1:
            let sum = try node.add(Reduce(.l1Norm, axes: [axis], keepsDimensions: true), x)
            // Nothing but zeros stays that.
            let divisor = try node.binary(.maximum, sum, Float.leastNormalMagnitude)
            return [try node.binary(.divide, x, divisor)]
        case 2:
            var operation = L2Normalization(axis: axis)
            operation.epsilon = .leastNormalMagnitude
            return [try node.add(operation, x)]
        case let p: throw .malformed(.init("attribute p", expected: "1 or 2", found: "\(p)"))
        }
    }

    private static func meanVariance(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        let x = try node.input(0)
        let rank = node.shape(x).count
        var axes = Set<Int>()
        for axis in try node.ints("axes") ?? [0, 2, 3] { axes.insert(try node.axis(axis, rank: rank)) }
        let mean = try node.add(Reduce(.mean, axes: axes.sorted(), keepsDimensions: true), x)
        let difference = try node.binary(.subtract, x, mean)
        let square = try node.unary(.square, difference)
        let variance = try node.add(Reduce(.mean, axes: axes.sorted(), keepsDimensions: true), square)
        // The bound stands in the standard's own formula.
        let deviation = try node.binary(.add, try node.unary(.sqrt, variance), 1e-9)
        return [try node.binary(.divide, difference, deviation)]
    }
}
