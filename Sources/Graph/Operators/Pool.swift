/// The largest element, or the average, of each window of an image.
///
/// - Shapes: input `[n, height, width, channels]`, output alike.
/// - Quantization: for a maximum both sides alike; an average by the contract's ``AverageArithmetic``. What lies outside
///   the image does not count.
/// - Source: TensorFlow Lite, `reference_integer_ops::AveragePool`, `MaxPool`.
package struct Pool: Operator {
    package static let code: UInt32 = 4
    package static let name = "pool"

    package enum Kind: UInt32, Hashable, Sendable, CaseIterable { case maximum = 0, average = 1 }

    package let wiring: Wiring
    package let kind: Kind
    /// nil for a maximum.
    package let arithmetic: AverageArithmetic?
    package let window: Window
    package let inputShape: [Int]
    package let outputShape: [Int]
    package let clamp: ClosedRange<Int32>

    package var isFloatInside: Bool {
        if case .float = arithmetic { true } else { false }
    }
    package var summary: String { "\(kind)_\(Self.name) \(window.summary)" + clamp.summary }

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
        let isUnsigned = try decoder.flag("origin in uint8")
        clamp = try decoder.clamp()
        arithmetic =
            kind == .maximum
            ? nil
            : decoder.contract.average(
                AverageOfWindow(
                    input.quantization, output: output.quantization, taps: window.taps, isPadded: window.isPadded,
                    isUnsigned: isUnsigned))
        try decoder.expect(
            kind == .maximum ? input.quantization == output.quantization : arithmetic != nil,
            "quantization of \(Self.name)", expected: "what \(decoder.contract.name) can do from \(input.quantization)",
            found: "\(output.quantization)")
    }

    package func reference(_ inputs: [TensorValue]) -> [TensorValue] {
        let image = Image(inputs[0].int8s, shape: inputShape)
        var output: [Int8] = []
        for n in 0..<outputShape[0] {
            for y in 0..<outputShape[1] {
                for x in 0..<outputShape[2] {
                    for channel in 0..<outputShape[3] {
                        output.append(finished(pixels(image, n, y, x, channel)))
                    }
                }
            }
        }
        return [.int8(output)]
    }

    /// What becomes of the pixels of a window that lie within the image.
    package func finished(_ pixels: [Int32]) -> Int8 {
        let result = arithmetic.map { $0(pixels) } ?? pixels.reduce(-128, max)
        return Int8(min(max(result, clamp.lowerBound), clamp.upperBound))
    }

    private func pixels(_ image: Image, _ n: Int, _ y: Int, _ x: Int, _ channel: Int) -> [Int32] {
        (0..<window.kernelHeight).flatMap { u in
            (0..<window.kernelWidth).compactMap { v in
                image.at(
                    n, y * window.strideHeight + u - window.top, x * window.strideWidth + v - window.left, channel)
            }
        }
    }
}

extension PlanBuilder {
    /// Adds a pool of each channel.
    /// - Parameters:
    ///   - isUnsigned: carried over from uint8, which some contracts tell apart.
    ///   - output: the input's quantization where none is given; others only for averages, and only in some contracts.
    package mutating func pool(
        _ kind: Pool.Kind, _ input: TensorID, window: Window, isUnsigned: Bool = false, output: Quantization? = nil,
        clamp: ClosedRange<Int32> = -128...127, name: String? = nil
    ) throws(PlanError) -> TensorID {
        let channels = try image(input, Pool.name)[3]
        let result = try windowed(
            input, window, channels: channels, output ?? quantization(of: input), name, Pool.name)
        append(Pool.self, [input], [result]) { encoder in
            encoder.choice(kind)
            window.encode(to: &encoder)
            encoder.flag(isUnsigned)
            encoder.clamp(clamp)
        }
        return result
    }
}
