internal import CKernels

/// One of the operators that make one int8 number of two, its constants ready, for one instruction set.
///
/// - Quantization: the same bytes on every instruction set.
package struct PairKernel {
    private enum Operation {
        case add(mw_s8_add), multiply(mw_s8_multiply), maximum, minimum
    }

    private var operation: Operation
    /// Place in the C table.
    private let index: Int

    /// What is added to what, and how.
    package enum Addition: Hashable, Sendable {
        /// `((2^shift / 2 + (a - zeroPointA) * a + (b - zeroPointB) * b) >> shift) + zeroPoint`.
        case oneShift(a: Int32, b: Int32, shift: Int32)
        /// Each side scaled, then the sum.
        case twoStep(a: Scaling, b: Scaling, sum: Scaling)
        /// `round_half_even(fma(a + origin, factorA, fma(b + origin, factorB, offset))) - origin`: zero points and sign are
        /// part of the constants.
        case float(a: Float, b: Float, offset: Float, origin: Int32)
        /// `round_half_even((a - zeroPointA) * factorA + (b - zeroPointB) * factorB) + zeroPoint`.
        case realNumbers(a: Float, b: Float)
        /// Each side scaled and rounded by itself, half up, then the sum.
        case separate(a: Fraction, b: Fraction)
    }

    /// `(x * multiplier + 2^shift / 2) >> shift`.
    package struct Fraction: Hashable, Sendable {
        /// 0...127.
        package var multiplier: Int32
        /// 0...30.
        package var shift: Int32

        package init(multiplier: Int32, shift: Int32) {
            self.multiplier = multiplier
            self.shift = shift
        }
    }

    /// How the product of two numbers less their zero points is scaled.
    package enum Multiplication: Hashable, Sendable {
        case fixedPoint(Scaling)
        /// `round_half_even(product * scale) + zeroPoint`.
        case float(scale: Float)
        /// `round_half_even(product * scale + Float(zeroPoint + origin)) - origin`.
        case zeroPointFirst(scale: Float, origin: Int32)
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

    /// `clamp(a + b)`, or `a - b`.
    package init(
        _ how: Addition, _ zeros: Zeros, subtracts: Bool, range: ClosedRange<Int32>, kernels: ByteKernels
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
            mw_s8_add_prepare(&add)
        case .float(let factorA, let factorB, let offset, let origin):
            add.kind = MW_ADD_FLOAT
            add.float_a = factorA
            add.float_b = factorB
            add.float_offset = offset
            (add.zero_point_a, add.zero_point_b, add.zero_point) = (-origin, -origin, -origin)
        case .realNumbers(let factorA, let factorB):
            add.kind = MW_ADD_REAL
            add.float_a = factorA
            add.float_b = subtracts ? -factorB : factorB
        case .separate(let a, let b):
            add.kind = MW_ADD_SEPARATE
            (add.factor_a, add.shift) = (a.multiplier, a.shift)
            (add.factor_b, add.shift_b) = (b.multiplier, b.shift)
        }
        operation = .add(add)
        index = kernels.elementwise
    }

    /// `clamp(a * b)`.
    package init(_ how: Multiplication, _ zeros: Zeros, range: ClosedRange<Int32>, kernels: ByteKernels) {
        var multiply = mw_s8_multiply()
        multiply.zero_point_a = zeros.a
        multiply.zero_point_b = zeros.b
        multiply.zero_point = zeros.output
        multiply.low = range.lowerBound
        multiply.high = range.upperBound
        switch how {
        case .fixedPoint(let scaling):
            multiply.kind = MW_MULTIPLY_FIXED_POINT
            multiply.fixed_point = scaling.c
        case .float(let scale):
            multiply.kind = MW_MULTIPLY_FLOAT
            multiply.scale = scale
        case .zeroPointFirst(let scale, let origin):
            multiply.kind = MW_MULTIPLY_FLOAT_ZERO_POINT
            multiply.scale = scale
            multiply.origin = origin
        }
        operation = .multiply(multiply)
        index = kernels.elementwise
    }

    /// The larger, or the smaller, of two.
    package init(isMaximum: Bool, kernels: ByteKernels) {
        operation = isMaximum ? .maximum : .minimum
        index = kernels.elementwise
    }

    /// The same for operands in the other order; nil where that would round otherwise.
    package var swapped: PairKernel? {
        var swapped = self
        switch operation {
        case .maximum, .minimum: break
        case .multiply(var multiply):
            swap(&multiply.zero_point_a, &multiply.zero_point_b)
            swapped.operation = .multiply(multiply)
        case .add(let add) where add.kind == MW_ADD_FLOAT: return nil
        case .add(var add):
            swap(&add.zero_point_a, &add.zero_point_b)
            swap(&add.factor_a, &add.factor_b)
            swap(&add.float_a, &add.float_b)
            if add.kind == MW_ADD_SEPARATE { swap(&add.shift, &add.shift_b) }
            swap(&add.sign_a, &add.sign_b)
            swap(&add.scale_a, &add.scale_b)
            swapped.operation = .add(add)
        }
        return swapped
    }

    /// Where the second operand's elements lie: that of (row, column) is
    /// `b[row * rowStep + (columnStep == 0 ? 0 : column)]`. The first and the output are dense.
    package struct Operands: Hashable, Sendable {
        package var rows: Int
        package var columns: Int
        package var rowStep: Int
        /// 0 or 1.
        package var columnStep: Int

        package init(rows: Int, columns: Int, rowStep: Int, columnStep: Int) {
            self.rows = rows
            self.columns = columns
            self.rowStep = rowStep
            self.columnStep = columnStep
        }
    }

    /// One result for each pair; the output may be an operand that is dense itself.
    // SAFETY: the kernel touches rows * columns bytes of `a` and `output`, and those of `b` that Operands says, which the
    // caller has.
    package func callAsFunction(
        _ operands: Operands, _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ output: UnsafeMutableRawPointer
    ) {
        var entries = 0
        guard let table = mw_s8_elementwise_kernels(&entries) else { return }
        var shape = mw_s8_operands(
            rows: operands.rows, columns: operands.columns, b_row_stride: operands.rowStep,
            b_column_stride: operands.columnStep)
        let (a, b) = (a.assumingMemoryBound(to: Int8.self), b.assumingMemoryBound(to: Int8.self))
        let output = output.assumingMemoryBound(to: Int8.self)
        switch operation {
        case .add(var add): table[index].add(&add, &shape, a, b, output)
        case .multiply(var multiply): table[index].multiply(&multiply, &shape, a, b, output)
        case .maximum: table[index].maximum(&shape, a, b, output)
        case .minimum: table[index].minimum(&shape, a, b, output)
        }
    }
}
