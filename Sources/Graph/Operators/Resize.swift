/// Height and width of an image changed: each output pixel is picked, or mixed from four.
///
/// `output = (sum of rowWeight * columnWeight * input + half) >> (2 * bits)`, the weights being fixed-point fractions with
/// `bits` bits; picking is `bits == 0`.
///
/// - Shapes: input `[n, height, width, channels]`, output alike.
/// - Quantization: both sides alike.
package struct Resize: Operator {
    package static let code: UInt32 = 16
    package static let name = "resize"

    /// Where the output's rows (or columns) come from.
    package struct Axis: Hashable, Sendable {
        /// One an output index: the input's index below, the one above, and how much of 2^bits the one above gets.
        package var low: [Int32]
        package var high: [Int32]
        package var fraction: [Int32]

        package init(low: [Int32], high: [Int32], fraction: [Int32]) {
            self.low = low
            self.high = high
            self.fraction = fraction
        }
    }

    package let wiring: Wiring
    package let inputShape: [Int]
    package let outputShape: [Int]
    package let bits: Int
    package let rows: Axis
    package let columns: Axis
    /// Whether a negative half goes up as a shift does, or away from zero as a division after adding half of its sign.
    package let roundsAway: Bool

    package var summary: String {
        "\(Self.name) \(bits == 0 ? "nearest" : "bilinear") to \(outputShape[1])x\(outputShape[2])"
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
        bits = try decoder.integer("bits of \(Self.name)", in: 0...11)
        roundsAway = try decoder.flag("rounding of \(Self.name)")
        rows = try Self.axis(&decoder, outputShape[1], of: inputShape[1], bits)
        columns = try Self.axis(&decoder, outputShape[2], of: inputShape[2], bits)
    }

    private static func axis(_ decoder: inout OperatorDecoder, _ count: Int, of size: Int, _ bits: Int)
        throws(PlanError) -> Axis
    {
        func list(_ what: String, _ limit: Int) throws(PlanError) -> [Int32] {
            let constant = try decoder.constant(what, count: count, of: Int32.self)
            let list = (0..<count).map { constant[$0] }
            if let bad = list.first(where: { $0 < 0 || $0 > limit }) {
                throw decoder.malformed(what, expected: "0...\(limit)", found: "\(bad)")
            }
            return list
        }
        return Axis(
            low: try list("lower indices", size - 1), high: try list("upper indices", size - 1),
            fraction: try list("fractions", 1 << bits))
    }

    package func reference(_ inputs: [TensorValue]) -> [TensorValue] {
        let image = Image(inputs[0].int8s, shape: inputShape)
        var output: [Int8] = []
        for n in 0..<outputShape[0] {
            for y in 0..<outputShape[1] {
                for x in 0..<outputShape[2] {
                    for channel in 0..<outputShape[3] { output.append(Int8(mix(image, n, y, x, channel))) }
                }
            }
        }
        return [.int8(output)]
    }

    private func mix(_ image: Image, _ n: Int, _ y: Int, _ x: Int, _ channel: Int) -> Int32 {
        func pixel(_ row: Int32, _ column: Int32) -> Int32 { image.at(n, Int(row), Int(column), channel) ?? 0 }
        let one = Int32(1) << Int32(bits)
        let (v, h) = (rows.fraction[y], columns.fraction[x])
        // At most 2^22 * 128.
        let top = (one - h) * pixel(rows.low[y], columns.low[x]) + h * pixel(rows.low[y], columns.high[x])
        let bottom = (one - h) * pixel(rows.high[y], columns.low[x]) + h * pixel(rows.high[y], columns.high[x])
        let sum = (one - v) * top + v * bottom
        let half = one * one >> 1
        return roundsAway ? (sum + (sum < 0 ? -half : half)) / (one * one) : (sum + half) >> Int32(2 * bits)
    }
}

extension PlanBuilder {
    /// Adds a change of an image's size.
    package mutating func resize(
        _ input: TensorID, rows: Resize.Axis, columns: Resize.Axis, bits: Int, roundsAway: Bool = false,
        name: String? = nil
    ) throws(PlanError) -> TensorID {
        let from = try image(input, Resize.name)
        let result = tensor(
            name: name, shape: [from[0], rows.low.count, columns.low.count, from[3]],
            quantization: quantization(of: input))
        append(Resize.self, [input], [result]) { encoder in
            encoder.integer(bits)
            encoder.flag(roundsAway)
            for axis in [rows, columns] {
                encoder.constant(axis.low)
                encoder.constant(axis.high)
                encoder.constant(axis.fraction)
            }
        }
        return result
    }
}
