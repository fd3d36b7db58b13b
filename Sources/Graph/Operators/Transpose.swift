/// Dimension `d` of the output is dimension `permutation[d]` of the input.
///
/// - Quantization: both sides alike.
package struct Transpose: Operator {
    package static let code: UInt32 = 15
    package static let name = "transpose"

    package let wiring: Wiring
    package let inputShape: [Int]
    package let permutation: [Int]

    package var summary: String { "\(Self.name) \(permutation)" }

    package init(from decoder: inout OperatorDecoder) throws(PlanError) {
        try decoder.expect(inputs: 1, of: Self.name)
        let (input, output) = (try decoder.input(0, of: Self.name), try decoder.output(of: Self.name))
        wiring = decoder.wiring
        inputShape = input.shape
        let rank = inputShape.count
        let permutation = try decoder.integers("permutation", count: rank, in: 0...rank - 1)
        self.permutation = permutation
        try decoder.expect(
            Set(permutation).count == rank && output.shape == permutation.map { input.shape[$0] }
                && input.quantization == output.quantization,
            "output of \(Self.name)", expected: "the shape \(input.shape) permuted by \(permutation)",
            found: "\(output.shape)")
    }

    package func reference(_ inputs: [TensorValue]) -> [TensorValue] {
        let x = inputs[0].int8s
        let strides = Strides.rowMajor(inputShape)
        var output: [Int8] = []
        Strides.forEach(permutation.map { inputShape[$0] }, permutation.map { strides[$0] }) { output.append(x[$0]) }
        return [.int8(output)]
    }
}

extension PlanBuilder {
    /// Adds a change of the order of dimensions.
    package mutating func transpose(_ input: TensorID, permutation: [Int], name: String? = nil) throws(PlanError)
        -> TensorID
    {
        let from = try shape(of: input)
        guard permutation.sorted() == Array(from.indices) else {
            throw .malformed(.init("permutation", expected: "each of 0..<\(from.count)", found: "\(permutation)"))
        }
        let result = tensor(name: name, shape: permutation.map { from[$0] }, quantization: quantization(of: input))
        append(Transpose.self, [input], [result]) { $0.integers(permutation) }
        return result
    }
}
