internal import CKernels

/// A product of two matrices that are both computed, its constants ready: made once, run many times, by several threads at
/// once.
///
/// `output[m, n] = requantize(sum over k of (a[m, k] - zeroPointA) * (b[k, n] - zeroPointB))`. The right side is packed a
/// panel of columns at a time, as weights are, and the convolution's kernel does the rest.
// SAFETY: everything is written in init and only read afterwards, until deinit frees it.
package final class PreparedMatrixProduct: @unchecked Sendable {
    package let rows: Int
    package let columns: Int
    package let depth: Int
    /// Bytes that each thread needs for itself while it runs, on a boundary of ``scratchAlignment``.
    package let scratchBytes: Int
    package static let scratchAlignment = 64

    /// Blocks of a panel: as many as a kernel's tile is wide on the instruction set with the most registers.
    private static let panelColumns = 4 * ConvolutionKernel.blockChannels

    private let isRightRowMajor: Bool
    private let zeroPointA: Int32
    private let kernel: ConvolutionKernel
    /// Without weights, bias and channels, which differ from panel to panel.
    private let convolution: UnsafeMutablePointer<mw_s8_convolution>
    /// Of a panel's columns: bias, zero points and factors; and the one offset of a run.
    private let constants: UnsafeMutableBufferPointer<Int32>
    private let packedBytes: Int

    /// - Parameter isRightRowMajor: whether b is `[k, n]`, else `[n, k]`.
    /// - Parameter requantization: its factors for one column, which all share.
    /// - Precondition: sizes are at least 1 and below 2^31, depth at most 32,768, so that no sum leaves 32 bits; the CPU has
    ///   the kernel's instructions.
    package init(
        rows: Int, columns: Int, depth: Int, isRightRowMajor: Bool, zeroPoints: (a: Int32, b: Int32),
        requantization: ConvolutionRequantization, kernel: ConvolutionKernel, caches: CacheSizes = .usual
    ) {
        precondition((1...Int(Int32.max)).contains(rows) && (1...Int(Int32.max)).contains(columns))
        precondition((1...32_768).contains(depth) && requantization.isValid(channels: 1) && kernel.isSupported)
        self.rows = rows
        self.columns = columns
        self.depth = depth
        self.isRightRowMajor = isRightRowMajor
        self.kernel = kernel
        zeroPointA = zeroPoints.a
        let width = Self.panelColumns
        packedBytes = ConvolutionKernel.packedBytes(channels: width, segments: 1, segmentLength: depth)
        // Behind the packed panel its folded bias.
        scratchBytes = packedBytes + width * MemoryLayout<Int32>.stride

        let constants = UnsafeMutableBufferPointer<Int32>.allocate(capacity: 4 * width + 1)
        constants.initialize(repeating: 0)
        self.constants = constants
        // SAFETY: four stretches of `width` and one of 1 that do not overlap.
        func stretch(_ index: Int) -> UnsafeMutableBufferPointer<Int32> {
            .init(rebasing: constants[index * width..<min((index + 1) * width, constants.count)])
        }
        stretch(1).update(repeating: zeroPoints.b)
        let shared = ConvolutionRequantization(
            factors: requantization.factors.repeated(width), zeroPoint: requantization.zeroPoint,
            range: requantization.range)
        convolution = .allocate(capacity: 1)
        convolution.initialize(
            to: mw_s8_convolution(
                rows: 1, columns: rows, row_stride: rows * depth, column_stride: depth, segments: 1,
                segment_length: depth, segment_offsets: UnsafePointer(stretch(4).baseAddress), channels: 0,
                output_stride: columns, panel_bytes: caches.panelBytes, weights: nil, folded_bias: nil,
                weight_zero_points: zeroPoints.b == 0 ? nil : UnsafePointer(stretch(1).baseAddress),
                residual_scale: 0, residual_zero_point: 0, residual_distance: 0,
                requantization: mw_requantization(shared, first: stretch(2), second: stretch(3))))
    }

    deinit {
        convolution.deallocate()
        constants.deallocate()
    }

    /// Parts of the product that do not depend on each other.
    package var panels: Int { (columns + Self.panelColumns - 1) / Self.panelColumns }

    /// Computes some panels of columns; calls on panels that do not overlap may run at the same time, each with scratch of
    /// its own.
    ///
    /// - Parameter a: `[rows, depth]`, and up to 3 bytes behind it are read and ignored.
    /// - Parameter output: `[rows, columns]`, apart from both sides.
    /// - Parameter scratch: ``scratchBytes``, aligned; its contents do not matter.
    // SAFETY: a panel lies within b and output; scratch holds its packed columns and their bias.
    package func callAsFunction(
        _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, panels: Range<Int>,
        scratch: UnsafeMutableRawBufferPointer
    ) {
        precondition(panels.lowerBound >= 0 && panels.upperBound <= self.panels && scratch.count >= scratchBytes)
        precondition(Int(bitPattern: scratch.baseAddress) % Self.scratchAlignment == 0)
        guard let memory = scratch.baseAddress else { return }
        let packed = memory.assumingMemoryBound(to: Int8.self)
        let folded = (memory + packedBytes).assumingMemoryBound(to: Int32.self)
        let right = b.assumingMemoryBound(to: Int8.self)
        for panel in panels {
            let first = panel * Self.panelColumns
            let count = min(Self.panelColumns, columns - first)
            let (columnStep, step) = isRightRowMajor ? (1, columns) : (depth, 1)
            mw_s8_pack_matrix(count, depth, columnStep, step, right + first * columnStep, packed)
            var product = convolution.pointee
            mw_s8_convolution_fold(
                count, 1, depth, packed, zeroPointA, kernel.inputOffset, product.weight_zero_points,
                constants.baseAddress, folded)
            product.channels = count
            product.weights = UnsafePointer(packed)
            product.folded_bias = UnsafePointer(folded)
            kernel.run(
                &product, a.assumingMemoryBound(to: Int8.self), output.assumingMemoryBound(to: Int8.self) + first,
                positions: 0..<rows, blocks: 0..<(count + 15) / ConvolutionKernel.blockChannels)
        }
    }
}

extension ConvolutionRequantization.Factors {
    /// Those of one channel, `count` times.
    fileprivate func repeated(_ count: Int) -> Self {
        switch self {
        case .float(let scales): .float(scales: .init(repeating: scales[0], count: count))
        case .twoStep(let multipliers, let shifts, let tiesUp):
            .twoStep(
                multipliers: .init(repeating: multipliers[0], count: count),
                shifts: .init(repeating: shifts[0], count: count), tiesUp: tiesUp)
        case .integer(let multipliers, let shifts, let tiesUp):
            .integer(
                multipliers: .init(repeating: multipliers[0], count: count),
                shifts: .init(repeating: shifts[0], count: count), tiesUp: tiesUp)
        }
    }
}
