/// The same elements under another shape. Squeeze, unsqueeze and flatten are this too.
package struct Reshape: Hashable, Sendable {
    /// All known.
    package var shape: [Int]

    package init(shape: [Int]) { self.shape = shape }
}

extension Reshape: Operation {
    package static let name = "reshape"

    package func outputs(for inputs: [Operand?]) throws(ModelError) -> [Operand] {
        let operands = try Operands(inputs, of: Self.self, names: ["x"])
        let x = try operands(0)
        let result = try operands.result(x.type, shape)
        let (count, wanted) = (x.shape.reduce(1, *), shape.reduce(1, *))
        guard count == wanted else {
            throw operands.fault(0, "shape", "\(wanted) elements for \(shape)", "\(count) in \(x.shape)")
        }
        return [result]
    }

    package func evaluate(_ inputs: [TensorData?]) throws(ModelError) -> [TensorData] {
        _ = try results(of: inputs)
        return [TensorData(shape: shape, try inputs.tensor(0).elements)]
    }
}
