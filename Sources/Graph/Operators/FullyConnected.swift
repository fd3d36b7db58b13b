/// `output[o] = requantize(sum over i of weights[o, i] * (input[i] - inputZeroPoint) + bias[o])`.
///
/// - Shapes: input `[..., in]` with everything before `in` equal to 1; weights `[out, in]`; bias `[out]`; output as the
///   input with `out` for `in`.
/// - Quantization: weights are symmetric (zero point 0), one scale an output channel; the bias has the scale
///   `input * weight`; rounding as the plan's contract says.
/// - Source: TensorFlow Lite, `reference_integer_ops::FullyConnectedPerChannel`.
package struct FullyConnected: Operator {
    package static let code: UInt32 = 1
    package static let name = "fully_connected"
    /// With |weight| <= 2^7 and |input| <= 2^7 a sum of 2^16 products stays within 2^30, in whatever order it is added;
    /// with the input shifted to 0...255 it stays within 2^31 - 2^23.
    package static let maximumInputs = 65_536
    package static let maximumOutputs = 65_536

    package let input: TensorID
    package let output: TensorID
    package let inputCount: Int
    package let outputCount: Int
    package let activation: Activation
    /// `[out, in]`, row-major.
    package let weights: Constant<Int8>
    package let bias: Constant<Int32>
    package let inputQuantization: Quantization
    package let outputQuantization: Quantization
    /// One an output channel.
    package let requantization: [Requantization]

    package var inputs: [TensorID] { [input] }
    package var outputs: [TensorID] { [output] }
    package var multiplyAdds: Int { inputCount * outputCount }
    package var summary: String {
        "\(Self.name) \(inputCount) -> \(outputCount)" + (activation == .none ? "" : ", \(activation)")
    }

    package init(from decoder: inout OperatorDecoder) throws(PlanError) {
        let start = decoder.reader.offset
        input = try decoder.tensor("input of \(Self.name)")
        output = try decoder.tensor("output of \(Self.name)")
        inputQuantization = decoder.quantization(of: input)
        outputQuantization = decoder.quantization(of: output)
        let activationCode = try decoder.reader.uint32("activation")
        guard let activation = Activation(rawValue: activationCode) else {
            throw .malformed(.init("activation", expected: "0 or 1", found: "\(activationCode)", offset: start + 8))
        }
        self.activation = activation

        let (from, to) = (decoder.shape(of: input), decoder.shape(of: output))
        inputCount = from.last ?? 0
        outputCount = to.last ?? 0
        guard from.dropLast() == to.dropLast(), from.dropLast().allSatisfy({ $0 == 1 }) else {
            throw .malformed(
                .init(
                    "shapes of \(Self.name)", expected: "[1..., in] and [1..., out]", found: "\(from) and \(to)",
                    offset: start))
        }
        guard inputCount <= Self.maximumInputs, outputCount <= Self.maximumOutputs else {
            throw .tooLarge(
                .init(
                    "\(Self.name)", expected: "at most \(Self.maximumInputs) -> \(Self.maximumOutputs)",
                    found: "\(inputCount) -> \(outputCount)", offset: start))
        }
        weights = try decoder.constant("weights", count: inputCount * outputCount, of: Int8.self)
        let scales = try decoder.constant("weight scales", count: outputCount, of: Float.self)
        bias = try decoder.constant("bias", count: outputCount, of: Int32.self)
        requantization = try Self.requantization(
            scales, inputQuantization.scale, outputQuantization.scale, decoder.contract, at: start)
        try checkSums(at: start)
    }

    private static func requantization(
        _ weights: Constant<Float>, _ input: Float, _ output: Float, _ contract: any Contract.Type, at offset: Int
    ) throws(PlanError) -> [Requantization] {
        var channels: [Requantization] = []
        channels.reserveCapacity(weights.count)
        for channel in 0..<weights.count {
            let scale = weights[channel]
            guard scale.isFinite, scale > 0,
                let made = contract.requantization(input: input, weight: scale, output: output)
            else {
                throw .malformed(
                    .init(
                        "weight scale of channel \(channel)",
                        expected: "a finite number above 0 and a ratio below 2^30",
                        found: "\(input) * \(scale) / \(output)", offset: offset))
            }
            channels.append(made)
        }
        return channels
    }

    /// Refuses weights and bias with which some input would take a sum, or the bias with the zero point folded in,
    /// beyond 32 bits: then all kernels may add in their own order and still agree.
    private func checkSums(at offset: Int) throws(PlanError) {
        let zeroPoint = Int64(inputQuantization.zeroPoint)
        let limits = Int64(Int32.min)...Int64(Int32.max)
        for row in 0..<outputCount {
            // At most 2^7 * 2^16 in magnitude; without branches or traps, so that the compiler uses vectors.
            var sum: Int32 = 0
            var positiveSum: Int32 = 0
            // SAFETY: `weights` was decoded with exactly inputCount * outputCount bytes.
            let bytes = UnsafeRawBufferPointer(
                rebasing: weights.bytes[row * inputCount..<(row + 1) * inputCount])
            for column in 0..<inputCount {
                let weight = Int32(Int8(bitPattern: bytes[column]))
                sum &+= weight
                positiveSum &+= max(weight, 0)
            }
            let positive = Int64(positiveSum)
            let negative = Int64(sum) - positive
            let bias = Int64(bias[row])
            let folded = bias - zeroPoint * Int64(sum)
            let largest = folded + positive * 127 + negative * -128
            let smallest = folded + positive * -128 + negative * 127
            guard limits.contains(folded), limits.contains(largest), limits.contains(smallest) else {
                throw .overflow(
                    .init(
                        "sums of channel \(row)", expected: "within 32 bits", found: "\(smallest)...\(largest)",
                        offset: offset))
            }
        }
    }

    package func reference(_ inputs: [[Int8]]) -> [[Int8]] {
        let zeroPoint = inputQuantization.zeroPoint
        let range = activation.range(of: outputQuantization)
        let output = (0..<outputCount).map { row in
            var sum = bias[row]
            for column in 0..<inputCount {
                sum += Int32(weights[row * inputCount + column]) * (Int32(inputs[0][column]) - zeroPoint)
            }
            return Int8(requantization[row](sum, zeroPoint: outputQuantization.zeroPoint, range: range))
        }
        return [output]
    }
}

