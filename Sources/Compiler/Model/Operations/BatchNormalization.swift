/// `(x - mean) / sqrt(variance + epsilon) * scale + bias`, one of each a channel (the last dimension).
///
/// - Shapes: x `[..., channels]`; scale, bias, mean, variance `[channels]`, in this order behind x.
package struct BatchNormalization: Hashable, Sendable {
    package var epsilon: Float

    package init(epsilon: Float) { self.epsilon = epsilon }
}

extension BatchNormalization: Operation {
    package static let name = "batch normalization"

    package func outputs(for inputs: [Operand?]) throws(ModelError) -> [Operand] {
        let names = ["x", "scale", "bias", "mean", "variance"]
        let operands = try Operands(inputs, of: Self.self, names: names)
        let x = try operands(0)
        guard let channels = x.shape.last else { throw operands.fault(0, "shape", "at least 1 dimension", "[]") }
        for index in names.indices {
            try operands.require(index, isOneOf: [.float32])
            if index > 0 { try operands.require(index, shape: [channels]) }
        }
        return [try operands.result(.float32, x.shape)]
    }

    package func evaluate(_ inputs: [TensorData?]) throws(ModelError) -> [TensorData] {
        let shape = try results(of: inputs)[0].shape
        let (x, scale, bias) = (try inputs.reals(0), try inputs.reals(1), try inputs.reals(2))
        let (mean, variance) = (try inputs.reals(3), try inputs.reals(4))
        let factors = scale.indices.map { Double(scale[$0]) / (Double(variance[$0]) + Double(epsilon)).squareRoot() }
        var y = x
        for index in x.indices {
            let channel = index % scale.count
            y[index] = Float((Double(x[index]) - Double(mean[channel])) * factors[channel] + Double(bias[channel]))
        }
        return [TensorData(shape: shape, .float32(y))]
    }
}
