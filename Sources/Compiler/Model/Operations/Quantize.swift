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
