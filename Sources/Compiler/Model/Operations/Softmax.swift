private import Glibc

/// `exp(beta * x) / sum of exp(beta * x)` along a dimension, or its logarithm.
package struct Softmax: Hashable, Sendable {
    /// 0..<rank.
    package var axis: Int
    package var beta: Float = 1
    package var isLogarithm = false

    package init(axis: Int) { self.axis = axis }
}

extension Softmax: Operation {
    package static let name = "softmax"

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
        let (factor, inner) = (Double(beta), layout.inner)
        var y = x
        layout.forEachRun { start in
            let run = (0..<layout.count).map { factor * Double(x[start + $0 * inner]) }
            // The highest taken off first: no exponential overflows, and the ratio stays.
            let highest = run.max() ?? 0
            let sum = run.reduce(0) { $0 + exp($1 - highest) }
            for (index, value) in run.enumerated() {
                let shifted = value - highest
                y[start + index * inner] = Float(isLogarithm ? shifted - log(sum) : exp(shifted) / sum)
            }
        }
        return [TensorData(shape: shape, .float32(y))]
    }
}
