/// Several tensors made one.
enum TFLiteJoins {
    static let rules: [String: TFLiteRule] = [
        "CONCATENATION": concatenate,
        "PACK": pack,
    ]

    private static func concatenate(_ graph: inout TFLiteGraph) throws(ModelError) {
        let options = try graph.options(.concatenation)
        try graph.requireNoActivation(try options.activation(1))
        var parts: [ValueID] = []
        for index in 0..<graph.operandCount { parts.append(try graph.operand(index, "operand \(index)")) }
        guard let first = parts.first else { throw .malformed(.init("operands", expected: "at least 1", found: "0")) }
        try graph.write(Concatenate(axis: try graph.axis(try options.int("axis", 0), of: first)), parts)
    }

    /// Operands along a new dimension.
    private static func pack(_ graph: inout TFLiteGraph) throws(ModelError) {
        let options = try graph.options(.pack)
        let axis = try options.int("axis", 1)
        guard try options.int("values_count", 0) == graph.operandCount, graph.operandCount > 0 else {
            throw .malformed(
                .init("operands", expected: "\(try options.int("values_count", 0))", found: "\(graph.operandCount)"))
        }
        let first = try graph.operand(0, "operand 0")
        let shape = try graph.shape(first, expandedAt: axis)
        var parts: [ValueID] = []
        for index in 0..<graph.operandCount {
            let part = try graph.operand(index, "operand \(index)")
            parts.append(try graph.compute(Reshape(shape: shape), [part], "reshape_\(index)", like: part))
        }
        try graph.write(Concatenate(axis: axis < 0 ? axis + shape.count : axis), parts)
    }
}
