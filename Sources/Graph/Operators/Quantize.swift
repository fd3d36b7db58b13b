/// `output = saturate(round(input / scale) + zeroPoint)`, ties to even: real numbers become int8.
///
/// - Shapes: output as input. A NaN becomes the zero point.
/// - Source: ONNX `QuantizeLinear`.
package struct Quantize: Operator {
    package static let code: UInt32 = 19
    package static let name = "quantize"

    package let wiring: Wiring
    package let quantization: Quantization

    package init(from decoder: inout OperatorDecoder) throws(PlanError) {
        try decoder.expect(inputs: 1, of: Self.name)
        let (input, output) = (
            try decoder.input(0, of: Self.name, type: .float32), try decoder.output(of: Self.name)
        )
        wiring = decoder.wiring
        quantization = output.quantization
        try decoder.expect(
            input.shape == output.shape, "shape of \(Self.name)", expected: "\(input.shape)", found: "\(output.shape)")
    }

    package func reference(_ inputs: [TensorValue]) -> [TensorValue] {
        [.int8(inputs[0].floats.map { quantization.quantize($0) })]
    }
}

/// `output = scale * (input - zeroPoint)`: int8 becomes real numbers.
///
/// - Shapes: output as input.
/// - Source: ONNX `DequantizeLinear`.
package struct Dequantize: Operator {
    package static let code: UInt32 = 20
    package static let name = "dequantize"

    package let wiring: Wiring
    package let quantization: Quantization

    package init(from decoder: inout OperatorDecoder) throws(PlanError) {
        try decoder.expect(inputs: 1, of: Self.name)
        let (input, output) = (
            try decoder.input(0, of: Self.name), try decoder.output(of: Self.name, type: .float32)
        )
        wiring = decoder.wiring
        quantization = input.quantization
        try decoder.expect(
            input.shape == output.shape, "shape of \(Self.name)", expected: "\(input.shape)", found: "\(output.shape)")
    }

    package func reference(_ inputs: [TensorValue]) -> [TensorValue] {
        [.float32(inputs[0].int8s.map { quantization.dequantize($0) })]
    }
}

extension Quantization {
    /// `x / scale` rounded half to even, zero point added, saturated; NaN is the zero point.
    package func quantize(_ value: Float) -> Int8 {
        // Within ±2^10 before it is made an integer: whatever is beyond saturates anyway, and the quotient may be infinite.
        let steps = (value / scale).rounded(.toNearestOrEven)
        guard !steps.isNaN else { return Int8(zeroPoint) }
        return Int8(clamping: Int32(min(max(steps, -1_024), 1_024)) + zeroPoint)
    }

    /// `scale * (int8 - zeroPoint)`.
    package func dequantize(_ value: Int8) -> Float { scale * Float(Int32(value) - zeroPoint) }
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

    /// Adds the change from int8 to real numbers.
    package mutating func dequantize(_ input: TensorID, name: String? = nil) throws(PlanError) -> TensorID {
        let result = tensor(name: name, type: .float32, shape: try shape(of: input), quantization: .identity)
        append(Dequantize.self, [input], [result]) { _ in }
        return result
    }
}
