internal import CKernels

/// A change of an image's height and width whose constants lie ready: made once, run many times, by several threads at
/// once.
// SAFETY: everything is written in init and only read afterwards, until deinit frees it.
package final class PreparedResize: @unchecked Sendable {
    /// How a pixel is mixed from four.
    package enum Kind: Hashable, Sendable {
        /// The first is taken.
        case nearest
        /// Fractions of 11 bits, the sum shifted to the right: half up.
        case shifted
        /// Fractions of 10 bits, the sum divided: half away from zero.
        case divided
        /// Float32 fractions of what was uint8: the four products added one by one, 0.5 added, cut off.
        case float
    }

    /// Where the output's rows (or columns) come from: one an output index, the input's index below, the one above, and
    /// the share (0...1) that the one above gets.
    package struct Axis: Hashable, Sendable {
        package var low: [Int32]
        package var high: [Int32]
        package var fraction: [Float]

        package init(low: [Int32], high: [Int32], fraction: [Float]) {
            self.low = low
            self.high = high
            self.fraction = fraction
        }
    }

    private let kind: Kind
    private let index: Int
    private let rowCount: Int
    private let resize: UnsafeMutablePointer<mw_s8_resize>
    /// Indices, shares, and shares in floats, of rows and then of columns.
    private let constants: UnsafeMutableBufferPointer<Int32>

    /// - Parameter input: rows and columns of the image.
    /// - Precondition: lists of one axis have one length, indices lie within the image, shares within 0...1.
    package init(
        _ kind: Kind, input: (rows: Int, columns: Int), channels: Int, rows: Axis, columns: Axis, kernels: ByteKernels
    ) {
        for (axis, size) in [(rows, input.rows), (columns, input.columns)] {
            precondition(axis.high.count == axis.low.count && axis.fraction.count == axis.low.count)
            precondition((axis.low + axis.high).allSatisfy { $0 >= 0 && $0 < size })
            precondition(axis.fraction.allSatisfy { $0 >= 0 && $0 <= 1 })
        }
        self.kind = kind
        index = kernels.resize
        rowCount = rows.low.count
        let unit: Float = kind == .shifted ? 2_048 : 1_024
        let lists = [rows, columns].flatMap { axis in
            [
                axis.low, axis.high, axis.fraction.map { Int32($0 * unit) },
                axis.fraction.map { Int32(bitPattern: $0.bitPattern) },
            ]
        }
        constants = .allocate(capacity: lists.reduce(0) { $0 + $1.count })
        _ = constants.initialize(from: lists.joined())
        // SAFETY: where the lists lie, one behind the other in the order above; floats and integers have the same size
        // and alignment, and a list is only read as what it holds.
        var starts: [UnsafePointer<Int32>?] = []
        var next = constants.baseAddress.map { UnsafePointer($0) }
        for list in lists {
            starts.append(next)
            next = next.map { $0 + list.count }
        }
        let floats = [3, 7].map { UnsafeRawPointer(starts[$0])?.assumingMemoryBound(to: Float.self) }
        var made = mw_s8_resize()
        made.kind = kind == .float ? MW_RESIZE_FLOAT : kind == .divided ? MW_RESIZE_DIVIDED : MW_RESIZE_SHIFTED
        made.input_columns = input.columns
        made.output_rows = rows.low.count
        made.output_columns = columns.low.count
        made.channels = channels
        (made.first_rows, made.second_rows, made.row_weights) = (starts[0], starts[1], starts[2])
        (made.first_columns, made.second_columns, made.column_weights) = (starts[4], starts[5], starts[6])
        (made.row_fractions, made.column_fractions) = (floats[0], floats[1])
        resize = .allocate(capacity: 1)
        resize.initialize(to: made)
    }

    deinit {
        resize.deallocate()
        constants.deallocate()
    }

    /// Computes some rows of the output; calls on rows that do not overlap may run at the same time.
    ///
    /// - Parameter input: the image.
    /// - Parameter output: where row 0 begins, apart from the input.
    // SAFETY: the kernel stays within the images that init was told, for rows within the output, which the caller has.
    package func callAsFunction(_ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, rows: Range<Int>) {
        precondition(rows.lowerBound >= 0 && rows.upperBound <= rowCount)
        let (from, to) = (input.assumingMemoryBound(to: Int8.self), output.assumingMemoryBound(to: Int8.self))
        guard kind != .nearest else {
            mw_s8_resize_nearest(resize, from, to, rows.lowerBound, rows.upperBound)
            return
        }
        var entries = 0
        guard let table = mw_s8_resize_kernels(&entries) else { return }
        table[index].bilinear(resize, from, to, rows.lowerBound, rows.upperBound)
    }
}
