/// ``Convolution`` of each channel by itself: `output[n, y, x, c] = requantize(bias[c] + sum over u, v of
/// (weights[u, v, c] - zeroPoint[c]) * (input[n, y * stride + u * dilation - top, ..., c] - inputZeroPoint))`.
///
/// - Shapes: input `[n, height, width, channels]`; weights `[height, width, channels]`, unpacked; bias `[channels]`.
/// - Quantization: one weight scale for all, or one a channel; rounding as the plan's contract says.
/// - Source: TensorFlow Lite, `reference_integer_ops::DepthwiseConvPerChannel`.
package struct DepthwiseConvolution: Operator {
    package static let code: UInt32 = 3
    package static let name = "depthwise_convolution"

    package let wiring: Wiring
    package let window: Window
    /// `[n, height, width, channels]`.
    package let inputShape: [Int]
    package let outputShape: [Int]
    package let inputQuantization: Quantization
    package let outputQuantization: Quantization
    /// `[height, width, channels]`.
    package let weights: Constant<Int8>
    /// One for all channels, or one each.
    package let scales: Constant<Float>
    /// One a channel, as uint8 models have them; nil in int8 models.
    package let zeroPoints: Constant<Int8>?
    /// One a channel as a vendor's compiler stated it; nil where ratios follow from the scales.
    package let ratios: Constant<Float>?
    package let bias: Constant<Int32>
    package let requantization: [Requantization]
    package let clamp: ClosedRange<Int32>

    package var channels: Int { inputShape[3] }
    package var multiplyAdds: Int { outputShape.reduce(1, *) * window.taps }
    package var constantBytes: Int {
        weights.bytes.count + scales.bytes.count + bias.bytes.count + (zeroPoints?.bytes.count ?? 0)
            + (ratios?.bytes.count ?? 0)
    }
    package var summary: String { "\(Self.name) \(window.summary)" + clamp.summary }

    package init(from decoder: inout OperatorDecoder) throws(PlanError) {
        try decoder.expect(inputs: 1, of: Self.name)
        let (input, output) = (try decoder.input(0, of: Self.name), try decoder.output(of: Self.name))
        wiring = decoder.wiring
        inputQuantization = input.quantization
        outputQuantization = output.quantization
        (inputShape, outputShape) = (input.shape, output.shape)
        window = try Window(from: &decoder)
        try window.check(input, output, channels: inputShape.last ?? 0, Self.name, decoder)
        clamp = try decoder.clamp()
        let channels = inputShape[3]
        let start = decoder.reader.offset
        guard window.taps <= SumLimits.maximumDepth else {
            throw .tooLarge(
                .init(
                    "taps of \(Self.name)", expected: "at most \(SumLimits.maximumDepth)", found: "\(window.taps)",
                    offset: start))
        }
        weights = try decoder.constant("weights of \(Self.name)", count: window.taps * channels, of: Int8.self)
        let scaleCount = try decoder.flag("scales for each channel") ? channels : 1
        scales = try decoder.constant("weight scales of \(Self.name)", count: scaleCount, of: Float.self)
        let extras = try Weights.Extras(from: &decoder, channels: channels, name: Self.name)
        zeroPoints = extras.zeroPoints
        ratios = extras.ratios
        bias = try decoder.constant("bias of \(Self.name)", count: channels, of: Int32.self)
        requantization = try decoder.requantization(
            scales, ratios: ratios, channels: channels, input: inputQuantization, output: outputQuantization,
            isUnsigned: zeroPoints != nil
        ) { .depthwise(channel: $0, channels: channels) }
        let widest = Int64(window.taps) * 255 * 255 * 2
        for channel in 0..<channels where abs(Int64(bias[channel])) + widest > Int64(Int32.max) {
            throw .overflow(
                .init(
                    "bias of channel \(channel)", expected: "within \(Int64(Int32.max) - widest) of 0",
                    found: "\(bias[channel])", offset: start))
        }
    }

    package func reference(_ inputs: [TensorValue]) -> [TensorValue] {
        let image = Image(inputs[0].int8s, shape: inputShape)
        var output: [Int8] = []
        output.reserveCapacity(outputShape.reduce(1, *))
        for n in 0..<outputShape[0] {
            for y in 0..<outputShape[1] {
                for x in 0..<outputShape[2] {
                    for channel in 0..<channels {
                        output.append(
                            Int8(
                                requantization[channel](
                                    sum(image, n, y, x, channel), zeroPoint: outputQuantization.zeroPoint, range: clamp)
                            ))
                    }
                }
            }
        }
        return [.int8(output)]
    }

    private func sum(_ image: Image, _ n: Int, _ y: Int, _ x: Int, _ channel: Int) -> Int32 {
        var sum = bias[channel]
        let weightZeroPoint = zeroPoints.map { Int32($0[channel]) } ?? 0
        for u in 0..<window.kernelHeight {
            for v in 0..<window.kernelWidth {
                let row = y * window.strideHeight + u * window.dilationHeight - window.top
                let column = x * window.strideWidth + v * window.dilationWidth - window.left
                guard let value = image.at(n, row, column, channel) else { continue }
                let weight = Int32(weights[(u * window.kernelWidth + v) * channels + channel])
                sum += (weight - weightZeroPoint) * (value - inputQuantization.zeroPoint)
            }
        }
        return sum
    }
}

extension PlanBuilder {
    /// Adds a depthwise convolution.
    ///
    /// - Shapes: input `[n, height, width, channels]`, weights `[height, width, channels]`, bias `[channels]`.
    /// - Returns: the new tensor `[n, height, width, channels]`.
    package mutating func depthwiseConvolution(
        _ input: TensorID, _ weights: Weights.Source, window: Window, output: Quantization,
        clamp: ClosedRange<Int32> = -128...127, name: String? = nil
    ) throws(PlanError) -> TensorID {
        let channels = try image(input, DepthwiseConvolution.name)[3]
        try weights.check(channels: channels, depth: window.taps, DepthwiseConvolution.name)
        let result = try windowed(input, window, channels: channels, output, name, DepthwiseConvolution.name)
        append(DepthwiseConvolution.self, [input], [result]) { encoder in
            window.encode(to: &encoder)
            encoder.clamp(clamp)
            encoder.constant(weights.elements)
            encoder.flag(weights.scales.count > 1 || channels == 1)
            encoder.constant(weights.scales)
            weights.encodeExtras(to: &encoder)
            encoder.constant(weights.bias)
        }
        return result
    }
}
