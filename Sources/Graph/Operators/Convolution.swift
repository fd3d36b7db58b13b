/// `output[n, y, x, o] = requantize(bias[o] + sum over u, v, c of (weights[o, u, v, c] - zeroPoint[o]) *
/// (input[n, y * stride + u * dilation - top, x * stride + v * dilation - left, c] - inputZeroPoint))`; outside the image
/// the last factor is 0.
///
/// - Shapes: input `[n, height, width, in]`; weights `[out, height, width, in / groups]`; bias `[out]`.
/// - Quantization: one weight scale for all, or one an output channel; rounding as the plan's contract says.
/// - Source: TensorFlow Lite, `reference_integer_ops::ConvPerChannel`, `reference_ops::Conv`.
package struct Convolution: Operator {
    package static let code: UInt32 = 2
    package static let name = "convolution"

    package let wiring: Wiring
    package let window: Window
    package let groups: Int
    /// `[n, height, width, channels]`.
    package let inputShape: [Int]
    package let outputShape: [Int]
    package let inputQuantization: Quantization
    package let outputQuantization: Quantization
    package let weights: Weights
    package let clamp: ClosedRange<Int32>
    package let origin: Origin
    /// The second input, of the output's shape: added to the sums before they are rounded, where the contract does so.
    package let residual: Residual?

    package struct Residual: Hashable, Sendable {
        package var zeroPoint: Int32
        /// Its scale over the output's.
        package var ratio: Float
    }

    /// What this was in the model, which some contracts round another way.
    package enum Origin: UInt32, Hashable, Sendable, CaseIterable {
        case convolution = 0
        /// A transposed convolution, its input spread by a ``Pad``.
        case transposed = 1
        /// A depthwise convolution with several outputs a channel: as many groups as channels.
        case depthwise = 2
    }

    package var inputsOfGroup: Int { inputShape[3] / groups }
    package var multiplyAdds: Int { outputShape.reduce(1, *) * weights.depth }
    package var constantBytes: Int { weights.constantBytes }
    package var summary: String {
        "\(Self.name) \(window.summary)" + (groups == 1 ? "" : ", \(groups) groups")
            + (residual == nil ? "" : " + residual") + clamp.summary
    }
    /// A residual is read where its output is written.
    package var reuse: Reuse { residual == nil ? .none : .inPlace([1]) }

    package init(from decoder: inout OperatorDecoder) throws(PlanError) {
        try decoder.expect(inputs: decoder.wiring.inputs.count == 2 ? 2 : 1, of: Self.name)
        let (input, output) = (try decoder.input(0, of: Self.name), try decoder.output(of: Self.name))
        wiring = decoder.wiring
        residual = try Self.residual(output, decoder)
        inputQuantization = input.quantization
        outputQuantization = output.quantization
        (inputShape, outputShape) = (input.shape, output.shape)
        window = try Window(from: &decoder)
        try window.check(input, output, channels: outputShape.last ?? 0, Self.name, decoder)
        groups = try decoder.integer("groups", in: 1...inputShape[3])
        guard inputShape[3] % groups == 0, outputShape[3] % groups == 0 else {
            throw decoder.malformed(
                "groups of \(Self.name)", expected: "a divisor of \(inputShape[3]) and of \(outputShape[3])",
                found: "\(groups)")
        }
        clamp = try decoder.clamp()
        let origin = try decoder.choice("origin of \(Self.name)", Origin.self)
        self.origin = origin
        let channels = outputShape[3]
        let layout = Self.segments(window, inputs: inputShape[3] / groups, groups: groups)
        weights = try Weights(
            from: &decoder, outputs: outputShape[3] / groups, groups: groups, segments: layout.count,
            segmentLength: layout.length, input: inputQuantization, output: outputQuantization, name: Self.name
        ) {
            switch origin {
            case .convolution: .convolution
            case .transposed: .transposedConvolution(channel: $0, channels: channels)
            case .depthwise: .depthwise(channel: $0, channels: channels)
            }
        }
    }

    private static func residual(_ output: Tensor, _ decoder: OperatorDecoder) throws(PlanError) -> Residual? {
        guard decoder.wiring.inputs.count == 2 else { return nil }
        let other = try decoder.input(1, of: name)
        try decoder.expect(
            other.shape == output.shape, "residual of \(name)", expected: "the output's shape \(output.shape)",
            found: "\(other.shape)")
        guard let ratio = decoder.contract.joinedAddition(other.quantization, output: output.quantization) else {
            throw decoder.malformed(
                "residual of \(name)", expected: "a contract that adds before it rounds, and scales that it can do",
                found: "\(decoder.contract.name), \(other.quantization.scale) to \(output.quantization.scale)")
        }
        return Residual(zeroPoint: other.quantization.zeroPoint, ratio: ratio)
    }

    /// A row of the kernel where its taps lie side by side, else one tap.
    static func segments(_ window: Window, inputs: Int, groups: Int) -> (count: Int, length: Int) {
        let isContiguous = groups == 1 && (window.dilationWidth == 1 || window.kernelWidth == 1)
        return isContiguous
            ? (window.kernelHeight, window.kernelWidth * inputs) : (window.taps, inputs)
    }

    /// Segment and byte of the weight for a tap and an input channel of the group.
    package func place(_ u: Int, _ v: Int, _ channel: Int) -> (segment: Int, index: Int) {
        weights.segments == window.kernelHeight && weights.segmentLength == window.kernelWidth * inputsOfGroup
            ? (u, v * inputsOfGroup + channel) : (u * window.kernelWidth + v, channel)
    }

    package func reference(_ inputs: [TensorValue]) -> [TensorValue] {
        let image = Image(inputs[0].int8s, shape: inputShape)
        let others = inputs.count > 1 ? inputs[1].int8s : []
        var output: [Int8] = []
        output.reserveCapacity(outputShape.reduce(1, *))
        for n in 0..<outputShape[0] {
            for y in 0..<outputShape[1] {
                for x in 0..<outputShape[2] {
                    for channel in 0..<outputShape[3] {
                        output.append(
                            finished(
                                sum(image, n, y, x, channel), channel,
                                residual: others.isEmpty ? nil : others[output.count]))
                    }
                }
            }
        }
        return [.int8(output)]
    }

    /// What becomes of a channel's sum of products with its bias.
    /// - Parameter residual: the second input's element, where there is a second input.
    package func finished(_ sum: Int32, _ channel: Int, residual other: Int8?) -> Int8 {
        let scale = weights.requantization[channel]
        if let residual, let other,
            let joined = scale.joined(sum, with: Float(Int32(other) - residual.zeroPoint) * residual.ratio)
        {
            return Int8(min(max(joined + outputQuantization.zeroPoint, clamp.lowerBound), clamp.upperBound))
        }
        return Int8(scale(sum, zeroPoint: outputQuantization.zeroPoint, range: clamp))
    }

    private func sum(_ image: Image, _ n: Int, _ y: Int, _ x: Int, _ channel: Int) -> Int32 {
        var sum = weights.bias[channel]
        let first = channel / weights.outputs * inputsOfGroup
        for u in 0..<window.kernelHeight {
            for v in 0..<window.kernelWidth {
                let row = y * window.strideHeight + u * window.dilationHeight - window.top
                let column = x * window.strideWidth + v * window.dilationWidth - window.left
                for index in 0..<inputsOfGroup {
                    guard let value = image.at(n, row, column, first + index) else { continue }
                    let place = place(u, v, index)
                    let weight = weights.weight(channel, segment: place.segment, place.index)
                    sum += (weight - weights.zeroPoint(channel)) * (value - inputQuantization.zeroPoint)
                }
            }
        }
        return sum
    }
}

