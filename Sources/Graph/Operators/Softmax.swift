/// `exp(beta * x) / sum of exp(beta * x)` along the last dimension, in float32 with a table of exponentials.
///
/// `t = table[largest - x]`; `sum` adds the row's t in order; `p = t * (1 / (sum * scale))`, rounded half away from zero
/// (or `p + 0.5` cut off, as uint8 files have it), zero point added, clamped.
///
/// - Shapes: output as input.
/// - Source: TensorFlow Lite, `optimized_ops::Softmax` on int8 and uint8.
package struct Softmax: Operator {
    package static let code: UInt32 = 9
    package static let name = "softmax"

    package enum Rounding: UInt32, Hashable, Sendable, CaseIterable { case halfAway = 0, addHalfAndCut = 1 }

    package let wiring: Wiring
    /// Elements of one row, and how many rows.
    package let length: Int
    package let rows: Int
    package let output: Quantization
    package let rounding: Rounding
    /// `exp(-scale * beta * d)` for d = 0...255.
    package let table: Constant<Float>

    package var summary: String { "\(Self.name) of \(rows) x \(length), float32 inside" }
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
        rounding = try decoder.choice("rounding", Rounding.self)
        table = try decoder.constant("exponentials", count: 256, of: Float.self)
        for index in 0..<256 where !(table[index] >= 0 && table[index] <= 1) || table[0] != 1 {
            throw decoder.malformed(
                "exponential \(index)", expected: "0...1, the first 1", found: "\(table[index])")
        }
    }

    package func reference(_ inputs: [TensorValue]) -> [TensorValue] {
        let x = inputs[0].int8s
        var result: [Int8] = []
        for row in 0..<rows {
            let values = x[row * length..<(row + 1) * length].map(Int.init)
            let largest = values.reduce(-128, max)
            var sum: Float = 0
            for value in values { sum += table[largest - value] }
            let inverse = 1 / (sum * output.scale)
            for value in values { result.append(round(table[largest - value] * inverse)) }
        }
        return [.int8(result)]
    }

    private func round(_ p: Float) -> Int8 {
        // Within 2^10 before it is made an integer: beyond, it saturates anyway.
        let rounded = rounding == .halfAway ? p.rounded(.toNearestOrAwayFromZero) : (p + 0.5).rounded(.towardZero)
        return Int8(clamping: Int32(min(rounded, 1_024)) + output.zeroPoint)
    }
}

extension PlanBuilder {
    /// Adds a softmax along the last dimension.
    package mutating func softmax(
        _ input: TensorID, beta: Float, rounding: Softmax.Rounding = .halfAway, output: Quantization,
        name: String? = nil
    ) throws(PlanError) -> TensorID {
        let step = -(quantization(of: input).scale * beta)
        guard step.isFinite, step <= 0 else {
            throw .malformed(.init("beta of softmax", expected: "a finite number, 0 or above", found: "\(beta)"))
        }
        let result = tensor(name: name, shape: try shape(of: input), quantization: output)
        append(Softmax.self, [input], [result]) { encoder in
            encoder.choice(rounding)
            encoder.constant((0...255).map { Exponential.rounded(step * Float($0)) })
        }
        return result
    }
}
