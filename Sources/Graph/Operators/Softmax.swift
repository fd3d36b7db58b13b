/// `exp(beta * x) / sum of exp(beta * x)` along the last dimension, in float32 with a table of exponentials.
///
/// `e = table[largest - x]`; `sum` adds the row's e in order, one rounding each; then as ``SoftmaxArithmetic/Rounding``
/// says, zero point added, clamped.
///
/// - Shapes: output as input.
/// - Source: TensorFlow Lite, `optimized_ops::Softmax` on int8 and uint8; ONNX Runtime, `QLinearSoftmax`.
package struct Softmax: Operator {
    package static let code: UInt32 = 9
    package static let name = "softmax"

    package let wiring: Wiring
    /// Elements of one row, and how many rows.
    package let length: Int
    package let rows: Int
    package let output: Quantization
    package let rounding: SoftmaxArithmetic.Rounding
    /// For an input that is so far below the largest of its row: 256 numbers, none above the first.
    package let table: Constant<Float>

    package var constantBytes: Int { table.bytes.count }
    package var isFloatInside: Bool { true }
    package var reuse: Reuse { .inPlace([0]) }

    package init(from decoder: inout OperatorDecoder) throws(PlanError) {
        try decoder.expect(inputs: 1, of: Self.name)
        let (from, to) = (try decoder.input(0, of: Self.name), try decoder.output(of: Self.name))
        wiring = decoder.wiring
        output = to.quantization
        let length = from.shape.last ?? 1
        self.length = length
        rows = from.elementCount / length
        try decoder.expect(
            from.shape == to.shape, "shape of \(Self.name)", expected: "\(from.shape)", found: "\(to.shape)")
        rounding = try decoder.choice("rounding", SoftmaxArithmetic.Rounding.self)
        table = try decoder.constant("exponentials", count: 256, of: Float.self)
        let most = table[0]
        for index in 0..<256 where !(table[index] >= 0 && table[index] <= most) {
            throw decoder.malformed("exponential \(index)", expected: "0...\(most)", found: "\(table[index])")
        }
        // So that nothing becomes infinite and then infinity by infinity, which is no number.
        let sums = (most, most * Float(length))
        let fits =
            rounding == .divideHalfEven
            ? sums.0 >= 0x1p-60 && sums.1.isFinite && (sums.0 * inverse).isFinite
            : sums.0 >= 0x1p-60 && (sums.1 * output.scale).isFinite && (1 / (sums.0 * output.scale)).isFinite
        try decoder.expect(
            fits, "exponentials and scale of \(Self.name)", expected: "rows whose sum float32 can hold",
            found: "\(most) and \(output.scale)")
    }

    /// `floor(1 / scale)`.
    package var inverse: Float { (1 / output.scale).rounded(.down) }

    package func reference(_ inputs: [TensorValue]) -> [TensorValue] {
        let x = inputs[0].int8s
        var result: [Int8] = []
        for row in 0..<rows {
            let values = x[row * length..<(row + 1) * length].map(Int.init)
            let largest = values.reduce(-128, max)
            var sum: Float = 0
            for value in values { sum += table[largest - value] }
            for value in values {
                // Within 2^10 before it is made an integer: beyond, it saturates anyway.
                let steps = min(steps(table[largest - value], sum), 1_024)
                result.append(Int8(clamping: Int32(steps) + output.zeroPoint))
            }
        }
        return [.int8(result)]
    }

    private func steps(_ exponential: Float, _ sum: Float) -> Float {
        switch rounding {
        case .halfAway: (exponential * (1 / (sum * output.scale))).rounded(.toNearestOrAwayFromZero)
        case .addHalfAndCut: (exponential * (1 / (sum * output.scale)) + 0.5).rounded(.towardZero)
        case .divideHalfEven: (exponential * inverse / sum).rounded(.toNearestOrEven)
        }
    }
}

extension PlanBuilder {
    /// Adds a softmax along the last dimension.
    /// - Parameter isUnsigned: carried over from uint8, which some contracts tell apart.
    package mutating func softmax(
        _ input: TensorID, beta: Float = 1, isUnsigned: Bool = false, output: Quantization, name: String? = nil
    ) throws(PlanError) -> TensorID {
        let shape = try shape(of: input)
        let rows = SoftmaxOfRows(
            quantization(of: input), output: output, beta: beta, length: shape.last ?? 1, isUnsigned: isUnsigned)
        guard let arithmetic = try Contracts.named(contract, among: contracts).softmax(rows) else {
            throw .malformed(.init("beta of softmax", expected: "one that \(contract) can do", found: "\(beta)"))
        }
        let result = tensor(name: name, shape: shape, quantization: output)
        append(Softmax.self, [input], [result]) { encoder in
            encoder.choice(arithmetic.rounding)
            encoder.constant(arithmetic.table)
        }
        return result
    }
}