extension PlanBuilder {
    /// Adds a convolution.
    ///
    /// - Shapes: input `[n, height, width, in]`, weights `[out, height, width, in / groups]`, bias `[out]`.
    /// - Parameters:
    ///   - origin: what it stands for, which some contracts tell apart.
    ///   - residual: of the result's shape, added before the sums are rounded; only in contracts that do so.
    /// - Returns: the new tensor `[n, height, width, out]`.
    package mutating func convolution(
        _ input: TensorID, _ weights: Weights.Source, window: Window, groups: Int = 1,
        origin: Convolution.Origin = .convolution,
        residual: TensorID? = nil, output: Quantization, clamp: ClosedRange<Int32> = -128...127, name: String? = nil
    ) throws(PlanError) -> TensorID {
        let outputs = weights.bias.count
        let from = try image(input, Convolution.name)
        guard groups > 0, from[3] % groups == 0, outputs % groups == 0 else {
            throw .malformed(
                .init("groups", expected: "a divisor of \(from[3]) and \(outputs)", found: "\(groups)"))
        }
        try weights.check(channels: outputs, depth: window.taps * (from[3] / groups), Convolution.name)
        let result = try windowed(input, window, channels: outputs, output, name, Convolution.name)
        let layout = Convolution.segments(window, inputs: from[3] / groups, groups: groups)
        append(Convolution.self, [input] + (residual.map { [$0] } ?? []), [result]) { encoder in
            window.encode(to: &encoder)
            encoder.integer(groups)
            encoder.clamp(clamp)
            encoder.choice(origin)
            weights.encode(to: &encoder, groups: groups, segments: layout.count, length: layout.length)
        }
        return result
    }

    func image(_ id: TensorID, _ name: String) throws(PlanError) -> [Int] {
        let shape = try shape(of: id)
        guard shape.count == 4 else {
            throw .malformed(
                .init("input of \(name)", expected: "[n, height, width, channels]", found: "\(shape)"))
        }
        return shape
    }

    /// A new tensor with one pixel for each position of a window over `input`.
    mutating func windowed(
        _ input: TensorID, _ window: Window, channels: Int, _ output: Quantization, _ name: String?, _ operation: String
    ) throws(PlanError) -> TensorID {
        let from = try image(input, operation)
        guard let positions = window.positions(height: from[1], width: from[2]) else {
            throw .malformed(
                .init(
                    "input of \(operation)", expected: "an image not smaller than \(window.summary)", found: "\(from)"))
        }
        return tensor(
            name: name, shape: [from[0], positions.height, positions.width, channels], quantization: output)
    }
}
