/// `x < 0 ? slope * x : x`, the slope an operand.
///
/// - Shapes: slope broadcasts to x as numpy does.
package struct PRelu: Hashable, Sendable {
    package init() {}
}

extension PRelu: Operation {
    package static let name = "prelu"

    package func outputs(for inputs: [Operand?]) throws(ModelError) -> [Operand] {
        let operands = try Operands(inputs, of: Self.self, names: ["x", "slope"])
        try operands.require(0, isOneOf: [.float32])
        try operands.require(1, isOneOf: [.float32])
        let x = try operands(0)
        try operands.require(1, broadcastsTo: x.shape)
        return [try operands.result(.float32, x.shape)]
    }

    package func evaluate(_ inputs: [TensorData?]) throws(ModelError) -> [TensorData] {
        let shape = try results(of: inputs)[0].shape
        let slopes = try inputs.tensor(1).broadcast(to: shape).elements.reals
        let y = zip(try inputs.reals(0), slopes).map { x, slope in x < 0 ? slope * x : x }
        return [TensorData(shape: shape, .float32(y))]
    }
}
