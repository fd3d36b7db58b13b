internal import Graph
internal import Kernels

extension DepthwiseConvolution: Runnable {
    func step(_ context: StepContext) -> Step? { DepthwiseStep(self, context) }
}

/// A convolution of each channel by itself, shared among threads by rows of the output.
final class DepthwiseStep: Step {
    private let product: PreparedDepthwise
    private let images: Int
    private let input: Int
    private let output: Int

    init(_ node: DepthwiseConvolution, _ context: StepContext) {
        images = node.inputShape[0]
        input = context.offset(node.wiring.inputs[0])
        output = context.offset(node.wiring.outputs[0])
        var tiesUp = 0
        for channel in node.requantization {
            guard case .twoStep(_, .up) = channel else { break }
            tiesUp += 1
        }
        let points = node.zeroPoints?.array
        product = node.weights.array.withUnsafeBufferPointer { weights in
            PreparedDepthwise(
                DepthwiseShape(node.window, from: node.inputShape, to: node.outputShape), weights: weights,
                weightZeroPoints: points?.contains { $0 != 0 } == true ? points : nil,
                bias: node.bias.array, inputZeroPoint: node.inputQuantization.zeroPoint,
                requantization: ConvolutionRequantization(
                    factors: .init(node.requantization[...], tiesUp: false),
                    zeroPoint: node.outputQuantization.zeroPoint, range: node.clamp),
                tiesUpChannels: tiesUp, kernel: context.kernels.depthwise)
        }
    }

    override var scratchBytes: Int { product.scratchBytes }
    override var divisions: Int { product.shape.outputRows }
    /// Nanoseconds, at some 10 multiplications each.
    override var estimate: Int { images * product.shape.outputBytes * product.shape.taps / 10 }

    // SAFETY: as Step.run: the plan's tensors lie at these offsets of the arena, with the sizes that it was checked for.
    override func run(_ part: Part, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer) {
        let rows = part.range(of: product.shape.outputRows)
        guard !rows.isEmpty else { return }
        let memory = UnsafeMutableRawBufferPointer(start: scratch, count: product.scratchBytes)
        for image in 0..<images {
            product(
                arena + input + image * product.shape.inputBytes, arena + output + image * product.shape.outputBytes,
                rows: rows, scratch: memory)
        }
    }
}

extension DepthwiseShape {
    /// - Parameter from: `[n, height, width, channels]`, and so is `to`.
    init(_ window: Window, from: [Int], to: [Int]) {
        self.init(
            input: (from[1], from[2]), output: (to[1], to[2]), channels: from[3],
            taps: (window.kernelHeight, window.kernelWidth), strides: (window.strideHeight, window.strideWidth),
            dilations: (window.dilationHeight, window.dilationWidth), padding: (window.top, window.left))
    }
}
