internal import Graph

/// Runs an operator by its reference arithmetic: for those that are rare and small enough to have no kernel.
final class ReferenceStep: Step {
    private let node: any Operator
    private let inputs: [(tensor: Tensor, offset: Int)]
    private let outputs: [Int]

    init(_ node: any Operator, _ context: StepContext) {
        self.node = node
        inputs = node.inputs.map { (context.plan.tensors[$0.index], context.offset($0)) }
        outputs = node.outputs.map { context.offset($0) }
    }

    // SAFETY: as Step.run: the plan's tensors lie at these offsets of the arena, with the sizes that it was checked for.
    override func run(_ part: Part, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer) {
        let values = inputs.map { input in
            TensorValue(
                input.tensor.type,
                bytes: UnsafeRawBufferPointer(start: arena + input.offset, count: input.tensor.byteCount))
        }
        for (result, offset) in zip(node.reference(values), outputs) {
            let bytes = result.bytes
            bytes.withUnsafeBytes {
                UnsafeMutableRawBufferPointer(start: arena + offset, count: bytes.count).copyMemory(from: $0)
            }
        }
    }
}
