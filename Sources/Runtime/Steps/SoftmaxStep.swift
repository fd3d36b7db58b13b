internal import Graph
internal import Kernels

extension Softmax: Runnable {
    func step(_ context: StepContext) -> Step? { SoftmaxStep(self, context) }
}

/// A softmax of rows: each row's sum is taken in order, so one thread does it.
final class SoftmaxStep: Step {
    private let softmax: PreparedSoftmax
    private let input: Int
    private let output: Int

    init(_ node: Softmax, _ context: StepContext) {
        let rounding: PreparedSoftmax.Rounding =
            switch node.rounding {
            case .halfAway: .halfAway
            case .addHalfAndCut: .addHalfAndCut
            case .divideHalfEven: .divideHalfEven
            }
        softmax = PreparedSoftmax(
            rows: node.rows, columns: node.length, exponentials: (0..<256).map { node.table[$0] },
            scale: rounding == .divideHalfEven ? node.inverse : node.output.scale, zeroPoint: node.output.zeroPoint,
            rounding: rounding)
        input = context.offset(node.wiring.inputs[0])
        output = context.offset(node.wiring.outputs[0])
    }

    // SAFETY: as Step.run: the plan's tensors lie at these offsets of the arena, with the sizes that it was checked for.
    override func run(_ part: Part, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer) {
        softmax(arena + input, arena + output)
    }
}
