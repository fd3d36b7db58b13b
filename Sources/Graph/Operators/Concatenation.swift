/// Tensors one behind the other along a dimension.
///
/// - Shapes: alike but for that dimension.
/// - Quantization: all alike; where a file has others, a ``Lookup`` in front changes them.
package struct Concatenation: Operator {
    package static let code: UInt32 = 11
    package static let name = "concatenation"

    package let wiring: Wiring
    package let axis: Int
    package let inputShapes: [[Int]]
    package let outputShape: [Int]

    package var summary: String { "\(Self.name) of \(inputShapes.count) along dimension \(axis)" }

    package init(from decoder: inout OperatorDecoder) throws(PlanError) {
        try decoder.expect(inputs: max(1, decoder.wiring.inputs.count), of: Self.name)
        wiring = decoder.wiring
        let output = try decoder.output(of: Self.name)
        outputShape = output.shape
        let axis = try decoder.integer("dimension", in: 0...outputShape.count - 1)
        self.axis = axis
        var shapes: [[Int]] = []
        for index in wiring.inputs.indices {
            let input = try decoder.input(index, of: Self.name)
            var expected = output.shape
            if input.shape.indices.contains(axis) { expected[axis] = input.shape[axis] }
            try decoder.expect(
                input.shape == expected && input.quantization == output.quantization, "input \(index) of \(Self.name)",
                expected: "\(expected), \(output.quantization)", found: "\(input.shape), \(input.quantization)")
            shapes.append(input.shape)
        }
        inputShapes = shapes
        let total = shapes.reduce(0) { $0 + $1[axis] }
        try decoder.expect(
            total == outputShape[axis], "dimension \(axis) of the output", expected: "\(total)",
            found: "\(outputShape[axis])")
    }

    /// Copies of one input: how many runs, and elements of a run.
    package func runs(of index: Int) -> (count: Int, length: Int) {
        let shape = inputShapes[index]
        return (shape[..<axis].reduce(1, *), shape[axis...].reduce(1, *))
    }

    package func reference(_ inputs: [TensorValue]) -> [TensorValue] {
        var output: [Int8] = []
        for run in 0..<runs(of: 0).count {
            for (index, input) in inputs.enumerated() {
                let length = runs(of: index).length
                output += input.int8s[run * length..<(run + 1) * length]
            }
        }
        return [.int8(output)]
    }
}

extension PlanBuilder {
    /// Adds tensors of one quantization one behind the other along a dimension.
    package mutating func concatenation(_ inputs: [TensorID], axis: Int, name: String? = nil) throws(PlanError)
        -> TensorID
    {
        guard let first = inputs.first, var shape = try? shape(of: first), shape.indices.contains(axis) else {
            throw .malformed(
                .init(
                    "operands of \(Concatenation.name)", expected: "1 or more with dimension \(axis)", found: "others"))
        }
        shape[axis] = 0
        for input in inputs {
            let one = try self.shape(of: input)
            guard one.count == shape.count else {
                throw .malformed(.init("operand of \(Concatenation.name)", expected: "\(shape)", found: "\(one)"))
            }
            shape[axis] += one[axis]
        }
        let result = tensor(name: name, shape: shape, quantization: quantization(of: first))
        append(Concatenation.self, inputs, [result]) { $0.integer(axis) }
        return result
    }
}
