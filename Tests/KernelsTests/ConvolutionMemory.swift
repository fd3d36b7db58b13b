import CKernels
import Kernels
import Testing

/// Where a case's operands lie: each at the end of a page behind which there is none, so that a kernel that reads or
/// writes one byte too far ends the process.
struct ConvolutionMemory {
    /// The walk's largest operand is the packed weights: 5 blocks of 9 runs of 40 bytes.
    private static let mostBytes = 1 << 16
    static let untouched: Int8 = 0x5A

    private let pages: [GuardedPages]

    init() throws { pages = try (0..<12).map { _ in try GuardedPages(atLeast: Self.mostBytes) } }

    static func kernel(_ isa: String) throws -> mw_s8_convolution_kernel {
        var count = 0
        let table = try #require(mw_s8_convolution_kernels(&count))
        return try #require((0..<count).map { table[$0] }.first { String(cString: $0.isa) == isa })
    }

    /// - Returns: all of the output, ``untouched`` where the kernel did not write.
    func run(
        _ made: ConvolutionCase, _ kernel: mw_s8_convolution_kernel, positions: Range<Int>, blocks: Range<Int>
    ) throws -> [Int8] {
        let shape = made.shape
        let padding = [Int32](repeating: 0, count: shape.blocks * 16 - shape.channels)
        let zeros = [Int8](
            repeating: 0,
            count: mw_s8_convolution_packed_bytes(shape.channels, made.segments, shape.segmentLength))
        let packed = pages[0].place(zeros, at: .end)
        mw_s8_convolution_pack(
            shape.channels, made.segments, shape.segmentLength, made.weights, packed.baseAddress)
        let folded = pages[1].place(made.bias + padding, at: .end)
        mw_s8_convolution_fold(
            shape.channels, made.segments, shape.segmentLength, packed.baseAddress, made.inputZeroPoint,
            kernel.input_offset, made.weightZeroPoints, made.bias, folded.baseAddress)
        let points = made.weightZeroPoints.map { pages[2].place($0 + padding, at: .end) }

        var how = mw_requantization()
        how.zero_point = made.requantization.zeroPoint
        how.low = made.requantization.range.lowerBound
        how.high = made.requantization.range.upperBound
        switch made.requantization.factors {
        case .float(let scales):
            how.kind = MW_REQUANTIZE_FLOAT
            how.scales = UnsafePointer(pages[3].place(scales + padding.map { _ in 0 }, at: .end).baseAddress)
        case .twoStep(let multipliers, let shifts, let tiesUp):
            how.kind = tiesUp ? MW_REQUANTIZE_TWO_STEP_UP : MW_REQUANTIZE_TWO_STEP
            how.multipliers = UnsafePointer(pages[4].place(multipliers + padding, at: .end).baseAddress)
            how.shifts = UnsafePointer(pages[5].place(shifts + padding, at: .end).baseAddress)
        case .integer(let multipliers, let shifts, let tiesUp):
            how.kind = tiesUp ? MW_REQUANTIZE_INTEGER : MW_REQUANTIZE_INTEGER_AWAY
            how.multipliers = UnsafePointer(pages[4].place(multipliers + padding, at: .end).baseAddress)
            how.shifts = UnsafePointer(pages[5].place(shifts + padding, at: .end).baseAddress)
        }
        let float = [Float](repeating: 0, count: shape.blocks * 16)
        let fixed = (9...11).map { pages[$0].place(float, at: .end) }
        var most = [Int64](repeating: 0, count: shape.channels)
        mw_s8_convolution_most(
            shape.channels, made.segments, shape.segmentLength, packed.baseAddress, made.inputZeroPoint,
            made.weightZeroPoints, &most)
        var near: Int32 = 0
        if mw_requantization_fixed(
            &how, shape.channels, 0, most, made.bias,
            fixed[0].baseAddress, fixed[1].baseAddress, fixed[2].baseAddress, &near)
        {
            how.fixed_near = near
            how.fixed_scales = UnsafePointer(fixed[0].baseAddress)
            how.fixed_offsets = UnsafePointer(fixed[1].baseAddress)
            if how.kind == MW_REQUANTIZE_TWO_STEP, how.low < how.zero_point {
                how.fixed_negative_offsets = UnsafePointer(fixed[2].baseAddress)
            }
        }
        let offsets = pages[6].place(shape.segmentOffsets, at: .end)
        let input = pages[7].place(made.input, at: .end)
        let output = pages[8].place(
            [Int8](repeating: Self.untouched, count: shape.outputBytes) + made.residuals, at: .end)
        var convolution = mw_s8_convolution(
            rows: shape.rows, columns: shape.columns, row_stride: shape.rowStride, column_stride: shape.columnStride,
            segments: made.segments, segment_length: shape.segmentLength,
            segment_offsets: UnsafePointer(offsets.baseAddress), channels: shape.channels,
            output_stride: shape.outputStride, panel_bytes: made.panelBytes, weights: UnsafePointer(packed.baseAddress),
            folded_bias: UnsafePointer(folded.baseAddress),
            weight_zero_points: points.map { UnsafePointer($0.baseAddress) } ?? nil,
            residual_scale: made.requantization.residual?.scale ?? 0,
            residual_zero_point: made.requantization.residual?.zeroPoint ?? 0,
            residual_distance: made.requantization.residual?.distance ?? 0, requantization: how)
        let run = try #require(kernel.run)
        run(
            &convolution, input.baseAddress, output.baseAddress, positions.lowerBound, positions.upperBound,
            blocks.lowerBound, blocks.upperBound)
        return Array(output.prefix(shape.outputBytes))
    }
}
