/// Matrix products.
enum MatrixOperators {
    static let table: [String: ONNXOperators.Mapping] = [
        "MatMul": { (node) throws(ModelError) in [try product(&node, try node.input(0), try node.input(1))] },
        "Gemm": { (node) throws(ModelError) in
            [try general(&node, try node.input(0), try node.input(1), bias: node.optional(2))]
        },
    ]

    /// As numpy multiplies: a vector is a row on the left, a column on the right.
    static func product(_ node: inout NodeImport, _ a: ValueID, _ b: ValueID) throws(ModelError) -> ValueID {
        let (left, right) = (node.shape(a), node.shape(b))
        guard let depth = left.last, !right.isEmpty else {
            throw .mismatch(.init("operands", expected: "at least 1 dimension", found: "\(left) and \(right)"))
        }
        let row = left.count == 1 ? try node.reshape(a, [1, depth]) : a
        let column = right.count == 1 ? try node.reshape(b, [right[0], 1]) : b
        let y = try node.add(MatrixProduct(), row, column)
        var shape = node.shape(y)
        if right.count == 1 { shape.removeLast() }
        if left.count == 1 { shape.remove(at: shape.count - (right.count == 1 ? 1 : 2)) }
        return try node.reshape(y, shape)
    }

    /// `alpha * a * b + beta * bias`.
    static func general(
        _ node: inout NodeImport, _ a: ValueID, _ b: ValueID, bias: ValueID?
    ) throws(ModelError) -> ValueID {
        try node.requireRank(a, in: 2...2, "a")
        try node.requireRank(b, in: 2...2, "b")
        var operation = MatrixProduct()
        operation.transposesA = try node.flag("transA")
        operation.transposesB = try node.flag("transB")
        let alpha = try node.float("alpha", default: 1)
        let beta = try node.float("beta", default: 1)
        var bias = beta == 0 ? nil : bias
        if let unscaled = bias, beta != 1 { bias = try node.binary(.multiply, unscaled, beta) }
        if alpha == 1 { return try node.add(operation, a, b, bias) }
        let y = try node.binary(.multiply, try node.add(operation, a, b), alpha)
        return try bias.map { bias throws(ModelError) in try node.binary(.add, y, bias) } ?? y
    }
}
