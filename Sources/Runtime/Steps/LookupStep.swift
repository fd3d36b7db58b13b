internal import Graph
internal import Kernels

extension Lookup: Runnable {
    func step(_ context: StepContext) -> Step? { LookupStep(self, context) }
}

/// A table, shared among threads by elements.
final class LookupStep: Step {
    private let node: Lookup
    private let kernels: ByteKernels
    private let count: Int
    private let input: Int
    private let output: Int

    init(_ node: Lookup, _ context: StepContext) {
        self.node = node
        kernels = context.kernels.bytes
        count = context.plan.tensors[node.wiring.inputs[0].index].elementCount
        input = context.offset(node.wiring.inputs[0])
        output = context.offset(node.wiring.outputs[0])
    }

    override var divisions: Int { node.bodyCount / 64 + 1 }
    override var estimate: Int { count / 16 }

    // SAFETY: as Step.run: the plan's tensors lie at these offsets of the arena, with the sizes that it was checked for.
    override func run(_ part: Part, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer) {
        look(in: node.table, part.range(of: node.bodyCount, multiple: 64), arena)
        if part.index == 0, let tail = node.tail { look(in: tail, node.bodyCount..<count, arena) }
    }

    private func look(in table: Constant<Int8>, _ elements: Range<Int>, _ arena: UnsafeMutableRawPointer) {
        guard let entries = table.bytes.baseAddress, !elements.isEmpty else { return }
        kernels.look(
            up: arena + input + elements.lowerBound, in: entries, arena + output + elements.lowerBound,
            count: elements.count)
    }
}
