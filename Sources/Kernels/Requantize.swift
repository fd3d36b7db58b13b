internal import CKernels

/// From 32-bit sums to int8, the same code on every machine.
package enum Requantize {
    /// The two-step fixed-point arithmetic of the contract `tflite`, zero point added and clamped to `range`.
    ///
    /// - Shapes: all `[channels]`.
    /// - Parameter multipliers: 0 or 2^30...2^31 - 1.
    /// - Parameter shifts: -31...30, above zero to the left.
    /// - Parameter range: within -128...127.
    package static func twoStep(
        sums: UnsafeBufferPointer<Int32>, multipliers: UnsafeBufferPointer<Int32>, shifts: UnsafeBufferPointer<Int32>,
        zeroPoint: Int32, range: ClosedRange<Int32>, output: UnsafeMutableBufferPointer<Int8>
    ) {
        // SAFETY: the C code touches sums.count elements of each buffer, which is what all of them have.
        precondition(multipliers.count == sums.count && shifts.count == sums.count && output.count == sums.count)
        precondition(range.lowerBound >= -128 && range.upperBound <= 127)
        guard let from = sums.baseAddress, let multipliers = multipliers.baseAddress, let shifts = shifts.baseAddress,
            let to = output.baseAddress
        else { return }
        mw_s8_requantize_two_step(
            sums.count, from, multipliers, shifts, zeroPoint, range.lowerBound, range.upperBound, to)
    }
}
