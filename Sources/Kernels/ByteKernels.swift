internal import CKernels

/// The kernels of operators that have no weights, for one instruction set: of two tensors, pools, tables, resizing, doors.
///
/// - Quantization: the same bytes on every instruction set.
package struct ByteKernels: Sendable {
    /// Places in the C tables, which hold functions that Swift does not take for Sendable.
    let elementwise: Int
    let resize: Int
    let distance: Int
    private let pooling: Int
    private let lookup: Int
    private let quantize: Int

    /// - Parameter allowed: instruction sets that may be used; scalar is always.
    init(allowed: Set<String>) {
        elementwise = Self.last(mw_s8_elementwise_kernels, allowed) { ($0.isa, $0.is_supported) }
        pooling = Self.last(mw_s8_pooling_kernels, allowed) { ($0.isa, $0.is_supported) }
        resize = Self.last(mw_s8_resize_kernels, allowed) { ($0.isa, $0.is_supported) }
        quantize = Self.last(mw_s8_quantize_kernels, allowed) { ($0.isa, $0.is_supported) }
        distance = Self.last(mw_s8_distance_kernels, allowed) { ($0.isa, $0.is_supported) }
        lookup = Self.last(mw_s8_lookup_kernels, allowed) { ($0.isa, $0.is_supported) }
    }

    /// Tables are in ascending order and begin with scalar.
    private static func last<Entry>(
        _ table: (UnsafeMutablePointer<Int>) -> UnsafePointer<Entry>?, _ allowed: Set<String>,
        _ describe: (Entry) -> (UnsafePointer<CChar>?, (@convention(c) () -> Bool)?)
    ) -> Int {
        var count = 0
        guard let entries = table(&count) else { return 0 }
        var best = 0
        for index in 0..<count {
            let (isa, isSupported) = describe(entries[index])
            guard let isa, isSupported?() == true else { continue }
            if allowed.contains(String(cString: isa)) { best = index }
        }
        return best
    }

    // MARK: pools

    /// The largest of the cells, or their average with ties away from zero, for rows of the output.
    // SAFETY: the kernel stays within the images that the shape says, which the caller has.
    package func pool(
        _ shape: DepthwiseShape, isMaximum: Bool, range: ClosedRange<Int32>, _ input: UnsafeRawPointer,
        _ output: UnsafeMutableRawPointer, rows: Range<Int>
    ) {
        var pool = mw_s8_pool(
            input_rows: shape.inputRows, input_columns: shape.inputColumns, output_rows: shape.outputRows,
            output_columns: shape.outputColumns, channels: shape.channels, taps_y: shape.tapsY, taps_x: shape.tapsX,
            stride_y: shape.strideY, stride_x: shape.strideX, dilation_y: shape.dilationY,
            dilation_x: shape.dilationX, pad_top: shape.padTop, pad_left: shape.padLeft, low: range.lowerBound,
            high: range.upperBound)
        var entries = 0
        guard let table = mw_s8_pooling_kernels(&entries) else { return }
        let run = isMaximum ? table[pooling].maximum : table[pooling].average
        run?(
            &pool, input.assumingMemoryBound(to: Int8.self), output.assumingMemoryBound(to: Int8.self),
            rows.lowerBound, rows.upperBound)
    }

    /// `sums[c] = sum over p of input[p * channels + c]`, for at most 2^24 positions.
    // SAFETY: reads positions * channels bytes and writes `channels` sums, which the caller has.
    package func sum(
        positions: Int, channels: Int, _ input: UnsafeRawPointer, _ sums: UnsafeMutablePointer<Int32>
    ) {
        var entries = 0
        guard let table = mw_s8_pooling_kernels(&entries) else { return }
        table[pooling].sum(positions, channels, input.assumingMemoryBound(to: Int8.self), sums)
    }

    // MARK: tables

    /// `output[i] = table[input[i] + 128]`; the output may be the input.
    // SAFETY: reads 256 entries and `count` bytes, writes as many, which the caller has.
    package func look(
        up input: UnsafeRawPointer, in table: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, count: Int
    ) {
        var entries = 0
        guard let kernels = mw_s8_lookup_kernels(&entries) else { return }
        kernels[lookup].run(
            count, table.assumingMemoryBound(to: Int8.self), input.assumingMemoryBound(to: Int8.self),
            output.assumingMemoryBound(to: Int8.self))
    }

    // MARK: doors

    /// Where a real number's place on the scale comes from; then it is rounded half to even.
    package enum Quantizing: Hashable, Sendable {
        /// `x * inverse`.
        case multiply(inverse: Float)
        /// `x / scale`.
        case divide(scale: Float)
    }

    /// `output[i] = saturate(round(input[i]) + zeroPoint)`; -128 for what is not a number.
    // SAFETY: reads `count` floats and writes `count` bytes, which the caller has.
    package func quantize(
        _ how: Quantizing, zeroPoint: Int32, _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Int8>,
        count: Int
    ) {
        var quantizing = mw_s8_quantize()
        switch how {
        case .multiply(let inverse): (quantizing.kind, quantizing.scale) = (MW_QUANTIZE_MULTIPLY_EVEN, inverse)
        case .divide(let scale): (quantizing.kind, quantizing.scale) = (MW_QUANTIZE_DIVIDE_EVEN, scale)
        }
        (quantizing.zero_point, quantizing.low, quantizing.high) = (zeroPoint, -128, 127)
        var entries = 0
        guard let table = mw_s8_quantize_kernels(&entries) else { return }
        table[quantize].quantize(&quantizing, count, input, output)
    }

    /// `output[i] = Float(input[i] - zeroPoint) * scale + offset`, each step rounded.
    // SAFETY: reads `count` bytes and writes `count` floats, which the caller has.
    package func dequantize(
        zeroPoint: Int32, scale: Float, offset: Float, _ input: UnsafePointer<Int8>,
        _ output: UnsafeMutablePointer<Float>, count: Int
    ) {
        var entries = 0
        guard let table = mw_s8_quantize_kernels(&entries) else { return }
        table[quantize].dequantize(count, input, zeroPoint, scale, offset, output)
    }
}
