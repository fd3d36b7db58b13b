/// Functions of all elements along some dimensions.
enum TFLiteReductions {
    static let rules: [String: TFLiteRule] = [
        "MEAN": reduce(.mean),
        "SUM": reduce(.sum),
        "REDUCE_MAX": reduce(.maximum),
        "REDUCE_MIN": reduce(.minimum),
        "REDUCE_PROD": reduce(.product),
        "ARG_MAX": argument(isMaximum: true, .argumentMaximum),
        "ARG_MIN": argument(isMaximum: false, .argumentMinimum),
    ]

    private static func reduce(_ function: Reduce.Function) -> TFLiteRule {
        { (graph: inout TFLiteGraph) throws(ModelError) in
            let keepsDimensions = try graph.options(.reducer).flag("keep_dims", 0)
            let x = try graph.numbers(0, "operand")
            var axes: Set<Int> = []
            for axis in try graph.integers(1, "axes") { axes.insert(try graph.axis(axis, of: x)) }
            try graph.write(Reduce(function, axes: axes.sorted(), keepsDimensions: keepsDimensions), [x])
        }
    }

    /// The first of several equal ones.
    private static func argument(isMaximum: Bool, _ options: TFLiteOptions.Kind) -> TFLiteRule {
        { (graph: inout TFLiteGraph) throws(ModelError) in
            _ = try graph.options(options)
            let x = try graph.numbers(0, "operand")
            let axis = try graph.axis(try graph.integer(1, "axis"), of: x)
            var operation = ArgumentReduce(isMaximum: isMaximum, axis: axis, keepsDimensions: false)
            operation.resultType = try graph.output().elementType()
            try graph.write(operation, [x])
        }
    }
}
