/// The largest element, or the average, of each window of an image.
///
/// - Shapes: input `[n, height, width, channels]`, output alike.
/// - Quantization: both sides alike. What lies outside the image does not count. An average is the sum of the stored
///   numbers divided by how many they are, rounded half away from zero.
/// - Source: TensorFlow Lite, `reference_integer_ops::AveragePool`, `MaxPool`.
package struct Pool: Operator {
    package static let code: UInt32 = 4
    package static let name = "pool"

    package enum Kind: UInt32, Hashable, Sendable, CaseIterable { case maximum = 0, average = 1 }

    package let wiring: Wiring
    package let kind: Kind
    package let window: Window
    package let inputShape: [Int]
    package let outputShape: [Int]
    package let clamp: ClosedRange<Int32>

    package var summary: String { "\(kind)_\(Self.name) \(window.summary), \(inputShape[3]) channels" + clamp.summary }

    package init(from decoder: inout OperatorDecoder) throws(PlanError) {
        try decoder.expect(inputs: 1, of: Self.name)
        let (input, output) = (try decoder.input(0, of: Self.name), try decoder.output(of: Self.name))
        wiring = decoder.wiring
        (inputShape, outputShape) = (input.shape, output.shape)
        kind = try decoder.choice("kind of \(Self.name)", Kind.self)
        window = try Window(from: &decoder)
        try window.check(input, output, channels: inputShape.last ?? 0, Self.name, decoder)
        // So every window has at least one pixel of the image.
        let reach = (
            (window.kernelHeight - 1) * window.dilationHeight, (window.kernelWidth - 1) * window.dilationWidth
        )
        try decoder.expect(
            max(window.top, window.bottom) <= reach.0 && max(window.left, window.right) <= reach.1
                && window.dilationHeight == 1 && window.dilationWidth == 1,
            "padding of \(Self.name)", expected: "less than the kernel, not dilated", found: window.summary)
        try decoder.expect(
            window.taps <= 1 << 20, "window of \(Self.name)", expected: "at most 2^20 taps", found: "\(window.taps)")
        clamp = try decoder.clamp()
        try decoder.expect(
            input.quantization == output.quantization, "quantization of \(Self.name)",
            expected: "\(input.quantization)",
            found: "\(output.quantization)")
    }

    package func reference(_ inputs: [TensorValue]) -> [TensorValue] {
        let image = Image(inputs[0].int8s, shape: inputShape)
        var output: [Int8] = []
        for n in 0..<outputShape[0] {
            for y in 0..<outputShape[1] {
                for x in 0..<outputShape[2] {
                    for channel in 0..<outputShape[3] {
                        let result = reduce(values(image, n, y, x, channel))
                        output.append(Int8(min(max(result, clamp.lowerBound), clamp.upperBound)))
                    }
                }
            }
        }
        return [.int8(output)]
    }

    private func values(_ image: Image, _ n: Int, _ y: Int, _ x: Int, _ channel: Int) -> [Int32] {
        (0..<window.kernelHeight).flatMap { u in
            (0..<window.kernelWidth).compactMap { v in
                image.at(
                    n, y * window.strideHeight + u - window.top, x * window.strideWidth + v - window.left, channel)
            }
        }
    }

    private func reduce(_ values: [Int32]) -> Int32 {
        switch kind {
        case .maximum: return values.reduce(-128, max)
        case .average:
            let sum = values.reduce(0, +)
            let count = Int32(values.count)
            // Division of integers goes towards zero.
            return (sum + (sum > 0 ? count / 2 : -(count / 2))) / count
        }
    }
}

extension PlanBuilder {
    /// Adds a pool of each channel. The result has the input's quantization.
    package mutating func pool(
        _ kind: Pool.Kind, _ input: TensorID, window: Window, clamp: ClosedRange<Int32> = -128...127,
        name: String? = nil
    ) throws(PlanError) -> TensorID {
        let channels = try image(input, Pool.name)[3]
        let result = try windowed(
            input, window, channels: channels, quantization(of: input), name, Pool.name)
        append(Pool.self, [input], [result]) { encoder in
            encoder.choice(kind)
            window.encode(to: &encoder)
            encoder.clamp(clamp)
        }
        return result
    }
}
