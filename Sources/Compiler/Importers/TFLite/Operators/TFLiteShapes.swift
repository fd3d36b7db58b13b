/// The same elements under another shape, in another order, or repeated.
enum TFLiteShapes {
    static let rules: [String: TFLiteRule] = [
        "RESHAPE": reshape,
        "SQUEEZE": squeeze,
        "EXPAND_DIMS": expand,
        "TRANSPOSE": transpose,
        "TILE": tile,
        "BROADCAST_TO": broadcast,
    ]

    /// The shape is an operand, in old files an option; -1 in one place stands for what is left.
    private static func reshape(_ graph: inout TFLiteGraph) throws(ModelError) {
        let x = try graph.operand(0, "operand")
        let options = try graph.options(.reshape)
        let wanted = graph.hasOperand(1) ? try graph.integers(1, "shape") : try options.integers("new_shape", 0)
        guard var shape = wanted else {
            throw .malformed(.init("shape", expected: "an operand or an option", found: "neither"))
        }
        let known = try Shape.count(shape.filter { $0 != -1 }, of: "the result")
        if let open = shape.firstIndex(of: -1) {
            guard known > 0, graph.model[x].elementCount % known == 0 else {
                throw .malformed(
                    .init("shape", expected: "a divisor of \(graph.model[x].elementCount)", found: "\(shape)"))
            }
            shape[open] = graph.model[x].elementCount / known
        }
        try graph.write(Reshape(shape: shape), [x])
    }

    /// Takes out dimensions of 1: those named, or all.
    private static func squeeze(_ graph: inout TFLiteGraph) throws(ModelError) {
        let x = try graph.operand(0, "operand")
        let shape = graph.model[x].shape
        var axes: Set<Int> = []
        for axis in try graph.options(.squeeze).integers("squeeze_dims", 0) ?? [] {
            axes.insert(try graph.axis(axis, of: x))
        }
        if axes.isEmpty { axes = Set(shape.indices.filter { shape[$0] == 1 }) }
        if let long = axes.first(where: { shape[$0] != 1 }) {
            throw .malformed(.init("dimension \(long) to take out", expected: "1", found: "\(shape[long])"))
        }
        try graph.write(Reshape(shape: Shape.reduced(shape, axes: axes, keepsDimensions: false)), [x])
    }

    private static func expand(_ graph: inout TFLiteGraph) throws(ModelError) {
        let x = try graph.operand(0, "operand")
        let axis = try graph.integer(1, "axis")
        try graph.write(Reshape(shape: try graph.shape(x, expandedAt: axis)), [x])
    }

    private static func transpose(_ graph: inout TFLiteGraph) throws(ModelError) {
        let x = try graph.operand(0, "operand")
        var permutation: [Int] = []
        for axis in try graph.integers(1, "permutation") { permutation.append(try graph.axis(axis, of: x)) }
        try graph.write(Transpose(permutation: permutation), [x])
    }

    private static func tile(_ graph: inout TFLiteGraph) throws(ModelError) {
        let x = try graph.operand(0, "operand")
        try graph.write(Tile(repeats: try graph.integers(1, "repeats")), [x])
    }

    private static func broadcast(_ graph: inout TFLiteGraph) throws(ModelError) {
        let x = try graph.operand(0, "operand")
        try graph.write(Broadcast(shape: try graph.integers(1, "shape")), [x])
    }
}

extension TFLiteGraph {
    /// The shape of a value with a dimension of 1 put in.
    ///
    /// - Parameter axis: where it is afterwards; below zero counts from the end.
    func shape(_ id: ValueID, expandedAt axis: Int) throws(ModelError) -> [Int] {
        var shape = model[id].shape
        let place = axis < 0 ? axis + shape.count + 1 : axis
        guard (0...shape.count).contains(place) else {
            throw .malformed(
                .init("axis", expected: "\(-shape.count - 1)...\(shape.count) for \(shape)", found: "\(axis)"))
        }
        shape.insert(1, at: place)
        return shape
    }
}
