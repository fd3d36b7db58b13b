/// A small network of fully connected layers.
package struct Network: Codable, Hashable, Sendable {
    package struct Layer: Codable, Hashable, Sendable {
        package var inputs: Int
        package var outputs: Int
        /// [outputs, inputs], row-major.
        package var weights: [Float]
        package var bias: [Float]
        /// Negative sums become zero.
        package var isRectified: Bool
    }

    package var layers: [Layer]

    /// Weights drawn from normal numbers with the deviation that keeps a layer's spread; biases zero.
    ///
    /// - Source: He, Zhang, Ren and Sun, Delving deep into rectifiers, ICCV 2015.
    init(sizes: [Int], rectified: [Bool], random: inout RandomSource) {
        layers = []
        for index in 0..<sizes.count - 1 {
            let scale = (2 / Double(sizes[index])).squareRoot() * (index == sizes.count - 2 ? 0.3 : 1)
            layers.append(
                Layer(
                    inputs: sizes[index], outputs: sizes[index + 1],
                    weights: (0..<sizes[index] * sizes[index + 1]).map { _ in Float(scale * random.normal()) },
                    bias: [Float](repeating: 0, count: sizes[index + 1]), isRectified: rectified[index]))
        }
    }

    /// - Shapes: input [first layer's inputs] -> every layer's outcome, the last one the network's.
    package func activations(_ input: [Float]) -> [[Float]] {
        var all: [[Float]] = []
        for layer in layers {
            let from = all.last ?? input
            var to = layer.bias
            layer.forward(from, into: &to)
            all.append(to)
        }
        return all
    }

    package func callAsFunction(_ input: [Float]) -> [Float] { activations(input).last ?? [] }
}

// `while` over buffers: the tests train in debug builds, where iterating over a range and array subscripts cost ten times
// the arithmetic.
extension Network.Layer {
    func forward(_ input: [Float], into output: inout [Float]) {
        precondition(input.count == inputs && output.count == outputs)
        // SAFETY: the buffers stay within the closures; indices are below inputs, outputs and their product.
        weights.withUnsafeBufferPointer { weights in
            input.withUnsafeBufferPointer { input in
                var at = 0
                var row = 0
                while row < outputs {
                    var sum = bias[row]
                    var column = 0
                    while column < inputs {
                        sum += weights[at] * input[column]
                        at += 1
                        column += 1
                    }
                    output[row] = isRectified ? max(sum, 0) : sum
                    row += 1
                }
            }
        }
    }

    /// Adds one sample's slopes to `gradient` and, where wanted, hands the error down.
    func backward(
        input: [Float], output: [Float], error: [Float], gradient: inout Network.Layer, inputError: inout [Float],
        wantsInputError: Bool
    ) {
        precondition(input.count == inputs && error.count == outputs && inputError.count == inputs)
        if wantsInputError { for column in 0..<inputs { inputError[column] = 0 } }
        // SAFETY: as in `forward`; the three buffers are of three different arrays.
        weights.withUnsafeBufferPointer { weights in
            input.withUnsafeBufferPointer { input in
                gradient.weights.withUnsafeMutableBufferPointer { slopes in
                    inputError.withUnsafeMutableBufferPointer { inputError in
                        var row = 0
                        while row < outputs {
                            defer { row += 1 }
                            if isRectified, output[row] <= 0 { continue }
                            let slope = error[row]
                            let start = row * inputs
                            var column = 0
                            while column < inputs {
                                slopes[start + column] += slope * input[column]
                                if wantsInputError { inputError[column] += slope * weights[start + column] }
                                column += 1
                            }
                        }
                    }
                }
            }
        }
        for row in 0..<outputs where !isRectified || output[row] > 0 { gradient.bias[row] += error[row] }
    }
}
