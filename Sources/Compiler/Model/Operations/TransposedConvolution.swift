/// The gradient of ``Convolution`` with respect to its input, plus a bias: each input pixel adds its multiple of the
/// kernel to the output.
///
/// - Shapes: x `[n, height, width, in]`, w `[out, height, width, in / groups]`, bias `[out]` or left out; y
///   `(height - 1) * stride + (kernel - 1) * dilation + 1 + outputPadding - top - bottom` high.
package struct TransposedConvolution: Hashable, Sendable {
    package var strides = Pair(1, 1)
    package var dilations = Pair(1, 1)
    /// Taken off the result.
    package var padding = Padding.none
    /// Added at the bottom and on the right.
    package var outputPadding = Pair(0, 0)
    package var groups = 1
    package var activation = Activation.none

    package init() {}
}

extension TransposedConvolution: Operation {
    package static let name = "transposed convolution"

    package func outputs(for inputs: [Operand?]) throws(ModelError) -> [Operand] {
        let operands = try Operands(inputs, of: Self.self, names: ["x", "weights", "bias"], required: 2)
        try operands.require(0, isOneOf: [.float32])
        try operands.requireKernel(groups: groups)
        let (x, weights) = (try operands(0).shape, try operands(1).shape)
        let height = try extent(
            operands, "height", x[1], weights[1], strides.height, dilations.height,
            (padding.top, padding.bottom, outputPadding.height))
        let width = try extent(
            operands, "width", x[2], weights[2], strides.width, dilations.width,
            (padding.left, padding.right, outputPadding.width))
        return [try operands.result(.float32, [x[0], height, width, weights[0]])]
    }

    package func evaluate(_ inputs: [TensorData?]) throws(ModelError) -> [TensorData] {
        let shape = try results(of: inputs)[0].shape
        let (x, weights) = (try inputs.tensor(0), try inputs.tensor(1))
        let bias = try inputs.optional(2) == nil ? nil : inputs.reals(2)
        var y: [Float] = []
        y.reserveCapacity(shape.reduce(1, *))
        for _ in 0..<shape[0] * shape[1] * shape[2] {
            y.append(contentsOf: bias ?? [Float](repeating: 0, count: shape[3]))
        }
        let (pixels, channels) = (x.shape[0] * x.shape[1] * x.shape[2], x.shape[3])
        let (depth, width) = (channels / groups, shape[3] / groups)
        let run = weights.shape[1] * weights.shape[2] * width
        for group in 0..<groups {
            // Patches that each pixel spreads: [pixel, in] times [in, (out, height, width)].
            let slice = Slice(
                starts: [0, group * depth], steps: [1, 1], sizes: [pixels, depth])
            let part = try slice.evaluate([TensorData(shape: [pixels, channels], x.elements)])
            let kernel = try inputs.reals(1)[group * run * depth..<(group + 1) * run * depth]
            let columns = MatrixKernel.transposingEach(Array(kernel), rows: run, columns: depth)
            var patches = [Float](repeating: 0, count: pixels * run)
            MatrixKernel.multiplyAdd(
                part[0].elements.reals, [0], columns, [0], into: &patches, m: pixels, n: run, k: depth)
            spread(patches, x.shape, weights.shape, into: &y, shape, channels: group * width..<(group + 1) * width)
        }
        activation.apply(to: &y)
        return [TensorData(shape: shape, .float32(y))]
    }

    /// Adds each pixel's patch `[out, height, width]` to where it lies in the result.
    private func spread(
        _ patches: [Float], _ image: [Int], _ kernel: [Int], into y: inout [Float], _ shape: [Int], channels: Range<Int>
    ) {
        let taps = kernel[1] * kernel[2]
        var start = 0
        for pixel in 0..<image[0] * image[1] * image[2] {
            let (number, row, column) = (
                pixel / (image[1] * image[2]), pixel / image[2] % image[1], pixel % image[2]
            )
            for tap in 0..<taps {
                let i = row * strides.height + tap / kernel[2] * dilations.height - padding.top
                let j = column * strides.width + tap % kernel[2] * dilations.width - padding.left
                guard (0..<shape[1]).contains(i), (0..<shape[2]).contains(j) else { continue }
                let target = ((number * shape[1] + i) * shape[2] + j) * shape[3]
                for (index, channel) in channels.enumerated() {
                    y[target + channel] += patches[start + index * taps + tap]
                }
            }
            start += taps * channels.count
        }
    }

    private func extent(
        _ operands: Operands, _ side: String, _ image: Int, _ kernel: Int, _ stride: Int, _ dilation: Int,
        _ padding: (before: Int, after: Int, added: Int)
    ) throws(ModelError) -> Int {
        let range = 0...Shape.maximumExtent
        try operands.require("kernel \(side)", kernel, in: 1...Shape.maximumExtent)
        try operands.require("stride along the \(side)", stride, in: 1...Shape.maximumExtent)
        try operands.require("dilation along the \(side)", dilation, in: 1...Shape.maximumExtent)
        try operands.require("padding along the \(side)", padding.before, in: range)
        try operands.require("padding along the \(side)", padding.after, in: range)
        try operands.require("output padding along the \(side)", padding.added, in: range)
        guard image > 0 else { throw operands.fault(0, side, "at least 1", "0") }
        let whole = (image - 1) * stride + (kernel - 1) * dilation + 1 + padding.added
        guard whole > padding.before + padding.after else {
            throw operands.attribute(
                "padding along the \(side)", "less than the \(whole) that the kernel spreads to",
                "\(padding.before + padding.after)")
        }
        return whole - padding.before - padding.after
    }
}
