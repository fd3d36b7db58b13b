/// What depends on shapes alone, which are known here.
enum TFLiteConstants {
    static let rules: [String: TFLiteRule] = [
        "SHAPE": shape,
        "RANK": rank,
        "FILL": fill,
        "ZEROS_LIKE": zeros,
        "RANGE": range,
    ]

    private static func shape(_ graph: inout TFLiteGraph) throws(ModelError) {
        _ = try graph.options(.shape)
        let shape = graph.model[try graph.operand(0, "operand")].shape
        try write(&graph, shape, shape: [shape.count])
    }

    private static func rank(_ graph: inout TFLiteGraph) throws(ModelError) {
        try write(&graph, [graph.model[try graph.operand(0, "operand")].shape.count], shape: [])
    }

    private static func fill(_ graph: inout TFLiteGraph) throws(ModelError) {
        let shape = try graph.integers(0, "shape")
        try graph.write(Broadcast(shape: shape), [try graph.operand(1, "number")])
    }

    private static func zeros(_ graph: inout TFLiteGraph) throws(ModelError) {
        let x = try graph.unquantized(0, "operand")
        let shape = graph.model[x].shape
        let type = graph.model[x].type
        let zero = Elements.int64([0]).converted(to: type)
        let scalar = try graph.constant("zero", TensorData(shape: [], zero))
        try graph.write(Broadcast(shape: shape), [scalar])
    }

    private static func range(_ graph: inout TFLiteGraph) throws(ModelError) {
        let (start, limit) = (try graph.integer(0, "start"), try graph.integer(1, "limit"))
        let step = try graph.integer(2, "step")
        guard step != 0, (limit - start).signum() == step.signum() else {
            throw .malformed(
                .init("range", expected: "at least 1 number", found: "from \(start) to \(limit) by \(step)"))
        }
        let count = (abs(limit - start) + abs(step) - 1) / abs(step)
        try graph.file.buffer.spend(8 * count, on: "range of \(graph.current.place)")
        try write(&graph, (0..<count).map { start + $0 * step }, shape: [count])
    }

    private static func write(_ graph: inout TFLiteGraph, _ numbers: [Int], shape: [Int]) throws(ModelError) {
        let elements = Elements.int64(numbers.map(Int64.init)).converted(to: try graph.output().elementType())
        try graph.write(TensorData(shape: shape, elements))
    }
}
