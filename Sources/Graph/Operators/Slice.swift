/// Every `step`-th element from `start` on along each dimension.
///
/// - Shapes: `start + step * (size - 1)` lies within the input for each dimension, sizes are the output's shape.
/// - Quantization: both sides alike.
package struct Slice: Operator {
    package static let code: UInt32 = 12
    package static let name = "slice"

    package let wiring: Wiring
    package let inputShape: [Int]
    package let outputShape: [Int]
    package let starts: [Int]
    /// Below zero goes backwards.
    package let steps: [Int]

    package var summary: String {
        "\(Self.name) from \(starts)" + (steps.allSatisfy { $0 == 1 } ? "" : " by \(steps)")
    }

    package init(from decoder: inout OperatorDecoder) throws(PlanError) {
        try decoder.expect(inputs: 1, of: Self.name)
        let (input, output) = (try decoder.input(0, of: Self.name), try decoder.output(of: Self.name))
        wiring = decoder.wiring
        (inputShape, outputShape) = (input.shape, output.shape)
        let rank = inputShape.count
        let limit = PlanFormat.maximumElements
        starts = try decoder.integers("start", count: rank, in: 0...limit)
        steps = try decoder.integers("step", count: rank, in: -limit...limit)
        var fits = outputShape.count == rank && input.quantization == output.quantization
        for axis in 0..<rank where fits {
            let last = starts[axis] + steps[axis] * (outputShape[axis] - 1)
            fits =
                starts[axis] < inputShape[axis] && last >= 0 && last < inputShape[axis]
                && (steps[axis] != 0 || outputShape[axis] == 1)
        }
        try decoder.expect(
            fits, "\(Self.name)", expected: "elements within \(inputShape)",
            found: "\(outputShape) from \(starts) by \(steps)")
    }

    /// Where the first element lies, and how far apart neighbours are, one a dimension.
    package var view: (start: Int, strides: [Int]) {
        let strides = Strides.rowMajor(inputShape)
        return (
            zip(starts, strides).reduce(0) { $0 + $1.0 * $1.1 }, zip(steps, strides).map { $0 * $1 }
        )
    }

    package func reference(_ inputs: [TensorValue]) -> [TensorValue] {
        let x = inputs[0].int8s
        var output: [Int8] = []
        Strides.forEach(outputShape, view.strides, from: view.start) { output.append(x[$0]) }
        return [.int8(output)]
    }
}

extension PlanBuilder {
    /// Adds a strided part of a tensor.
    package mutating func slice(
        _ input: TensorID, starts: [Int], steps: [Int], sizes: [Int], name: String? = nil
    ) throws(PlanError) -> TensorID {
        let rank = try shape(of: input).count
        for (list, what) in [(starts, "starts"), (steps, "steps"), (sizes, "sizes")] {
            try expect(list.count, rank, what)
        }
        let result = tensor(name: name, shape: sizes, quantization: quantization(of: input))
        append(Slice.self, [input], [result]) { encoder in
            encoder.integers(starts)
            encoder.integers(steps)
        }
        return result
    }
}
