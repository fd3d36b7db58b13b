internal import Graph
internal import Kernels

extension Concatenation: Runnable {
    func step(_ context: StepContext) -> Step? { ConcatenationStep(self, context) }
}

/// Runs of each operand copied one behind the other.
final class ConcatenationStep: Step {
    private let node: Concatenation
    private let inputs: [Int]
    private let output: Int
    private let runs: [(count: Int, length: Int)]
    private let outputRun: Int

    init(_ node: Concatenation, _ context: StepContext) {
        self.node = node
        inputs = node.wiring.inputs.map { context.offset($0) }
        output = context.offset(node.wiring.outputs[0])
        runs = node.wiring.inputs.indices.map { node.runs(of: $0) }
        outputRun = runs.reduce(0) { $0 + $1.length }
    }

    // SAFETY: as Step.run: the plan's tensors lie at these offsets of the arena, with the sizes that it was checked for.
    override func run(_ part: Part, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer) {
        var start = 0
        for index in inputs.indices {
            let (count, length) = runs[index]
            for run in 0..<count {
                (arena + output + run * outputRun + start)
                    .copyMemory(from: arena + inputs[index] + run * length, byteCount: length)
            }
            start += length
        }
    }
}

extension Slice: Runnable {
    func step(_ context: StepContext) -> Step? {
        ViewStep(
            ByteView(shape: outputShape, steps: view.strides), from: context.offset(wiring.inputs[0]) + view.start,
            to: context.offset(wiring.outputs[0]))
    }
}

extension Transpose: Runnable {
    func step(_ context: StepContext) -> Step? {
        let strides = Strides.rowMajor(inputShape)
        return ViewStep(
            ByteView(shape: permutation.map { inputShape[$0] }, steps: permutation.map { strides[$0] }),
            from: context.offset(wiring.inputs[0]), to: context.offset(wiring.outputs[0]))
    }
}

/// The elements of a strided view one behind the other, shared among threads by the outermost dimension.
final class ViewStep: Step {
    private let view: ByteView
    private let from: Int
    private let to: Int

    init(_ view: ByteView, from: Int, to: Int) {
        self.view = view
        self.from = from
        self.to = to
    }

    override var divisions: Int { view.count }
    override var estimate: Int { view.count * view.rowBytes / 4 }

    // SAFETY: as Step.run: the plan's tensors lie at these offsets of the arena, with the sizes that it was checked for.
    override func run(_ part: Part, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer) {
        view.copy(arena + from, arena + to, rows: part.range(of: view.count))
    }
}