extension PlanBuilder {
    /// Adds `output = activation(weights * input + bias)`.
    ///
    /// - Shapes: input `[..., in]`, weights `[out, in]` row-major, `weightScales` and `bias` `[out]`.
    /// - Quantization: weights symmetric; bias in units of `input scale * weight scale`.
    /// - Returns: the new tensor, shaped like the input with `outputs` for its last dimension.
    /// - Throws: where the counts do not fit each other. What only the numbers show, ``encode()`` finds.
    package mutating func fullyConnected(
        _ input: TensorID, weights: [Int8], outputs: Int, weightScales: [Float], bias: [Int32], output: Quantization,
        activation: Activation, name: String? = nil
    ) throws(PlanError) -> TensorID {
        let from = try shape(of: input)
        let inputCount = from.last ?? 0
        guard outputs > 0, outputs <= FullyConnected.maximumOutputs, inputCount <= FullyConnected.maximumInputs else {
            throw .tooLarge(
                .init(
                    FullyConnected.name,
                    expected: "at most \(FullyConnected.maximumInputs) -> \(FullyConnected.maximumOutputs), at least 1",
                    found: "\(inputCount) -> \(outputs)"))
        }
        try expect(weights.count, inputCount * outputs, "weights")
        try expect(weightScales.count, outputs, "weight scales")
        try expect(bias.count, outputs, "bias")
        let result = tensor(name: name, shape: from.dropLast() + [outputs], quantization: output)
        var body = ByteWriter()
        body.count(input.index)
        body.count(result.index)
        body.uint32(activation.rawValue)
        for bytes in [
            weights.withUnsafeBytes(Array.init), weightScales.withUnsafeBytes(Array.init),
            bias.withUnsafeBytes(Array.init),
        ] {
            let (offset, length) = constant(bytes)
            body.uint64(UInt64(offset))
            body.uint64(UInt64(length))
        }
        append(code: FullyConnected.code, body: body)
        return result
    }
}
