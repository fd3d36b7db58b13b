/// The same elements under another shape.
///
/// - Shapes: any two with equally many elements.
/// - Quantization: both sides alike.
package struct Reshape: Operator {
    package static let code: UInt32 = 14
    package static let name = "reshape"

    package let wiring: Wiring
    package let byteCount: Int
    package var reuse: Reuse { .alias }

    package init(from decoder: inout OperatorDecoder) throws(PlanError) {
        try decoder.expect(inputs: 1, of: Self.name)
        wiring = decoder.wiring
        let (input, output) = (decoder.tensor(wiring.inputs[0]), decoder.tensor(wiring.outputs[0]))
        byteCount = input.byteCount
        try decoder.expect(
            input.elementCount == output.elementCount && input.type == output.type
                && input.quantization == output.quantization,
            "output of \(Self.name)", expected: "\(input.elementCount) elements, \(input.type), \(input.quantization)",
            found: "\(output.elementCount), \(output.type), \(output.quantization)")
    }

    package func reference(_ inputs: [TensorValue]) -> [TensorValue] { inputs }
}

extension PlanBuilder {
    /// Adds another shape for the same elements.
    package mutating func reshape(_ input: TensorID, shape: [Int], name: String? = nil) throws(PlanError) -> TensorID {
        try expect(shape.reduce(1, *), try self.shape(of: input).reduce(1, *), "elements of \(shape)")
        let from = tensors[input.index]
        let result = tensor(name: name, type: from.type, shape: shape, quantization: from.quantization)
        append(Reshape.self, [input], [result]) { _ in }
        return result
    }
}
