/// Dimension `d` of the output is dimension `permutation[d]` of the input.
package struct Transpose: Hashable, Sendable {
    package var permutation: [Int]

    package init(permutation: [Int]) { self.permutation = permutation }
}

extension Transpose: Operation {
    package static let name = "transpose"

    package func outputs(for inputs: [Operand?]) throws(ModelError) -> [Operand] {
        let operands = try Operands(inputs, of: Self.self, names: ["x"])
        let x = try operands(0)
        guard permutation.sorted() == Array(x.shape.indices) else {
            throw operands.attribute(
                "permutation", "each of 0..<\(x.shape.count) once for x \(x.shape)", "\(permutation)")
        }
        return [try operands.result(x.type, permutation.map { x.shape[$0] })]
    }

    package func evaluate(_ inputs: [TensorData?]) throws(ModelError) -> [TensorData] {
        let shape = try results(of: inputs)[0].shape
        let x = try inputs.tensor(0)
        let strides = Shape.strides(x.shape)
        let grid = OffsetGrid(shape: shape, strides: permutation.map { strides[$0] })
        return [TensorData(shape: shape, try x.elements.picked(by: grid))]
    }
}
