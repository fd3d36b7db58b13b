/// `(x - zeroPoint) * scale`: where integers become real numbers.
///
/// - Shapes: x, scale (one, or one a slice along `axis`), zero point alike or left out.
/// - Source: ONNX `DequantizeLinear`; TensorFlow Lite `DEQUANTIZE`.
package struct Dequantize: Hashable, Sendable {
    package var axis: Int?

    package init(axis: Int? = nil) { self.axis = axis }
}

extension Dequantize: Operation {
    package static let name = "dequantize"

    package func outputs(for inputs: [Operand?]) throws(ModelError) -> [Operand] {
        let operands = try Operands(inputs, of: Self.self, names: ["x", "scale", "zero point"], required: 2)
        try operands.require(0, isOneOf: ElementType.quantized)
        try operands.require(2, hasTypeOf: 0)
        try operands.requireScale(axis: axis)
        return [try operands.result(.float32, try operands(0).shape)]
    }

    package func evaluate(_ inputs: [TensorData?]) throws(ModelError) -> [TensorData] {
        let shape = try results(of: inputs)[0].shape
        let zeroPoints = inputs.optional(2)?.elements.integers.map(Int32.init(clamping:))
        let scales = try inputs.reals(1)
        let parameters = QuantizationParameters(
            scales: scales, zeroPoints: zeroPoints ?? scales.map { _ in 0 }, axis: axis)
        let y = try parameters.dequantize(try inputs.tensor(0).elements, shape: shape)
        return [TensorData(shape: shape, .float32(y))]
    }
}
