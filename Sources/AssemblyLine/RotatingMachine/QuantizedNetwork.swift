internal import Scoring

/// A network in int8: weights with one scale an output channel, activations with one scale and zero point a tensor.
package struct QuantizedNetwork: Codable, Hashable, Sendable {
    package struct Activations: Codable, Hashable, Sendable {
        package var scale: Float
        package var zeroPoint: Int32

        /// The finest scale that reaches both ends and represents 0 exactly.
        init(from low: Float, to high: Float) {
            let low = min(low, 0)
            let high = max(high, 0)
            scale = max((high - low) / 255, 1e-6)
            zeroPoint = Int32(min(max((-128 - low / scale).rounded(.toNearestOrEven), -128), 127))
        }

        /// Even to both sides, so that int8 -127...127 reaches from -limit to limit.
        init(symmetric limit: Float) {
            scale = limit / 127
            zeroPoint = 0
        }
    }

    package struct Layer: Codable, Hashable, Sendable {
        package var outputs: Int
        package var weights: [Int8]
        package var scales: [Float]
        /// In units of input scale times weight scale.
        package var bias: [Int32]
        package var isRectified: Bool
        package var output: Activations
    }

    package var input: Activations
    package var layers: [Layer]

    /// - Parameter calibration: inputs of normal running, from which the range of every activation is taken; what goes
    ///   beyond it later saturates.
    init(_ network: Network, calibration: [[Float]]) {
        input = Activations(symmetric: Standardizer.networkReach)
        layers = []
        var ranges = network.layers.map { _ in (low: Float(0), high: Float(0)) }
        for row in calibration {
            for (index, values) in network.activations(row).enumerated() {
                for value in values {
                    ranges[index].low = min(ranges[index].low, value)
                    ranges[index].high = max(ranges[index].high, value)
                }
            }
        }
        var inputScale = input.scale
        for (layer, range) in zip(network.layers, ranges) {
            let output = Activations(from: range.low, to: range.high)
            layers.append(Self.quantized(layer, inputScale: inputScale, output: output))
            inputScale = output.scale
        }
    }

    private static func quantized(_ layer: Network.Layer, inputScale: Float, output: Activations) -> Layer {
        var result = Layer(
            outputs: layer.outputs, weights: [], scales: [], bias: [], isRectified: layer.isRectified, output: output)
        for row in 0..<layer.outputs {
            let weights = layer.weights[row * layer.inputs..<(row + 1) * layer.inputs]
            let largest = weights.reduce(Float(0)) { max($0, abs($1)) }
            // A row of nothing still needs a scale above zero, and the bias must fit 32 bits with it.
            let scale = max(largest / 127, abs(layer.bias[row]) / inputScale / 1e8, 1e-8)
            result.scales.append(scale)
            for weight in weights {
                result.weights.append(Int8(min(max((weight / scale).rounded(.toNearestOrEven), -127), 127)))
            }
            result.bias.append(Int32((layer.bias[row] / (inputScale * scale)).rounded(.toNearestOrEven)))
        }
        return result
    }
}
