/// `output = saturate(round(input / scale) + zeroPoint)`: real numbers become int8.
///
/// - Shapes: output as input. What is not a number becomes -128.
/// - Quantization: rounding by the contract's ``QuantizingArithmetic``.
package struct Quantize: Operator {
    package static let code: UInt32 = 19
    package static let name = "quantize"

    package let wiring: Wiring
    package let quantization: Quantization
    package let arithmetic: QuantizingArithmetic

    package init(from decoder: inout OperatorDecoder) throws(PlanError) {
        try decoder.expect(inputs: 1, of: Self.name)
        let (input, output) = (
            try decoder.input(0, of: Self.name, type: .float32), try decoder.output(of: Self.name)
        )
        wiring = decoder.wiring
        quantization = output.quantization
        arithmetic = decoder.contract.quantizing(output.quantization)
        try decoder.expect(
            input.shape == output.shape, "shape of \(Self.name)", expected: "\(input.shape)", found: "\(output.shape)")
    }

    package func reference(_ inputs: [TensorValue]) -> [TensorValue] {
        let x = inputs[0].floats
        let bodyCount = arithmetic.bodyCount(of: x.count)
        return [.int8(x.indices.map { arithmetic(x[$0], quantization, isTail: $0 >= bodyCount) })]
    }
}

extension PlanBuilder {
    /// Adds the change from real numbers to int8.
    package mutating func quantize(_ input: TensorID, output: Quantization, name: String? = nil) throws(PlanError)
        -> TensorID
    {
        let result = tensor(name: name, shape: try shape(of: input), quantization: output)
        append(Quantize.self, [input], [result]) { _ in }
        return result
    }
}
