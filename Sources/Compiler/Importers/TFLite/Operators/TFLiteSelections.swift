/// `SELECT`, `SELECT_V2`.
enum TFLiteSelections {
    static let rules: [String: TFLiteRule] = [
        "SELECT": select,
        "SELECT_V2": selectBroadcast,
    ]

    /// A condition of one dimension picks whole slices of the first dimension.
    private static func select(_ graph: inout TFLiteGraph) throws(ModelError) {
        var condition = try graph.operand(0, "condition")
        let (a, b) = (try graph.operand(1, "first choice"), try graph.operand(2, "second choice"))
        let (count, rank) = (graph.model[condition].elementCount, graph.model[a].shape.count)
        if graph.model[condition].shape.count == 1, rank > 1 {
            let shape = [count] + Array(repeating: 1, count: rank - 1)
            condition = try graph.compute(Reshape(shape: shape), [condition], "condition")
        }
        try graph.write(Select(), [condition, a, b])
    }

    private static func selectBroadcast(_ graph: inout TFLiteGraph) throws(ModelError) {
        try graph.write(
            Select(),
            [
                try graph.operand(0, "condition"), try graph.operand(1, "first choice"),
                try graph.operand(2, "second choice"),
            ])
    }
}
