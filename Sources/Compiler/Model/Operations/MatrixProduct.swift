/// `y = activation(a * b + bias)` over the last two dimensions; those before broadcast.
///
/// - Shapes: a `[..., m, k]` (`[..., k, m]` when transposed), b `[..., k, n]` (`[..., n, k]` when transposed), bias
///   broadcast to the result or left out. Fully connected is a constant `b [out, in]` that is transposed.
package struct MatrixProduct: Hashable, Sendable {
    package var transposesA = false
    package var transposesB = false
    package var activation = Activation.none

    package init() {}
}

extension MatrixProduct: Operation {
    package static let name = "matrix product"

    package func outputs(for inputs: [Operand?]) throws(ModelError) -> [Operand] {
        let operands = try Operands(inputs, of: Self.self, names: ["a", "b", "bias"], required: 2)
        try operands.require(0, isOneOf: [.float32, .int32])
        try operands.require(1, hasTypeOf: 0)
        try operands.require(2, hasTypeOf: 0)
        let (a, b) = (try operands(0), try operands(1))
        for (index, operand) in [a, b].enumerated() where operand.shape.count < 2 {
            throw operands.fault(index, "shape", "at least 2 dimensions", "\(operand.shape)")
        }
        let (m, k) = Self.sides(a.shape, isTransposed: transposesA)
        let (depth, n) = Self.sides(b.shape, isTransposed: transposesB)
        guard k == depth else {
            throw operands.fault(1, "shape", "\(k) rows to multiply a \(a.shape)", "\(depth) in \(b.shape)")
        }
        guard let batch = Shape.broadcast(a.shape.dropLast(2), b.shape.dropLast(2)) else {
            throw operands.fault(
                1, "shape", "leading dimensions that broadcast with a \(a.shape)", "\(b.shape)")
        }
        let result = try operands.result(a.type, batch + [m, n])
        try operands.require(2, broadcastsTo: result.shape)
        if activation != .none, a.type != .float32 {
            throw operands.attribute("activation", "none on whole numbers", "\(activation)")
        }
        return [result]
    }

    package func evaluate(_ inputs: [TensorData?]) throws(ModelError) -> [TensorData] {
        let shape = try results(of: inputs)[0].shape
        let (a, b) = (try inputs.tensor(0), try inputs.tensor(1))
        let batches = (a: Self.matrices(a.shape, in: shape), b: Self.matrices(b.shape, in: shape))
        let bias = try inputs.optional(2).map { bias throws(ModelError) in try bias.broadcast(to: shape).elements }
        let (m, k) = Self.sides(a.shape, isTransposed: transposesA)
        let sizes = (m: m, n: shape[shape.count - 1], k: k)
        if case .float32(let a) = a.elements, case .float32(let b) = b.elements {
            var result = bias.flatMap(Float.array) ?? [Float](repeating: 0, count: shape.reduce(1, *))
            multiply(a, b, into: &result, sizes: sizes, batches: batches)
            activation.apply(to: &result)
            return [TensorData(shape: shape, .float32(result))]
        }
        guard case .int32(let a) = a.elements, case .int32(let b) = b.elements else { return [] }
        var result = bias.flatMap(Int32.array) ?? [Int32](repeating: 0, count: shape.reduce(1, *))
        multiply(a, b, into: &result, sizes: sizes, batches: batches)
        return [TensorData(shape: shape, .int32(result))]
    }

    /// Rows and columns as they are multiplied.
    private static func sides(_ shape: [Int], isTransposed: Bool) -> (rows: Int, columns: Int) {
        let (first, second) = (shape[shape.count - 2], shape[shape.count - 1])
        return isTransposed ? (second, first) : (first, second)
    }

    /// For each matrix of the result, which of the operand's it takes.
    private static func matrices(_ shape: [Int], in result: [Int]) -> [Int] {
        let batch = Array(shape.dropLast(2))
        let grid = OffsetGrid(broadcasting: batch, to: Array(result.dropLast(2)))
        return grid.pick(from: Array(0..<batch.reduce(1, *)), fill: 0)
    }

    private func multiply<Element: MatrixElement>(
        _ a: [Element], _ b: [Element], into result: inout [Element], sizes: (m: Int, n: Int, k: Int),
        batches: (a: [Int], b: [Int])
    ) {
        let (m, n, k) = sizes
        let rows = transposesA ? MatrixKernel.transposingEach(a, rows: k, columns: m) : a
        let columns = transposesB ? MatrixKernel.transposingEach(b, rows: n, columns: k) : b
        MatrixKernel.multiplyAdd(rows, batches.a, columns, batches.b, into: &result, m: m, n: n, k: k)
    }
}
