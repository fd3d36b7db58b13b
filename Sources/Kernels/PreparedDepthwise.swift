internal import CKernels

/// A depthwise convolution whose constants lie ready for one kernel: made once, run many times, by several threads at
/// once.
// SAFETY: everything is written in init and only read afterwards, until deinit frees it.
package final class PreparedDepthwise: @unchecked Sendable {
    package let shape: DepthwiseShape
    package let kernel: DepthwiseKernel
    /// Bytes that each thread needs for itself while it runs, on a boundary of ``scratchAlignment``.
    package let scratchBytes: Int
    package static let scratchAlignment = 64

    private let functions: mw_s8_depthwise_kernel
    private let depthwise: UnsafeMutablePointer<mw_s8_depthwise>
    private let packed: UnsafeMutableRawBufferPointer
    /// Two factors a channel, and three numbers made of them.
    private let factors: UnsafeMutableBufferPointer<Int32>

    /// Lays weights and bias out as the kernel reads them.
    ///
    /// - Parameter weights: `[tapsY, tapsX, channels]`.
    /// - Parameter weightZeroPoints: one a channel, or nil where all are 0.
    /// - Parameter bias: one a channel.
    /// - Parameter tiesUpChannels: with two steps whose ties go away from zero, how many of the first channels have the
    ///   second step's ties go up nevertheless. LiteRT's int8 kernel does so for channels in whole eights.
    /// - Precondition: shape and requantization are valid, counts agree, the CPU has the kernel's instructions.
    package init(
        _ shape: DepthwiseShape, weights: UnsafeBufferPointer<Int8>, weightZeroPoints: [Int8]? = nil, bias: [Int32],
        inputZeroPoint: Int32, requantization: ConvolutionRequantization, tiesUpChannels: Int = 0,
        kernel: DepthwiseKernel
    ) {
        precondition(shape.isValid && requantization.isValid(channels: shape.channels) && kernel.isSupported)
        precondition(weights.count == shape.taps * shape.channels && bias.count == shape.channels)
        precondition((weightZeroPoints?.count ?? bias.count) == bias.count && tiesUpChannels >= 0)
        precondition((-128...127).contains(inputZeroPoint))
        self.shape = shape
        self.kernel = kernel
        functions = kernel.functions

        let block = ConvolutionKernel.blockChannels
        let padded = (shape.channels + block - 1) / block * block
        let factors = UnsafeMutableBufferPointer<Int32>.allocate(capacity: 5 * padded)
        factors.initialize(repeating: 0)
        self.factors = factors
        // SAFETY: five stretches that do not overlap, each of `padded` elements, at least a channel each.
        func stretch(_ index: Int) -> UnsafeMutableBufferPointer<Int32> {
            UnsafeMutableBufferPointer(rebasing: factors[index * padded..<(index + 1) * padded])
        }
        var how = mw_requantization(requantization, first: stretch(0), second: stretch(1))
        if how.isOfIntegers {
            let most = Self.most(weights, weightZeroPoints, inputZeroPoint, channels: shape.channels)
            how.fix(bias: bias, tiesUpChannels: tiesUpChannels, most: most, in: (stretch(2), stretch(3), stretch(4)))
        }
        depthwise = .allocate(capacity: 1)
        depthwise.initialize(
            to: mw_s8_depthwise(
                input_rows: shape.inputRows, input_columns: shape.inputColumns, output_rows: shape.outputRows,
                output_columns: shape.outputColumns, channels: shape.channels, taps_y: shape.tapsY,
                taps_x: shape.tapsX, stride_y: shape.strideY, stride_x: shape.strideX, dilation_y: shape.dilationY,
                dilation_x: shape.dilationX, pad_top: shape.padTop, pad_left: shape.padLeft,
                input_zero_point: inputZeroPoint,
                requantization: how,
                ties_up_channels: tiesUpChannels))
        scratchBytes = functions.scratch_bytes(depthwise)
        packed = .allocate(byteCount: functions.packed_bytes(depthwise), alignment: Self.scratchAlignment)
        functions.pack(depthwise, weights.baseAddress, weightZeroPoints, bias, packed.baseAddress)
    }

    deinit {
        depthwise.deinitialize(count: 1)
        depthwise.deallocate()
        packed.deallocate()
        factors.deallocate()
    }

    /// One a channel, than which no sum of products is larger in magnitude.
    private static func most(
        _ weights: UnsafeBufferPointer<Int8>, _ zeroPoints: [Int8]?, _ inputZeroPoint: Int32, channels: Int
    ) -> [Int64] {
        // How far inputs are above their zero point, and below.
        let (above, below) = (127 - Int64(inputZeroPoint), 128 + Int64(inputZeroPoint))
        return (0..<channels).map { channel in
            var (positive, negative) = (Int64(0), Int64(0))
            for index in stride(from: channel, to: weights.count, by: channels) {
                let weight = Int64(weights[index]) - Int64(zeroPoints?[channel] ?? 0)
                if weight > 0 { positive += weight } else { negative -= weight }
            }
            return max(above * positive + below * negative, below * positive + above * negative)
        }
    }

    /// Computes some rows of the output; calls on rows that do not overlap may run at the same time, each with scratch
    /// of its own.
    ///
    /// - Parameter input: ``DepthwiseShape/inputBytes`` readable.
    /// - Parameter output: where row 0 begins; ``DepthwiseShape/outputBytes`` writable, apart from the input.
    /// - Parameter scratch: ``scratchBytes``, aligned; its contents do not matter.
    // SAFETY: the kernel reads and writes within what shape and scratchBytes say, for rows within the shape.
    package func callAsFunction(
        _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, rows: Range<Int>,
        scratch: UnsafeMutableRawBufferPointer
    ) {
        precondition(rows.lowerBound >= 0 && rows.upperBound <= shape.outputRows)
        precondition(scratch.count >= scratchBytes)
        precondition(Int(bitPattern: scratch.baseAddress) % Self.scratchAlignment == 0)
        functions.run(
            depthwise, packed.baseAddress, input.assumingMemoryBound(to: Int8.self),
            output.assumingMemoryBound(to: Int8.self), rows.lowerBound, rows.upperBound, scratch.baseAddress)
    }
}
