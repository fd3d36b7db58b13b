/// `x / sqrt(max(sum of x^2, epsilon))` along a dimension.
package struct L2Normalization: Hashable, Sendable {
    /// 0..<rank.
    package var axis: Int
    package var epsilon: Float = 1e-6

    package init(axis: Int) { self.axis = axis }
}

extension L2Normalization: Operation {
    package static let name = "L2 normalization"

    package func outputs(for inputs: [Operand?]) throws(ModelError) -> [Operand] {
        let operands = try Operands(inputs, of: Self.self, names: ["x"])
        try operands.require(0, isOneOf: [.float32])
        try operands.require(axis: axis, of: 0)
        return [try operands.result(.float32, try operands(0).shape)]
    }

    package func evaluate(_ inputs: [TensorData?]) throws(ModelError) -> [TensorData] {
        let shape = try results(of: inputs)[0].shape
        let x = try inputs.reals(0)
        let layout = AxisLayout(shape, axis: axis)
        var y = x
        layout.forEachRun { start in
            let run = (0..<layout.count).map { start + $0 * layout.inner }
            let sum = run.reduce(0) { $0 + Double(x[$1]) * Double(x[$1]) }
            let norm = max(sum, Double(epsilon)).squareRoot()
            for index in run { y[index] = Float(Double(x[index]) / norm) }
        }
        return [TensorData(shape: shape, .float32(y))]
    }
}
