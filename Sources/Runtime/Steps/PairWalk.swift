internal import Graph

/// How the elements of two operands meet: in runs of neighbours, and where each run begins.
///
/// Dimensions along which both operands go on alike are one, so that a sum over an image with a number for each channel is
/// pixels of channels, and one with a single number is one run.
struct PairWalk {
    /// A dimension of the result: how many, and how far apart in each operand.
    private struct Axis {
        var count: Int
        var stepA: Int
        var stepB: Int
    }

    /// Elements of a run, and how far apart: 1, or 0 where it is the same one again and again.
    private let run: Axis
    /// Runs that follow each other along one dimension, and how far apart they begin.
    private let row: Axis
    /// The dimensions around rows, innermost first.
    private let outer: [Axis]

    init(_ broadcast: Broadcast, isSwapped: Bool = false) {
        var axes: [Axis] = []
        for (dimension, count) in broadcast.shape.enumerated() where count > 1 {
            var (stepA, stepB) = (broadcast.stridesA[dimension], broadcast.stridesB[dimension])
            if isSwapped { swap(&stepA, &stepB) }
            if let last = axes.last, last.stepA == stepA * count, last.stepB == stepB * count {
                axes[axes.count - 1] = Axis(count: last.count * count, stepA: stepA, stepB: stepB)
            } else {
                axes.append(Axis(count: count, stepA: stepA, stepB: stepB))
            }
        }
        run = axes.popLast() ?? Axis(count: 1, stepA: 1, stepB: 1)
        row = axes.popLast() ?? Axis(count: 1, stepA: 0, stepB: 0)
        outer = axes.reversed()
    }

    /// Elements of a run.
    var columns: Int { run.count }
    /// How far apart they are: 1 or 0.
    var columnStepA: Int { run.stepA }
    var columnStepB: Int { run.stepB }
    /// Runs of a row, and of all.
    var rows: Int { row.count }
    var runs: Int { outer.reduce(row.count) { $0 * $1.count } }
    var rowStepB: Int { row.stepB }

    /// Whether the first operand's runs of a row lie one behind the other, as the result's do.
    var isDenseA: Bool { run.stepA == 1 && (row.count == 1 || row.stepA == run.count) }

    /// Where a run begins in each operand.
    func place(of number: Int) -> (a: Int, b: Int) {
        let (rest, inRow) = number.quotientAndRemainder(dividingBy: row.count)
        var (a, b, left) = (inRow * row.stepA, inRow * row.stepB, rest)
        for index in outer.indices {
            let axis = outer[index]
            let (next, position) = left.quotientAndRemainder(dividingBy: axis.count)
            a += position * axis.stepA
            b += position * axis.stepB
            left = next
        }
        return (a, b)
    }
}
