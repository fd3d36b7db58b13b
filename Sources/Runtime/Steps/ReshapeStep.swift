internal import Graph

/// Nothing to compute: the arena gives both tensors the same bytes.
extension Reshape: Runnable {
    func step(_ context: StepContext) -> Step? {
        let (from, to) = (context.offset(wiring.inputs[0]), context.offset(wiring.outputs[0]))
        return from == to ? nil : CopyStep(from: from, to: to, byteCount: byteCount)
    }
}

/// Bytes of one tensor under another name.
final class CopyStep: Step {
    private let from: Int
    private let to: Int
    private let byteCount: Int

    init(from: Int, to: Int, byteCount: Int) {
        self.from = from
        self.to = to
        self.byteCount = byteCount
    }

    // SAFETY: as Step.run: the plan's tensors lie at these offsets of the arena, with the sizes that it was checked for.
    override func run(_ part: Part, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer) {
        (arena + to).copyMemory(from: arena + from, byteCount: byteCount)
    }
}
