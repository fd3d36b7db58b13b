internal import CKernels

/// The elements of a strided view, to be copied one behind the other: a slice, a transposition.
package struct ByteView {
    private var view = mw_s8_view()

    /// Axes whose elements follow each other are made one.
    ///
    /// - Parameter shape: each at least 1, at most 8.
    /// - Parameter steps: elements between neighbours along each axis, in either direction.
    package init(shape: [Int], steps: [Int]) {
        precondition(shape.count == steps.count && shape.count <= Int(MW_VIEW_RANK))
        var sizes: [Int] = []
        var kept: [Int] = []
        for (size, step) in zip(shape, steps) where size > 1 {
            if let outer = kept.last, outer == step * size {
                sizes[sizes.count - 1] *= size
                kept[kept.count - 1] = step
            } else {
                sizes.append(size)
                kept.append(step)
            }
        }
        if sizes.isEmpty { (sizes, kept) = ([1], [1]) }
        count = sizes[0]
        rowBytes = sizes.dropFirst().reduce(1, *)
        view.rank = sizes.count
        withUnsafeMutableBytes(of: &view.size) {
            $0.bindMemory(to: Int.self).baseAddress?.update(from: sizes, count: sizes.count)
        }
        withUnsafeMutableBytes(of: &view.step) {
            $0.bindMemory(to: Int.self).baseAddress?.update(from: kept, count: kept.count)
        }
    }

    /// Elements of the outermost axis that is left, the unit in which work is divided, and bytes of each.
    package let count: Int
    package let rowBytes: Int

    /// Copies some elements of the outermost axis to where the whole copy has them.
    ///
    /// - Parameter input: the first element of all.
    /// - Parameter output: where the whole copy begins.
    // SAFETY: reads what shape and steps say, and writes rows within count * rowBytes, which the caller has.
    package func copy(_ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, rows: Range<Int>) {
        precondition(rows.lowerBound >= 0 && rows.upperBound <= count)
        var view = view
        mw_s8_copy_view(
            &view, input.assumingMemoryBound(to: Int8.self), output.assumingMemoryBound(to: Int8.self),
            rows.lowerBound, rows.upperBound)
    }
}
