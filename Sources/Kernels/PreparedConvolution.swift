internal import CKernels

/// A convolution whose constants lie ready for one kernel: made once, run many times, by several threads at once.
// SAFETY: everything is written in init and only read afterwards, until deinit frees it; the weights are read only, and
// whoever made this keeps them.
package final class PreparedConvolution: @unchecked Sendable {
    package let shape: ConvolutionShape
    package let kernel: ConvolutionKernel
    private let blocking: Blocking
    /// Whether no share of it is worth cutting, which spares small products the question.
    private let isWhole: Bool
    private let convolution: UnsafeMutablePointer<mw_s8_convolution>
    /// Offsets of runs, folded bias, weight zero points, factors and what is made of them, one after the other.
    private let constants: UnsafeMutableBufferPointer<Int32>

    /// Folds zero points and the kernel's own input offset into the bias.
    ///
    /// - Parameter weights: as ``ConvolutionKernel/pack(_:channels:segments:segmentLength:)`` leaves them; must outlive
    ///   this object. On a cache line they are read faster.
    /// - Parameter weightZeroPoints: one a channel, or nil where all are 0.
    /// - Parameter bias: one a channel.
    /// - Parameter caches: of one thread; they say in which order tiles are computed.
    /// - Precondition: shape and requantization are valid, counts agree, the CPU has the kernel's instructions.
    package init(
        _ shape: ConvolutionShape, weights: UnsafeRawBufferPointer, weightZeroPoints: [Int32]? = nil, bias: [Int32],
        inputZeroPoint: Int32, requantization: ConvolutionRequantization, kernel: ConvolutionKernel,
        caches: CacheSizes = .usual
    ) {
        precondition(shape.isValid && requantization.isValid(channels: shape.channels) && kernel.isSupported)
        let segments = shape.segmentOffsets.count
        precondition(
            weights.count
                >= ConvolutionKernel.packedBytes(
                    channels: shape.channels, segments: segments, segmentLength: shape.segmentLength))
        precondition(bias.count == shape.channels && (weightZeroPoints?.count ?? bias.count) == bias.count)
        guard let packed = weights.baseAddress?.assumingMemoryBound(to: Int8.self) else {
            preconditionFailure("a valid shape has weights")
        }
        self.shape = shape
        self.kernel = kernel
        blocking = Blocking(shape, caches: caches)
        isWhole = blocking.cut(positions: shape.positions, blocks: shape.blocks).order == .whole

        let padded = shape.blocks * ConvolutionKernel.blockChannels
        let constants = UnsafeMutableBufferPointer<Int32>.allocate(capacity: segments + 7 * padded)
        constants.initialize(repeating: 0)
        self.constants = constants
        // SAFETY: eight stretches of `constants` that do not overlap, the first of `segments`, the others of `padded`
        // elements; each is filled from an array of no more.
        func stretch(_ index: Int) -> UnsafeMutableBufferPointer<Int32> {
            .init(rebasing: constants[(segments + index * padded)..<(segments + (index + 1) * padded)])
        }
        let offsets = UnsafeMutableBufferPointer(rebasing: constants[..<segments])
        let (folded, points, first, second) = (stretch(0), stretch(1), stretch(2), stretch(3))
        _ = offsets.update(fromContentsOf: shape.segmentOffsets)
        if let weightZeroPoints { _ = points.update(fromContentsOf: weightZeroPoints) }
        mw_s8_convolution_fold(
            shape.channels, segments, shape.segmentLength, packed, inputZeroPoint, kernel.inputOffset,
            weightZeroPoints, bias, folded.baseAddress)

        var how = mw_requantization(requantization, first: first, second: second)
        if how.isOfIntegers {
            var most = [Int64](repeating: 0, count: shape.channels)
            mw_s8_convolution_most(
                shape.channels, segments, shape.segmentLength, packed, inputZeroPoint, weightZeroPoints, &most)
            how.fix(bias: bias, tiesUpChannels: 0, most: most, in: (stretch(4), stretch(5), stretch(6)))
        }

        convolution = .allocate(capacity: 1)
        convolution.initialize(
            to: mw_s8_convolution(
                rows: shape.rows, columns: shape.columns, row_stride: shape.rowStride,
                column_stride: shape.columnStride, segments: segments, segment_length: shape.segmentLength,
                segment_offsets: UnsafePointer(offsets.baseAddress), channels: shape.channels,
                output_stride: shape.outputStride, panel_bytes: caches.panelBytes, weights: packed,
                folded_bias: UnsafePointer(folded.baseAddress),
                weight_zero_points: weightZeroPoints == nil ? nil : UnsafePointer(points.baseAddress),
                residual_scale: requantization.residual?.scale ?? 0,
                residual_zero_point: requantization.residual?.zeroPoint ?? 0,
                residual_distance: requantization.residual?.distance ?? 0,
                requantization: how))
    }

    deinit {
        convolution.deinitialize(count: 1)
        convolution.deallocate()
        constants.deallocate()
    }

    /// Computes all channels of all positions.
    package func callAsFunction(_ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer) {
        callAsFunction(input, output, positions: 0..<shape.positions, blocks: 0..<shape.blocks)
    }

    /// Computes some positions (row-major) of some blocks of channels; calls on ranges that do not overlap may run at
    /// the same time.
    ///
    /// - Parameter input: the first window's start, ``ConvolutionShape/inputBytes`` readable.
    /// - Parameter output: ``ConvolutionShape/outputBytes`` writable, apart from the input. As many bytes at the residual's
    ///   distance are read; they may be these.
    // SAFETY: the kernel reads and writes within what those two properties say, for ranges within the shape.
    package func callAsFunction(
        _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, positions: Range<Int>, blocks: Range<Int>
    ) {
        precondition(positions.lowerBound >= 0 && positions.upperBound <= shape.positions)
        precondition(blocks.lowerBound >= 0 && blocks.upperBound <= shape.blocks)
        let (from, to) = (input.assumingMemoryBound(to: Int8.self), output.assumingMemoryBound(to: Int8.self))
        if isWhole { return kernel.run(convolution, from, to, positions: positions, blocks: blocks) }
        blocking.forEachPart(positions: positions, blocks: blocks) { positions, blocks in
            kernel.run(convolution, from, to, positions: positions, blocks: blocks)
        }
    }
}

