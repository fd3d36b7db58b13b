/// `output = scale * (input - zeroPoint)`: int8 becomes real numbers.
///
/// - Shapes: output as input.
/// - Quantization: rounding by the contract's ``DequantizingArithmetic``.
package struct Dequantize: Operator {
    package static let code: UInt32 = 20
    package static let name = "dequantize"

    package let wiring: Wiring
    package let quantization: Quantization
    package let arithmetic: DequantizingArithmetic

    package init(from decoder: inout OperatorDecoder) throws(PlanError) {
        try decoder.expect(inputs: 1, of: Self.name)
        let (input, output) = (
            try decoder.input(0, of: Self.name), try decoder.output(of: Self.name, type: .float32)
        )
        wiring = decoder.wiring
        quantization = input.quantization
        arithmetic = decoder.contract.dequantizing(
            input.quantization, isUnsigned: try decoder.flag("origin in uint8"))
        try decoder.expect(
            input.shape == output.shape, "shape of \(Self.name)", expected: "\(input.shape)", found: "\(output.shape)")
    }

    package func reference(_ inputs: [TensorValue]) -> [TensorValue] {
        let x = inputs[0].int8s
        let bodyCount = arithmetic.bodyCount(of: x.count)
        return [.float32(x.indices.map { arithmetic(x[$0], quantization, isTail: $0 >= bodyCount) })]
    }
}

extension PlanBuilder {
    /// Adds the change from int8 to real numbers.
    /// - Parameter isUnsigned: carried over from uint8, which some contracts tell apart.
    package mutating func dequantize(_ input: TensorID, isUnsigned: Bool = false, name: String? = nil)
        throws(PlanError) -> TensorID
    {
        let result = tensor(name: name, type: .float32, shape: try shape(of: input), quantization: .identity)
        append(Dequantize.self, [input], [result]) { $0.flag(isUnsigned) }
        return result
    }
}
