internal import Glibc
internal import Graph
internal import Kernels

/// An operator of two tensors, element by element; shared among threads by runs, or by elements where there is one run.
final class PairStep: Step {
    /// Another kernel for the elements that end each stretch of so many, where plain code finishes what vector code began.
    struct Tail {
        var kernel: PairKernel
        /// Elements of a stretch, and those of it that come before the tail.
        var runCount: Int
        var bodyCount: Int
    }

    private let body: PairKernel
    private let tail: Tail?
    private let walk: PairWalk
    private let runs: Int
    private let a: Int
    private let b: Int
    private let output: Int

    /// Numbers of the first operand that are written out at a time where it is one number for a whole run.
    private static let repeated = 4_096

    init(_ wiring: Wiring, _ broadcast: Broadcast, _ kernel: PairKernel, tail: Tail?, _ context: StepContext) {
        let (plain, turned) = (PairWalk(broadcast), PairWalk(broadcast, isSwapped: true))
        // Kernels take many runs at once where the first operand is dense.
        var isSwapped = false
        if !plain.isDenseA, turned.isDenseA, let swapped = kernel.swapped {
            var swappedTail = tail
            if let kernel = tail?.kernel.swapped { swappedTail?.kernel = kernel }
            (body, self.tail, walk, isSwapped) = (swapped, swappedTail, turned, true)
        } else {
            (body, self.tail, walk) = (kernel, tail, plain)
        }
        runs = walk.runs
        a = context.offset(wiring.inputs[isSwapped ? 1 : 0])
        b = context.offset(wiring.inputs[isSwapped ? 0 : 1])
        output = context.offset(wiring.outputs[0])
    }

    /// Whether a row is one call of the kernel.
    private var takesRows: Bool { walk.isDenseA && tail == nil }

    override var scratchBytes: Int { walk.columnStepA == 0 ? min(walk.columns, Self.repeated) : 0 }
    override var divisions: Int { runs > 1 ? runs : walk.columns / 64 + 1 }
    override var estimate: Int { runs * walk.columns / 8 + runs / (takesRows ? walk.rows : 1) * 20 }

    // SAFETY: as Step.run: the plan's tensors lie at these offsets of the arena, with the sizes that it was checked for.
    override func run(_ part: Part, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer) {
        guard runs > 1 else {
            run(0, part.range(of: walk.columns, multiple: 64), arena, scratch)
            return
        }
        let mine = part.range(of: runs)
        var next = mine.lowerBound
        while next < mine.upperBound {
            if takesRows {
                let rows = min(walk.rows - next % walk.rows, mine.upperBound - next)
                let (fromA, fromB) = walk.place(of: next)
                body(
                    .init(rows: rows, columns: walk.columns, rowStep: walk.rowStepB, columnStep: walk.columnStepB),
                    arena + a + fromA, arena + b + fromB, arena + output + next * walk.columns)
                next += rows
            } else {
                run(next, 0..<walk.columns, arena, scratch)
                next += 1
            }
        }
    }

    /// Some elements of one run, in pieces that end where the kernel changes.
    private func run(
        _ number: Int, _ columns: Range<Int>, _ arena: UnsafeMutableRawPointer, _ scratch: UnsafeMutableRawPointer
    ) {
        guard !columns.isEmpty else { return }
        let (fromA, fromB) = walk.place(of: number)
        let first = number * walk.columns
        if walk.columnStepA == 0 {
            memset(scratch, Int32(arena.load(fromByteOffset: a + fromA, as: Int8.self)), scratchBytes)
        }
        var column = columns.lowerBound
        while column < columns.upperBound {
            var count = columns.upperBound - column
            var isTail = false
            if let tail {
                let position = (first + column) % tail.runCount
                isTail = position >= tail.bodyCount
                count = min(count, (isTail ? tail.runCount : tail.bodyCount) - position)
            }
            if walk.columnStepA == 0 { count = min(count, scratchBytes) }
            let from = walk.columnStepA == 0 ? scratch : arena + a + fromA + column
            let operands = PairKernel.Operands(rows: 1, columns: count, rowStep: 0, columnStep: walk.columnStepB)
            let to = arena + output + first + column
            if isTail, let tail {
                tail.kernel(operands, from, arena + b + fromB + column * walk.columnStepB, to)
            } else {
                body(operands, from, arena + b + fromB + column * walk.columnStepB, to)
            }
            column += count
        }
    }
}