extension mw_requantization {
    /// Factors go into `first` and `second`, which hold zeros and at least a channel each; the structure points there.
    // SAFETY: floats and integers have the same size and alignment; a stretch is only read as what it was bound to.
    init(
        _ how: ConvolutionRequantization, first: UnsafeMutableBufferPointer<Int32>,
        second: UnsafeMutableBufferPointer<Int32>
    ) {
        self.init()
        zero_point = how.zeroPoint
        low = how.range.lowerBound
        high = how.range.upperBound
        switch how.factors {
        case .float(let values):
            kind = MW_REQUANTIZE_FLOAT
            let bound = UnsafeMutableRawBufferPointer(first).bindMemory(to: Float.self)
            _ = bound.update(fromContentsOf: values)
            scales = UnsafePointer(bound.baseAddress)
        case .twoStep(let factors, let exponents, let tiesUp):
            kind = tiesUp ? MW_REQUANTIZE_TWO_STEP_UP : MW_REQUANTIZE_TWO_STEP
            set(factors, exponents, first, second)
        case .integer(let factors, let exponents, let tiesUp):
            kind = tiesUp ? MW_REQUANTIZE_INTEGER : MW_REQUANTIZE_INTEGER_AWAY
            set(factors, exponents, first, second)
        }
    }

    /// Whether sums are scaled by integers, which have a quicker way.
    var isOfIntegers: Bool { kind != MW_REQUANTIZE_FLOAT }

    /// Makes the constants of the quicker way where there is one.
    /// - Parameter most: one a channel, than which no sum of products without its bias is larger.
    /// - Parameter stretches: at least a channel each.
    // SAFETY: floats and integers have the same size and alignment; a stretch is only read as what it was bound to.
    mutating func fix(
        bias: [Int32], tiesUpChannels: Int, most: [Int64],
        in stretches: (
            UnsafeMutableBufferPointer<Int32>, UnsafeMutableBufferPointer<Int32>, UnsafeMutableBufferPointer<Int32>
        )
    ) {
        func bound(_ stretch: UnsafeMutableBufferPointer<Int32>) -> UnsafeMutablePointer<Float>? {
            UnsafeMutableRawBufferPointer(stretch).bindMemory(to: Float.self).baseAddress
        }
        let (scales, offsets, negative) = (bound(stretches.0), bound(stretches.1), bound(stretches.2))
        var near: Int32 = 0
        guard
            mw_requantization_fixed(&self, bias.count, tiesUpChannels, most, bias, scales, offsets, negative, &near)
        else { return }
        fixed_near = near
        fixed_scales = UnsafePointer(scales)
        fixed_offsets = UnsafePointer(offsets)
        // Of what a ReLU leaves, none comes from a sum below zero.
        if kind == MW_REQUANTIZE_TWO_STEP, low < zero_point { fixed_negative_offsets = UnsafePointer(negative) }
    }

    private mutating func set(
        _ factors: [Int32], _ exponents: [Int32], _ first: UnsafeMutableBufferPointer<Int32>,
        _ second: UnsafeMutableBufferPointer<Int32>
    ) {
        _ = first.update(fromContentsOf: factors)
        _ = second.update(fromContentsOf: exponents)
        multipliers = UnsafePointer(first.baseAddress)
        shifts = UnsafePointer(second.baseAddress)
    }
}
