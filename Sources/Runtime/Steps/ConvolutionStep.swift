internal import Glibc
internal import Graph
internal import Kernels

extension Convolution: Runnable {
    func step(_ context: StepContext) -> Step? { ConvolutionStep(self, context) }
}

/// A convolution as a product of matrices: the image is copied once with its padding around it, then read where it lies.
final class ConvolutionStep: Step {
    private let node: Convolution
    /// One a group, over one image.
    private let products: [PreparedConvolution]
    private let input: Int
    private let output: Int
    /// Of the image that the kernel reads.
    private let paddedHeight: Int
    private let paddedWidth: Int
    private let zeroPoint: Int8

    init(_ node: Convolution, _ context: StepContext) {
        self.node = node
        input = context.offset(node.wiring.inputs[0])
        output = context.offset(node.wiring.outputs[0])
        zeroPoint = Int8(node.inputQuantization.zeroPoint)
        let window = node.window
        paddedHeight = node.inputShape[1] + window.top + window.bottom
        paddedWidth = node.inputShape[2] + window.left + window.right
        let shape = Self.shape(node, paddedWidth: paddedWidth)
        products = (0..<node.groups).map { group in
            node.weights.prepare(
                shape, group: group, input: node.inputQuantization, output: node.outputQuantization, clamp: node.clamp,
                residual: node.residual.map {
                    .init(
                        scale: $0.ratio, zeroPoint: $0.zeroPoint,
                        distance: context.offset(node.wiring.inputs[1]) - context.offset(node.wiring.outputs[0]))
                },
                kernel: context.kernels.convolution, caches: context.caches)
        }
    }

    private static func shape(_ node: Convolution, paddedWidth: Int) -> ConvolutionShape {
        let window = node.window
        let pixel = node.inputShape[3]
        let row = paddedWidth * pixel
        let isWholeRow =
            node.weights.segments == window.kernelHeight
            && node.weights.segmentLength
                == window.kernelWidth * node.inputsOfGroup
        let offsets = (0..<node.weights.segments).map { segment in
            let (u, v) = isWholeRow ? (segment, 0) : segment.quotientAndRemainder(dividingBy: window.kernelWidth)
            return Int32(u * window.dilationHeight * row + v * window.dilationWidth * pixel)
        }
        var (rows, columns) = (node.outputShape[1], node.outputShape[2])
        var rowStride = window.strideHeight * row
        let columnStride = window.strideWidth * pixel
        // Where rows follow each other without a gap they are one.
        if rowStride == columns * columnStride { (rows, columns, rowStride) = (1, rows * columns, rows * rowStride) }
        return ConvolutionShape(
            rows: rows, columns: columns, rowStride: rowStride, columnStride: columnStride, segmentOffsets: offsets,
            segmentLength: node.weights.segmentLength, channels: node.weights.outputs,
            outputStride: node.outputShape[3])
    }

    override var scratchBytes: Int {
        node.window.isPadded ? paddedHeight * paddedWidth * node.inputShape[3] : 0
    }
    override var divisions: Int { node.outputShape[1] > 1 ? node.outputShape[1] : products[0].shape.blocks }
    override var estimate: Int { products[0].estimate * products.count * node.inputShape[0] }

    override func run(_ part: Part, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer) {
        let inputBytes = node.inputShape[1] * node.inputShape[2] * node.inputShape[3]
        let outputBytes = node.outputShape[1] * node.outputShape[2] * node.outputShape[3]
        for image in 0..<node.inputShape[0] {
            let from = arena + input + image * inputBytes
            let to = arena + output + image * outputBytes
            if node.window.isPadded {
                runPadded(part, from, to, scratch)
            } else {
                for group in products.indices {
                    products[group].run(part, from + group * node.inputsOfGroup, to + group * node.weights.outputs)
                }
            }
        }
    }

    private func runPadded(
        _ part: Part, _ from: UnsafeMutableRawPointer, _ to: UnsafeMutableRawPointer, _ scratch: UnsafeMutableRawPointer
    ) {
        let shape = products[0].shape
        // By rows of the image, so that a thread copies what it reads.
        let isByRow = shape.rows >= part.of
        let rows = isByRow ? part.range(of: shape.rows) : 0..<shape.rows
        guard !rows.isEmpty else { return }
        let window = node.window
        let reach = (window.kernelHeight - 1) * window.dilationHeight
        let firstRow = rows.lowerBound * window.strideHeight
        let lastRow = shape.rows == 1 ? paddedHeight : (rows.upperBound - 1) * window.strideHeight + reach + 1
        pad(from, scratch, rows: firstRow..<lastRow)
        let blocks = isByRow ? 0..<shape.blocks : part.range(of: shape.blocks)
        for group in products.indices {
            products[group](
                scratch + group * node.inputsOfGroup, to + group * node.weights.outputs,
                positions: rows.lowerBound * shape.columns..<rows.upperBound * shape.columns, blocks: blocks)
        }
    }

    /// Copies rows of the padded image.
    // SAFETY: scratch holds the whole padded image; rows lie within it, and source rows within the input tensor.
    private func pad(_ from: UnsafeMutableRawPointer, _ scratch: UnsafeMutableRawPointer, rows: Range<Int>) {
        let pixel = node.inputShape[3]
        let width = node.inputShape[2] * pixel
        let (left, right) = (node.window.left * pixel, node.window.right * pixel)
        let filling = Int32(zeroPoint)
        for row in rows {
            let target = scratch + row * paddedWidth * pixel
            let source = row - node.window.top
            guard source >= 0, source < node.inputShape[1] else {
                memset(target, filling, paddedWidth * pixel)
                continue
            }
            memset(target, filling, left)
            memcpy(target + left, from + source * width, width)
            memset(target + left + width, filling, right)
        }
    }
}
