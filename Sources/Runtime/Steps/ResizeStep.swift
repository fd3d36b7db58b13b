internal import Graph
internal import Kernels

extension Resize: Runnable {
    func step(_ context: StepContext) -> Step? { ResizeStep(self, context) }
}

/// An image in another size, shared among threads by rows.
final class ResizeStep: Step {
    private let resize: PreparedResize
    private let inputShape: [Int]
    private let outputShape: [Int]
    private let input: Int
    private let output: Int

    init(_ node: Resize, _ context: StepContext) {
        (inputShape, outputShape) = (node.inputShape, node.outputShape)
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
            kind, input: (inputShape[1], inputShape[2]), channels: inputShape[3], rows: .init(node.rows),
            columns: .init(node.columns), kernels: context.kernels.bytes)
    }

    override var divisions: Int { outputShape[1] }
    override var estimate: Int { outputShape.reduce(1, *) / 4 }

    // SAFETY: as Step.run: the plan's tensors lie at these offsets of the arena, with the sizes that it was checked for.
    override func run(_ part: Part, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer) {
        let inputBytes = inputShape[1] * inputShape[2] * inputShape[3]
        let outputBytes = outputShape[1] * outputShape[2] * outputShape[3]
        for image in 0..<inputShape[0] {
            resize(
                arena + input + image * inputBytes, arena + output + image * outputBytes,
                rows: part.range(of: outputShape[1]))
        }
    }
}

extension PreparedResize.Axis {
    fileprivate init(_ axis: Resize.Axis) { self.init(low: axis.low, high: axis.high, fraction: axis.fraction) }
}
