/// A softmax of rows, as far as contracts tell them apart.
package struct SoftmaxOfRows: Hashable, Sendable {
    package var input: Quantization
    package var output: Quantization
    package var beta: Float
    /// Elements of one row.
    package var length: Int
    /// Carried over from uint8.
    package var isUnsigned: Bool

    package init(
        _ input: Quantization, output: Quantization, beta: Float = 1, length: Int, isUnsigned: Bool = false
    ) {
        self.input = input
        self.output = output
        self.beta = beta
        self.length = length
        self.isUnsigned = isUnsigned
    }
}

/// What a plan stores of a softmax.
package struct SoftmaxArithmetic: Hashable, Sendable {
    package enum Rounding: UInt32, Hashable, Sendable, CaseIterable {
        /// `round(e * (1 / (sum * scale)))`, half away from zero.
        case halfAway = 0
        /// `e * (1 / (sum * scale)) + 0.5`, cut off.
        case addHalfAndCut = 1
        /// `round(e * floor(1 / scale) / sum)`, half to even.
        case divideHalfEven = 2
    }
    package var rounding: Rounding
    /// 256 exponentials, for an input that is so far below the largest of its row.
    package var table: [Float]

    package init(_ rounding: Rounding, table: [Float]) {
        self.rounding = rounding
        self.table = table
    }
}
