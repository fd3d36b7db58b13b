internal import CKernels

/// The kernels of operators that have no weights, for one instruction set: sums of two tensors, pools, tables, softmax.
///
/// - Quantization: the same bytes on every instruction set.
package struct ByteKernels: Sendable {
    /// Places in the C tables, which hold functions that Swift does not take for Sendable.
    private let elementwise: Int
    private let pooling: Int
    private let lookup: Int

    /// - Parameter allowed: instruction sets that may be used; scalar is always.
    init(allowed: Set<String>) {
        elementwise = Self.last(mw_s8_elementwise_kernels, allowed) { ($0.isa, $0.is_supported) }
        pooling = Self.last(mw_s8_pooling_kernels, allowed) { ($0.isa, $0.is_supported) }
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

    // MARK: sums of two tensors

    /// One way to add two int8 numbers.
    package enum Addition: Hashable, Sendable {
        /// `((2^shift / 2 + (a - zeroPointA) * a + (b - zeroPointB) * b) >> shift) + zeroPoint`.
        case oneShift(a: Int32, b: Int32, shift: Int32)
        /// Each side scaled, then the sum.
        case twoStep(a: Scaling, b: Scaling, sum: Scaling)
        /// `round_half_even(fma(a, factorA, fma(b, factorB, offset)))`.
        case float(a: Float, b: Float, offset: Float)
    }

    /// `x << left`, times `multiplier / 2^31`, then `/ 2^right`.
    package struct Scaling: Hashable, Sendable {
        package enum Rounding: Sendable { case away, up, floor }
        package var left: Int32
        package var multiplier: Int32
        package var right: Int32
        package var rounding: Rounding

        package init(left: Int32, multiplier: Int32, right: Int32, rounding: Rounding) {
            self.left = left
            self.multiplier = multiplier
            self.right = right
            self.rounding = rounding
        }

        fileprivate var c: mw_fixed_point {
            let how: mw_rounding =
                switch rounding {
                case .away: MW_TIES_AWAY
                case .up: MW_TIES_UP
                case .floor: MW_FLOOR
                }
            return mw_fixed_point(left: left, multiplier: multiplier, right: right, rounding: how)
        }
    }

    package struct Zeros: Hashable, Sendable {
        package var a: Int32
        package var b: Int32
        package var output: Int32

        package init(a: Int32, b: Int32, output: Int32) {
            self.a = a
            self.b = b
            self.output = output
        }
    }

    /// `output[i] = clamp(a[i] + b[i])`; the output may be an operand itself.
    // SAFETY: the kernel touches `count` bytes of each, which the caller has.
    package func add(
        _ how: Addition, _ zeros: Zeros, subtracts: Bool, range: ClosedRange<Int32>, _ a: UnsafeRawPointer,
        _ b: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, count: Int
    ) {
        var add = mw_s8_add()
        add.zero_point_a = zeros.a
        add.zero_point_b = zeros.b
        add.zero_point = zeros.output
        add.sign_a = 1
        add.sign_b = subtracts ? -1 : 1
        add.low = range.lowerBound
        add.high = range.upperBound
        switch how {
        case .oneShift(let factorA, let factorB, let shift):
            let right = subtracts ? -factorB : factorB
            add.kind = MW_ADD_ONE_SHIFT
            add.factor_a = factorA
            add.factor_b = right
            add.shift = shift
            add.bias = ((1 << shift) >> 1) &- zeros.a &* factorA &- zeros.b &* right
        case .twoStep(let scaleA, let scaleB, let scaleSum):
            add.kind = MW_ADD_TWO_STEP
            add.scale_a = scaleA.c
            add.scale_b = scaleB.c
            add.scale_sum = scaleSum.c
        case .float(let factorA, let factorB, let offset):
            add.kind = MW_ADD_FLOAT
            add.float_a = factorA
            add.float_b = factorB
            add.float_offset = offset
            add.zero_point = 0
        }
        var operands = mw_s8_operands(rows: 1, columns: count, b_row_stride: count, b_column_stride: 1)
        var entries = 0
        guard let table = mw_s8_elementwise_kernels(&entries) else { return }
        table[elementwise].add(
            &add, &operands, a.assumingMemoryBound(to: Int8.self), b.assumingMemoryBound(to: Int8.self),
            output.assumingMemoryBound(to: Int8.self))
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
}

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
