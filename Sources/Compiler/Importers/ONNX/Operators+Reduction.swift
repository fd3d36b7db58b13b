/// What makes one number of many, or relates many to each other.
enum ReductionOperators {
    static let table: [String: ONNXOperators.Mapping] = [
        "ReduceMean": reduce(.mean), "ReduceSum": reduce(.sum, axesAreInputSince: 13), "ReduceMax": reduce(.maximum),
        "ReduceMin": reduce(.minimum), "ReduceProd": reduce(.product), "ReduceL1": reduce(.l1Norm),
        "ReduceL2": reduce(.l2Norm), "ReduceLogSum": reduce(.logSum),
        "ReduceLogSumExp": reduce(.logSumOfExponentials), "ReduceSumSquare": reduce(.sumOfSquares),
        "ArgMax": { (node) throws(ModelError) in [try argument(&node, isMaximum: true)] },
        "ArgMin": { (node) throws(ModelError) in [try argument(&node, isMaximum: false)] },
        "Softmax": { (node) throws(ModelError) in [try softmax(&node, isLogarithm: false)] },
        "LogSoftmax": { (node) throws(ModelError) in [try softmax(&node, isLogarithm: true)] },
        "Hardmax": hardmax, "CumSum": cumulativeSum,
    ]

    private static func reduce(
        _ function: Reduce.Function, axesAreInputSince version: Int = 18
    ) -> ONNXOperators.Mapping {
        { (node) throws(ModelError) in
            let x = try node.input(0)
            let rank = node.shape(x).count
            let stated = node.version >= version ? try node.integers(1, "axes") : try node.ints("axes")
            let keepsDimensions = try node.flag("keepdims", default: true)
            let isNothing = try node.flag("noop_with_empty_axes")
            var axes = Set<Int>()
            for axis in stated ?? [] { axes.insert(try node.axis(axis, rank: rank)) }
            if axes.isEmpty, !isNothing { axes = Set(0..<rank) }
            let operation = Reduce(function, axes: axes.sorted(), keepsDimensions: keepsDimensions)
            return [try node.add(operation, x)]
        }
    }

    private static func argument(_ node: inout NodeImport, isMaximum: Bool) throws(ModelError) -> ValueID {
        let x = try node.input(0)
        let axis = try node.axis(try node.int("axis", default: 0), rank: node.shape(x).count)
        var operation = ArgumentReduce(
            isMaximum: isMaximum, axis: axis, keepsDimensions: try node.flag("keepdims", default: true))
        operation.takesLast = try node.flag("select_last_index")
        return try node.add(operation, x)
    }

    /// Before operator set 13 all dimensions from `axis` on count as one.
    private static func softmax(_ node: inout NodeImport, isLogarithm: Bool) throws(ModelError) -> ValueID {
        try flattening(&node) { (node, x, axis) throws(ModelError) in
            var operation = Softmax(axis: axis)
            operation.isLogarithm = isLogarithm
            return try node.add(operation, x)
        }
    }

    private static func flattening(
        _ node: inout NodeImport, _ body: (inout NodeImport, ValueID, Int) throws(ModelError) -> ValueID
    ) throws(ModelError) -> ValueID {
        let x = try node.input(0)
        let shape = node.shape(x)
        let axis = try node.axis(try node.int("axis", default: node.version < 13 ? 1 : -1), rank: shape.count)
        // Of the last dimension both are the same.
        if node.version >= 13 || axis == shape.count - 1 { return try body(&node, x, axis) }
        let flat = try node.reshape(x, [shape[..<axis].reduce(1, *), shape[axis...].reduce(1, *)])
        return try node.reshape(try body(&node, flat, 1), shape)
    }

    /// 1 for the first of the largest, 0 for the others.
    private static func hardmax(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        let y = try flattening(&node) { (node, x, axis) throws(ModelError) in
            let largest = try node.add(ArgumentReduce(isMaximum: true, axis: axis, keepsDimensions: true), x)
            let count = node.shape(x)[axis]
            guard count <= ModelBuilder.maximumParameters else {
                throw node.unsupported("size of the axis", expected: "at most 1024", found: "\(count)")
            }
            var shape = node.shape(x).map { _ in 1 }
            shape[axis] = count
            let places = try node.constant(TensorData(shape: shape, .int64((0..<count).map(Int64.init))))
            return try node.cast(try node.binary(.equal, places, largest), to: .float32)
        }
        return [y]
    }

    private static func cumulativeSum(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        let x = try node.input(0)
        guard let axis = try node.requiredIntegers(1, "axis").first else {
            throw .mismatch(.init("axis", expected: "one number", found: "none"))
        }
        var operation = CumulativeSum(axis: try node.axis(axis, rank: node.shape(x).count))
        operation.isExclusive = try node.flag("exclusive")
        operation.isReversed = try node.flag("reverse")
        return [try node.add(operation, x)]
    }
}
