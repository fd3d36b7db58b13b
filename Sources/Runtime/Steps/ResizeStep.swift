internal import Graph
internal import Kernels

extension Resize: Runnable {
    func step(_ context: StepContext) -> Step? { ResizeStep(self, context) }
}

/// An image in another size, shared among threads by rows.
final class ResizeStep: Step {
    private let resize: PreparedResize
    private let images: Int
    /// Rows of the output.
    private let rows: Int
    /// Of one image.
    private let inputBytes: Int
    private let outputBytes: Int
    private let input: Int
    private let output: Int

    init(_ node: Resize, _ context: StepContext) {
        (images, rows) = (node.outputShape[0], node.outputShape[1])
        inputBytes = node.inputShape[1...].reduce(1, *)
        outputBytes = node.outputShape[1...].reduce(1, *)
        input = context.offset(node.wiring.inputs[0])
        output = context.offset(node.wiring.outputs[0])
        let kind: PreparedResize.Kind =
            switch node.arithmetic {
            case .nearest: .nearest
            case .shifted: .shifted
            case .divided: .divided
            case .float: .float
            }
        resize = PreparedResize(
            kind, input: (node.inputShape[1], node.inputShape[2]), channels: node.inputShape[3], rows: .init(node.rows),
            columns: .init(node.columns), kernels: context.kernels.bytes)
    }

    override var divisions: Int { rows }
    override var estimate: Int { images * outputBytes / 4 }

    // SAFETY: as Step.run: the plan's tensors lie at these offsets of the arena, with the sizes that it was checked for.
    override func run(_ part: Part, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer) {
        for image in 0..<images {
            resize(
                arena + input + image * inputBytes, arena + output + image * outputBytes,
                rows: part.range(of: rows))
        }
    }
}

extension PreparedResize.Axis {
    fileprivate init(_ axis: Resize.Axis) { self.init(low: axis.low, high: axis.high, fraction: axis.fraction) }
}
