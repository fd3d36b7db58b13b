/// `FULLY_CONNECTED`, `BATCH_MATMUL`.
enum TFLiteProducts {
    static let rules: [String: TFLiteRule] = [
        "FULLY_CONNECTED": fullyConnected,
        "BATCH_MATMUL": matrixProduct,
    ]

    /// Weights are `[out, in]`; the input is cut into rows of `in` whatever its shape, unless dimensions are kept.
    private static func fullyConnected(_ graph: inout TFLiteGraph) throws(ModelError) {
        let options = try graph.options(.fullyConnected)
        guard try options.byte("weights_format", 1) == 0 else {
            throw .unsupported(
                .init(
                    "weights_format", expected: "DEFAULT", found: "shuffled weights",
                    advice: "convert the model without shuffled weights"))
        }
        var x = try graph.real(0, "input")
        let weights = try graph.weights(1, "weights", for: x)
        let rowLength = try graph.shape(weights, rank: 2, "weights")[1]
        let shape = graph.model[x].shape
        let keepsDimensions = try options.flag("keep_num_dims", 2)
        let isMatrix = shape.last == rowLength && (shape.count == 2 || (keepsDimensions && shape.count > 2))
        if !isMatrix {
            let count = graph.model[x].elementCount
            guard rowLength > 0, count % rowLength == 0 else {
                throw .malformed(
                    .init("input", expected: "rows of \(rowLength), as the weights have", found: "\(shape)"))
            }
            x = try graph.compute(Reshape(shape: [count / rowLength, rowLength]), [x], "rows", like: x)
        }
        var operation = MatrixProduct()
        operation.transposesB = true
        operation.activation = try options.activation(0)
        try graph.write(operation, [x, weights, try graph.bias(2)])
    }

    private static func matrixProduct(_ graph: inout TFLiteGraph) throws(ModelError) {
        let options = try graph.options(.matrixProduct)
        let a = try graph.real(0, "first factor")
        let b = try graph.weights(1, "second factor", for: a)
        var operation = MatrixProduct()
        operation.transposesA = try options.flag("adj_x", 0)
        operation.transposesB = try options.flag("adj_y", 1)
        try graph.write(operation, [a, b])
    }
}
