internal import Graph

extension ArgumentMaximum: Runnable {
    func step(_ context: StepContext) -> Step? { ArgumentMaximumStep(self, context) }
}

/// Where the best element along a dimension is, shared among threads by results.
final class ArgumentMaximumStep: Step {
    private let node: ArgumentMaximum
    private let extents: (outer: Int, size: Int, inner: Int)
    private let input: Int
    private let output: Int

    init(_ node: ArgumentMaximum, _ context: StepContext) {
        self.node = node
        extents = node.extents
        input = context.offset(node.wiring.inputs[0])
        output = context.offset(node.wiring.outputs[0])
    }

    override var divisions: Int { extents.outer * extents.inner }
    override var estimate: Int { extents.outer * extents.size * extents.inner }

    // SAFETY: as Step.run: the plan's tensors lie at these offsets of the arena, with the sizes that it was checked for.
    override func run(_ part: Part, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer) {
        let from = (arena + input).assumingMemoryBound(to: Int8.self)
        let to = (arena + output).assumingMemoryBound(to: Int32.self)
        for result in part.range(of: divisions) {
            let (outer, inner) = result.quotientAndRemainder(dividingBy: extents.inner)
            to[result] = best(from + outer * extents.size * extents.inner + inner)
        }
    }

    private func best(_ from: UnsafePointer<Int8>) -> Int32 {
        // The smallest element is the largest with all bits turned over.
        let turned: Int8 = node.isMinimum ? -1 : 0
        // Equal ones replace where the last is wanted.
        let lead: Int16 = node.takesLast ? -1 : 0
        var (best, largest) = (0, from[0] ^ turned)
        for index in 1..<max(extents.size, 1) {
            let element = from[index * extents.inner] ^ turned
            guard Int16(element) > Int16(largest) + lead else { continue }
            (best, largest) = (index, element)
        }
        return Int32(best)
    }
}
