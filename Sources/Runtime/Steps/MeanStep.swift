internal import Graph
internal import Kernels

extension Mean: Runnable {
    func step(_ context: StepContext) -> Step? { MeanStep(self, context) }
}

/// Sums along some dimensions, then the contract's scale.
final class MeanStep: Step {
    private let node: Mean
    private let extents: (outer: Int, count: Int, inner: Int)
    private let kernels: ByteKernels
    private let input: Int
    private let output: Int

    init(_ node: Mean, _ context: StepContext) {
        self.node = node
        extents = node.extents
        kernels = context.kernels.bytes
        input = context.offset(node.wiring.inputs[0])
        output = context.offset(node.wiring.outputs[0])
    }

    override var scratchBytes: Int { extents.inner * MemoryLayout<Int32>.stride }

    // SAFETY: as Step.run: the plan's tensors lie at these offsets of the arena, with the sizes that it was checked for.
    override func run(_ part: Part, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer) {
        let sums = scratch.assumingMemoryBound(to: Int32.self)
        let arithmetic = node.arithmetic
        for outer in 0..<extents.outer {
            kernels.sum(
                positions: extents.count, channels: extents.inner,
                arena + input + outer * extents.count * extents.inner, sums)
            let to = (arena + output + outer * extents.inner).assumingMemoryBound(to: Int8.self)
            for channel in 0..<extents.inner { to[channel] = Int8(arithmetic(sums[channel], channel: channel)) }
        }
    }
}
