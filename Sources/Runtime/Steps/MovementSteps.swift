internal import Graph

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
        StridedCopyStep(
            shape: outputShape, strides: view.strides, from: context.offset(wiring.inputs[0]) + view.start,
            to: context.offset(wiring.outputs[0]))
    }
}

extension Transpose: Runnable {
    func step(_ context: StepContext) -> Step? {
        let strides = Strides.rowMajor(inputShape)
        return StridedCopyStep(
            shape: permutation.map { inputShape[$0] }, strides: permutation.map { strides[$0] },
            from: context.offset(wiring.inputs[0]), to: context.offset(wiring.outputs[0]))
    }
}

/// The elements of a strided view one behind the other. Allocates nothing while it runs.
final class StridedCopyStep: Step {
    private let shape: [Int]
    private let strides: [Int]
    private let from: Int
    private let to: Int

    init(shape: [Int], strides: [Int], from: Int, to: Int) {
        self.shape = shape
        self.strides = strides
        self.from = from
        self.to = to
    }

    override func run(_ part: Part, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer) {
        var target = (arena + to).assumingMemoryBound(to: Int8.self)
        copy(axis: 0, (arena + from).assumingMemoryBound(to: Int8.self), &target)
    }

    private func copy(axis: Int, _ source: UnsafePointer<Int8>, _ target: inout UnsafeMutablePointer<Int8>) {
        let (count, stride) = (shape[axis], strides[axis])
        if axis < shape.count - 1 {
            for index in 0..<count { copy(axis: axis + 1, source + index * stride, &target) }
        } else if stride == 1 {
            UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: count)
            target += count
        } else {
            for index in 0..<count { target[index] = source[index * stride] }
            target += count
        }
    }
}
