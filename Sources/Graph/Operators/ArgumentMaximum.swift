/// Where the largest (or smallest) element along a dimension is; the first, or the last, of equal ones.
///
/// - Shapes: int8 `[outer..., size, inner...]` to int32 of the same shape with 1 for `size`.
package struct ArgumentMaximum: Operator {
    package static let code: UInt32 = 17
    package static let name = "argument_maximum"

    package let wiring: Wiring
    package let axis: Int
    package let isMinimum: Bool
    package let takesLast: Bool
    package let inputShape: [Int]

    package var summary: String { (isMinimum ? "argument_minimum" : Self.name) + " along dimension \(axis)" }
    /// Elements before, along and behind the dimension.
    package var extents: (outer: Int, size: Int, inner: Int) {
        (inputShape[..<axis].reduce(1, *), inputShape[axis], inputShape[(axis + 1)...].reduce(1, *))
    }

    package init(from decoder: inout OperatorDecoder) throws(PlanError) {
        try decoder.expect(inputs: 1, of: Self.name)
        let (input, output) = (
            try decoder.input(0, of: Self.name), try decoder.output(of: Self.name, type: .int32)
        )
        wiring = decoder.wiring
        inputShape = input.shape
        axis = try decoder.integer("dimension", in: 0...inputShape.count - 1)
        isMinimum = try decoder.flag("minimum")
        takesLast = try decoder.flag("last of equal ones")
        var expected = inputShape
        expected[axis] = 1
        try decoder.expect(
            output.shape == expected, "output of \(Self.name)", expected: "\(expected)", found: "\(output.shape)")
    }

    package func reference(_ inputs: [TensorValue]) -> [TensorValue] {
        let x = inputs[0].int8s
        let (outer, size, inner) = extents
        var output: [Int32] = []
        for o in 0..<outer {
            for i in 0..<inner {
                var best = 0
                for index in 1..<max(size, 1) {
                    let (one, other) = (x[(o * size + index) * inner + i], x[(o * size + best) * inner + i])
                    let isBetter = isMinimum ? one < other : one > other
                    if isBetter || (takesLast && one == other) { best = index }
                }
                output.append(Int32(best))
            }
        }
        return [.int32(output)]
    }
}

extension PlanBuilder {
    /// Adds the index of the largest or smallest element along a dimension, which stays with size 1.
    package mutating func argumentMaximum(
        _ input: TensorID, axis: Int, isMinimum: Bool = false, takesLast: Bool = false, name: String? = nil
    ) throws(PlanError) -> TensorID {
        var shape = try shape(of: input)
        guard shape.indices.contains(axis) else {
            throw .malformed(.init("dimension", expected: "0..<\(shape.count)", found: "\(axis)"))
        }
        shape[axis] = 1
        let result = tensor(name: name, type: .int32, shape: shape, quantization: .identity)
        append(ArgumentMaximum.self, [input], [result]) { encoder in
            encoder.integer(axis)
            encoder.flag(isMinimum)
            encoder.flag(takesLast)
        }
        return result
    }
}
