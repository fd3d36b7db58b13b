internal import Glibc
internal import Graph

extension Pad: Runnable {
    func step(_ context: StepContext) -> Step? { PadStep(self, context) }
}

/// Elements copied into a larger tensor, in runs; shared among threads by the outermost dimension.
final class PadStep: Step {
    /// Neighbours along the innermost dimension that is padded: copied from neighbours, or filled.
    private struct Run {
        var start: Int
        var count: Int
        /// nil where the filling is.
        var source: Int?
    }

    /// For each index of the outer dimensions where it comes from, -1 for the filling.
    private let sources: [[Int]]
    /// Bytes between neighbours along each outer dimension.
    private let inputSteps: [Int]
    private let outputSteps: [Int]
    private let runs: [Run]
    /// Bytes of one element of the innermost dimension that is padded: all that lies within.
    private let block: Int
    /// Of the output: where all runs are done once, and as a whole.
    private let rowBytes: Int
    private let bytes: Int
    private let fill: Int32
    private let input: Int
    private let output: Int

    init(_ node: Pad, _ context: StepContext) {
        input = context.offset(node.wiring.inputs[0])
        output = context.offset(node.wiring.outputs[0])
        fill = Int32(node.fill)
        let (from, to) = (node.inputShape, node.outputShape)
        let inner = from.indices.last { from[$0] != to[$0] } ?? 0
        block = to[(inner + 1)...].reduce(1, *)
        rowBytes = to[inner] * block
        bytes = to.reduce(1, *)
        // A dimension of one element is at its start.
        let axes = from.indices.prefix(inner).filter { to[$0] > 1 }
        sources = axes.map { axis in (0..<to[axis]).map { node.source($0, axis: axis) ?? -1 } }
        let (inputStrides, outputStrides) = (Strides.rowMajor(from), Strides.rowMajor(to))
        inputSteps = axes.map { inputStrides[$0] }
        outputSteps = axes.map { outputStrides[$0] }
        runs = Self.runs((0..<to[inner]).map { node.source($0, axis: inner) })
    }

    private static func runs(_ sources: [Int?]) -> [Run] {
        var runs: [Run] = []
        for (index, source) in sources.enumerated() {
            if let last = runs.last, last.source.map({ $0 + last.count }) == source {
                runs[runs.count - 1].count += 1
            } else {
                runs.append(Run(start: index, count: 1, source: source))
            }
        }
        return runs
    }

    override var divisions: Int { sources.isEmpty ? 1 : sources[0].count }
    override var estimate: Int { bytes / 16 + bytes / rowBytes * runs.count * 5 }

    // SAFETY: as Step.run: the plan's tensors lie at these offsets of the arena, with the sizes that it was checked for.
    override func run(_ part: Part, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer) {
        let indices = sources.isEmpty ? 0..<1 : part.range(of: sources[0].count)
        copy(0, indices, arena + input, arena + output)
    }

    private func copy(
        _ axis: Int, _ indices: Range<Int>, _ from: UnsafeMutableRawPointer, _ to: UnsafeMutableRawPointer
    ) {
        guard axis < sources.count else {
            copyRuns(from, to)
            return
        }
        let next = axis + 1 < sources.count ? 0..<sources[axis + 1].count : 0..<1
        for index in indices {
            let source = sources[axis][index]
            let target = to + index * outputSteps[axis]
            if source < 0 {
                memset(target, fill, outputSteps[axis])
            } else {
                copy(axis + 1, next, from + source * inputSteps[axis], target)
            }
        }
    }

    private func copyRuns(_ from: UnsafeMutableRawPointer, _ to: UnsafeMutableRawPointer) {
        for index in runs.indices {
            let run = runs[index]
            if let source = run.source {
                memcpy(to + run.start * block, from + source * block, run.count * block)
            } else {
                memset(to + run.start * block, fill, run.count * block)
            }
        }
    }
}
