/// Quantizes to uint8 over the range of the tensor itself; outputs the elements, the scale and the zero point.
///
/// - Source: ONNX `DynamicQuantizeLinear`.
package struct DynamicQuantize: Hashable, Sendable {
    package init() {}
}

extension DynamicQuantize: Operation {
    package static let name = "dynamic quantize"

    package func outputs(for inputs: [Operand?]) throws(ModelError) -> [Operand] {
        let operands = try Operands(inputs, of: Self.self, names: ["x"])
        try operands.require(0, isOneOf: [.float32])
        let elements = try operands.result(.uint8, try operands(0).shape)
        return [elements, Operand(type: .float32, shape: []), Operand(type: .uint8, shape: [])]
    }

    package func evaluate(_ inputs: [TensorData?]) throws(ModelError) -> [TensorData] {
        let shape = try results(of: inputs)[0].shape
        let x = try inputs.reals(0)
        // The range must hold 0, so that padding is exact.
        let low = min(x.min() ?? 0, 0)
        let high = max(x.max() ?? 0, 0)
        // ONNX Runtime's answer to a tensor of zeros, for which the specification divides by zero.
        let scale = high == low ? 1 : (high - low) / 255
        let zeroPoint = UInt8(nearest: Double(-low / scale))
        let parameters = QuantizationParameters(scales: [scale], zeroPoints: [Int32(zeroPoint)], axis: nil)
        return [
            TensorData(shape: shape, parameters.quantize(x, shape: shape, type: .uint8)),
            TensorData(shape: [], .float32([scale])), TensorData(shape: [], .uint8([zeroPoint])),
        ]
    }
}
