internal import CKernels

/// A softmax of rows, its table ready: the same code on every machine.
// SAFETY: written in init, only read afterwards, freed at the end.
package final class PreparedSoftmax: @unchecked Sendable {
    package enum Rounding: Sendable { case halfAway, addHalfAndCut, divideHalfEven }

    private let softmax: UnsafeMutablePointer<mw_s8_softmax>

    /// - Parameter exponentials: 256, for an input that is so far below the largest of its row.
    /// - Parameter scale: the output's, or for `divideHalfEven` its inverse.
    package init(
        rows: Int, columns: Int, exponentials: [Float], scale: Float, zeroPoint: Int32, rounding: Rounding
    ) {
        precondition(exponentials.count == 256 && rows > 0 && columns > 0)
        softmax = .allocate(capacity: 1)
        var made = mw_s8_softmax()
        switch rounding {
        case .halfAway: made.kind = MW_SOFTMAX_ROUND
        case .addHalfAndCut: made.kind = MW_SOFTMAX_ADD_HALF
        case .divideHalfEven: made.kind = MW_SOFTMAX_DIVIDE
        }
        made.rows = rows
        made.columns = columns
        withUnsafeMutableBytes(of: &made.exponentials) { table in
            exponentials.withUnsafeBytes { table.copyMemory(from: $0) }
        }
        made.output_scale = scale
        made.zero_point = zeroPoint
        made.low = -128
        made.high = 127
        softmax.initialize(to: made)
    }

    deinit { softmax.deallocate() }

    /// The output may be the input.
    // SAFETY: rows * columns bytes of each, which the caller has.
    package func callAsFunction(_ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer) {
        mw_s8_softmax_run(
            softmax, input.assumingMemoryBound(to: Int8.self), output.assumingMemoryBound(to: Int8.self))
    }
}
