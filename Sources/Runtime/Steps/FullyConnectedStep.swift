internal import Graph
internal import Kernels

extension FullyConnected: Runnable {
    func step(_ context: StepContext) -> Step? {
        let shape = ConvolutionShape(vectors: rows, inputs: inputCount, outputs: outputCount)
        return FullyConnectedStep(
            product: weights.prepare(
                shape, group: 0, input: inputQuantization, output: outputQuantization, clamp: clamp,
                kernel: context.kernels.convolution, caches: context.caches),
            input: context.offset(wiring.inputs[0]), output: context.offset(wiring.outputs[0]))
    }
}

/// A product of vectors and weights, shared among threads by rows, or by channels where rows are few.
final class FullyConnectedStep: Step {
    private let product: PreparedConvolution
    private let input: Int
    private let output: Int

    init(product: PreparedConvolution, input: Int, output: Int) {
        self.product = product
        self.input = input
        self.output = output
    }

    override var divisions: Int { max(product.shape.positions, product.shape.blocks) }
    override var estimate: Int { product.estimate }

    override func run(_ part: Part, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer) {
        product.run(part, arena + input, arena + output)
    }
}

extension PreparedConvolution {
    /// Nanoseconds, at some 100 multiplications each.
    var estimate: Int {
        shape.positions * shape.blocks * ConvolutionKernel.blockChannels * shape.segmentLength
            * shape.segmentOffsets.count / 100
    }

    /// One thread's share of all positions, or of all channels where there are few positions.
    // SAFETY: as callAsFunction; parts do not overlap.
    func run(_ part: Part, _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer) {
        if shape.positions >= 8 * part.of {
            self(input, output, positions: part.range(of: shape.positions, multiple: 4), blocks: 0..<shape.blocks)
        } else {
            self(input, output, positions: 0..<shape.positions, blocks: part.range(of: shape.blocks))
        }
    }
}

extension Weights {
    /// The constants of one group, ready for a kernel.
    func prepare(
        _ shape: ConvolutionShape, group: Int, input: Quantization, output: Quantization, clamp: ClosedRange<Int32>,
        residual: ConvolutionRequantization.Residual? = nil, kernel: ConvolutionKernel, caches: CacheSizes
    ) -> PreparedConvolution {
        let channels = group * outputs..<(group + 1) * outputs
        let groupBytes = blocks * blockBytes
        let points = zeroPoints.map { $0.array[channels].map(Int32.init) }
        return PreparedConvolution(
            shape,
            weights: UnsafeRawBufferPointer(rebasing: packed.bytes[group * groupBytes..<(group + 1) * groupBytes]),
            weightZeroPoints: points?.contains { $0 != 0 } == true ? points : nil, bias: Array(bias.array[channels]),
            inputZeroPoint: input.zeroPoint,
            requantization: ConvolutionRequantization(
                factors: .init(requantization[channels]), zeroPoint: output.zeroPoint, range: clamp,
                residual: residual),
            kernel: kernel, caches: caches)
    }
}

extension ConvolutionRequantization.Factors {
    /// - Parameter channels: all of one kind, as a contract makes them for a sum of products.
    /// - Parameter tiesUp: nil where the channels say it.
    init(_ channels: ArraySlice<Requantization>, tiesUp: Bool? = nil) {
        var scales: [Float] = []
        var multipliers: [Int32] = []
        var shifts: [Int32] = []
        var isUp = false
        var isInteger = false
        for channel in channels {
            switch channel {
            case .float(let scale): scales.append(scale)
            case .twoStep(let multiplier, let ties):
                multipliers.append(multiplier.value)
                shifts.append(multiplier.shift)
                isUp = ties == .up
            case .integer(let multiplier, let shift, let ties):
                multipliers.append(multiplier)
                shifts.append(-shift)
                isUp = ties == .up
                isInteger = true
            }
        }
        if isInteger {
            self = .integer(multipliers: multipliers, shifts: shifts, tiesUp: isUp)
        } else if scales.isEmpty {
            self = .twoStep(multipliers: multipliers, shifts: shifts, tiesUp: tiesUp ?? isUp)
        } else {
            self = .float(scales: scales)
        }
    }
}
