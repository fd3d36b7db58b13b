/// Height and width of an image changed: each output pixel is picked, or mixed from four as ``ResizeArithmetic`` says.
///
/// - Shapes: input `[n, height, width, channels]`, output alike.
/// - Quantization: both sides alike.
package struct Resize: Operator {
    package static let code: UInt32 = 16
    package static let name = "resize"

    /// Where the output's rows (or columns) come from.
    package struct Axis: Hashable, Sendable {
        /// One an output index: the input's index below, the one above, and the share (0...1) that the one above gets; a
        /// multiple of 2^-bits where the arithmetic has so many.
        package var low: [Int32]
        package var high: [Int32]
        package var fraction: [Float]

        package init(low: [Int32], high: [Int32], fraction: [Float]) {
            self.low = low
            self.high = high
            self.fraction = fraction
        }
    }

    package let wiring: Wiring
    package let inputShape: [Int]
    package let outputShape: [Int]
    package let arithmetic: ResizeArithmetic
    package let rows: Axis
    package let columns: Axis

    package var constantBytes: Int { 12 * (rows.low.count + columns.low.count) }
    package var isFloatInside: Bool { arithmetic == .float }
    package var summary: String {
        "\(Self.name) \(arithmetic == .nearest ? "nearest" : "bilinear")"
    }

    package init(from decoder: inout OperatorDecoder) throws(PlanError) {
        try decoder.expect(inputs: 1, of: Self.name)
        let (input, output) = (try decoder.input(0, of: Self.name), try decoder.output(of: Self.name))
        wiring = decoder.wiring
        (inputShape, outputShape) = (input.shape, output.shape)
        try decoder.expect(
            inputShape.count == 4 && outputShape.count == 4 && inputShape[0] == outputShape[0]
                && inputShape[3] == outputShape[3] && input.quantization == output.quantization,
            "shapes of \(Self.name)", expected: "[n, height, width, channels] with equal n and channels",
            found: "\(inputShape) and \(outputShape)")
        arithmetic = try decoder.choice("arithmetic of \(Self.name)", ResizeArithmetic.self)
        rows = try Self.axis(&decoder, outputShape[1], of: inputShape[1], arithmetic)
        columns = try Self.axis(&decoder, outputShape[2], of: inputShape[2], arithmetic)
    }

    private static func axis(
        _ decoder: inout OperatorDecoder, _ count: Int, of size: Int, _ arithmetic: ResizeArithmetic
    ) throws(PlanError) -> Axis {
        func indices(_ what: String) throws(PlanError) -> [Int32] {
            let constant = try decoder.constant(what, count: count, of: Int32.self)
            let list = (0..<count).map { constant[$0] }
            if let bad = list.first(where: { $0 < 0 || $0 >= size }) {
                throw decoder.malformed(what, expected: "0..<\(size)", found: "\(bad)")
            }
            return list
        }
        let (low, high) = (try indices("lower indices"), try indices("upper indices"))
        let constant = try decoder.constant("fractions", count: count, of: Float.self)
        let fractions = (0..<count).map { constant[$0] }
        let unit = Float(1 << (arithmetic.bits ?? 0))
        let isWhole = { (fraction: Float) in arithmetic.bits == nil || fraction * unit == (fraction * unit).rounded() }
        if let bad = fractions.first(where: { !($0 >= 0 && $0 <= 1) || !isWhole($0) }) {
            throw decoder.malformed("fraction", expected: "0...1 in steps of 1/\(unit)", found: "\(bad)")
        }
        return Axis(low: low, high: high, fraction: fractions)
    }

    package func reference(_ inputs: [TensorValue]) -> [TensorValue] {
        let image = Image(inputs[0].int8s, shape: inputShape)
        var output: [Int8] = []
        for n in 0..<outputShape[0] {
            for y in 0..<outputShape[1] {
                for x in 0..<outputShape[2] {
                    for channel in 0..<outputShape[3] {
                        func pixel(_ row: Int32, _ column: Int32) -> Int32 {
                            image.at(n, Int(row), Int(column), channel) ?? 0
                        }
                        let four = (
                            pixel(rows.low[y], columns.low[x]), pixel(rows.low[y], columns.high[x]),
                            pixel(rows.high[y], columns.low[x]), pixel(rows.high[y], columns.high[x])
                        )
                        output.append(Int8(mix(four, rows.fraction[y], columns.fraction[x])))
                    }
                }
            }
        }
        return [.int8(output)]
    }

    /// - Parameter four: left and right above, left and right below.
    private func mix(_ four: (Int32, Int32, Int32, Int32), _ down: Float, _ across: Float) -> Int32 {
        guard let bits = arithmetic.bits else {
            var sum = Float(four.0 + 128) * ((1 - down) * (1 - across))
            sum += Float(four.1 + 128) * ((1 - down) * across)
            sum += Float(four.2 + 128) * (down * (1 - across))
            sum += Float(four.3 + 128) * (down * across)
            return Int32(min(sum + 0.5, 255)) - 128
        }
        let one = Int32(1) << Int32(bits)
        let (v, h) = (Int32(down * Float(one)), Int32(across * Float(one)))
        // At most 2^22 * 128.
        let above = (one - h) * four.0 + h * four.1
        let below = (one - h) * four.2 + h * four.3
        let sum = (one - v) * above + v * below
        let half = one * one >> 1
        return arithmetic == .divided ? (sum + (sum < 0 ? -half : half)) / (one * one) : (sum + half) >> Int32(2 * bits)
    }
}

extension PlanBuilder {
    /// Adds a change of an image's size; see ``ResizeArithmetic/axis(_:of:_:ratio:)`` for the axes.
    package mutating func resize(
        _ input: TensorID, _ arithmetic: ResizeArithmetic, rows: Resize.Axis, columns: Resize.Axis, name: String? = nil
    ) throws(PlanError) -> TensorID {
        let from = try image(input, Resize.name)
        let result = tensor(
            name: name, shape: [from[0], rows.low.count, columns.low.count, from[3]],
            quantization: quantization(of: input))
        append(Resize.self, [input], [result]) { encoder in
            encoder.choice(arithmetic)
            for axis in [rows, columns] {
                encoder.constant(axis.low)
                encoder.constant(axis.high)
                encoder.constant(axis.fraction)
            }
        }
        return result
    }
}
