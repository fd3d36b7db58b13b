/// Quantizes to uint8 over the range of the tensor itself; outputs the elements, the scale and the zero point.
///
/// - Source: ONNX `DynamicQuantizeLinear`.
package struct DynamicQuantize: Hashable, Sendable {
    package init() {}
}
