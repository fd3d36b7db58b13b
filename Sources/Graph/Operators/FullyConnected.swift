/// `output[r, o] = requantize(sum over i of (weights[o, i] - zeroPoint[o]) * (input[r, i] - inputZeroPoint) + bias[o])`.
///
/// - Shapes: input `[..., in]`; weights `[out, in]`; bias `[out]`; output as the input with `out` for `in`.
/// - Quantization: one weight scale for all, or one an output channel; rounding as the plan's contract says.
/// - Source: TensorFlow Lite, `reference_integer_ops::FullyConnected`.
package struct FullyConnected: Operator {
    package static let code: UInt32 = 1
    package static let name = "fully_connected"

    package let wiring: Wiring
    /// Products of everything before the last dimension.
    package let rows: Int
    package let inputQuantization: Quantization
    package let outputQuantization: Quantization
    package let weights: Weights
    package let clamp: ClosedRange<Int32>

    package var inputCount: Int { weights.segmentLength }
    package var outputCount: Int { weights.outputs }
    package var multiplyAdds: Int { rows * inputCount * outputCount }
    package var constantBytes: Int { weights.constantBytes }
    package var summary: String { Self.name + clamp.summary }

    package init(from decoder: inout OperatorDecoder) throws(PlanError) {
        try decoder.expect(inputs: 1, of: Self.name)
        let (input, output) = (try decoder.input(0, of: Self.name), try decoder.output(of: Self.name))
        wiring = decoder.wiring
        inputQuantization = input.quantization
        outputQuantization = output.quantization
        let (from, to) = (input.shape, output.shape)
        guard let depth = from.last, let outputs = to.last, from.dropLast() == to.dropLast() else {
            throw decoder.malformed(
                "shapes of \(Self.name)", expected: "[..., in] and [..., out]", found: "\(from) and \(to)")
        }
        rows = from.dropLast().reduce(1, *)
        clamp = try decoder.clamp()
        weights = try Weights(
            from: &decoder, outputs: outputs, groups: 1, segments: 1, segmentLength: depth, input: inputQuantization,
            output: outputQuantization, name: Self.name
        ) { _ in .fullyConnected }
    }

    package func reference(_ inputs: [TensorValue]) -> [TensorValue] {
        let x = inputs[0].int8s
        var output: [Int8] = []
        for row in 0..<rows {
            for channel in 0..<outputCount {
                var sum = weights.bias[channel]
                for index in 0..<inputCount {
                    let weight = weights.weight(channel, segment: 0, index) - weights.zeroPoint(channel)
                    sum += weight * (Int32(x[row * inputCount + index]) - inputQuantization.zeroPoint)
                }
                output.append(
                    Int8(weights.requantization[channel](sum, zeroPoint: outputQuantization.zeroPoint, range: clamp)))
            }
        }
        return [.int8(output)]
    }
}

extension ClosedRange<Int32> {
    /// For listings: nothing, or the range that an activation leaves.
    var summary: String { self == -128...127 ? "" : " in \(lowerBound)...\(upperBound)" }
}

extension PlanBuilder {
    /// Adds `output = clamp(weights * input + bias)`.
    ///
    /// - Shapes: input `[..., in]`, weights `[out, 1, in]`, bias `[out]`.
    /// - Returns: the new tensor, shaped like the input with `out` for its last dimension.
    package mutating func fullyConnected(
        _ input: TensorID, _ weights: Weights.Source, output: Quantization, clamp: ClosedRange<Int32> = -128...127,
        name: String? = nil
    ) throws(PlanError) -> TensorID {
        let from = try shape(of: input)
        let depth = from.last ?? 0
        let outputs = weights.bias.count
        try weights.check(channels: outputs, depth: depth, FullyConnected.name)
        let result = tensor(name: name, shape: from.dropLast() + [outputs], quantization: output)
        append(FullyConnected.self, [input], [result]) { encoder in
            encoder.clamp(clamp)
            weights.encode(to: &encoder, groups: 1, segments: 1, length: depth)
        }
        return result
    }
}
