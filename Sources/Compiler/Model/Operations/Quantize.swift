/// `saturate(round(x / scale) + zeroPoint)`, ties to even: where real numbers become integers.
///
/// - Shapes: x, scale (one, or one a slice along `axis`), zero point alike. Constant scales become the output's
///   ``Value/quantization`` in a pass.
/// - Source: ONNX `QuantizeLinear`; TensorFlow Lite `QUANTIZE`.
package struct Quantize: Hashable, Sendable {
    package var type: ElementType
    package var axis: Int?

    package init(to type: ElementType, axis: Int? = nil) {
        self.type = type
        self.axis = axis
    }
}

extension Quantize: Operation {
    package static let name = "quantize"

    package func outputs(for inputs: [Operand?]) throws(ModelError) -> [Operand] {
        let operands = try Operands(inputs, of: Self.self, names: ["x", "scale", "zero point"], required: 2)
        try operands.require(0, isOneOf: [.float32])
        try operands.require(2, isOneOf: [type])
        guard ElementType.quantized.contains(type) else {
            throw operands.attribute("type", ElementType.list(ElementType.quantized), type.rawValue)
        }
        let x = try operands(0)
        try operands.requireScale(axis: axis)
        return [try operands.result(type, x.shape)]
    }

    package func evaluate(_ inputs: [TensorData?]) throws(ModelError) -> [TensorData] {
        let shape = try results(of: inputs)[0].shape
        let zeroPoints = inputs.optional(2)?.elements.integers.map(Int32.init(clamping:))
        let scales = try inputs.reals(1)
        let parameters = QuantizationParameters(
            scales: scales, zeroPoints: zeroPoints ?? scales.map { _ in 0 }, axis: axis)
        return [TensorData(shape: shape, parameters.quantize(try inputs.reals(0), shape: shape, type: type))]
    }
}
