/// `(x - zeroPoint) * scale`: where integers become real numbers.
///
/// - Shapes: x, scale (one, or one a slice along `axis`), zero point alike or left out.
/// - Source: ONNX `DequantizeLinear`; TensorFlow Lite `DEQUANTIZE`.
package struct Dequantize: Hashable, Sendable {
    package var axis: Int?

    package init(axis: Int? = nil) { self.axis = axis }
}
