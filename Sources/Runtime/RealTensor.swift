package import Graph

/// Real numbers as a tensor stores them, and back.
// SAFETY: `bytes` has room for the element, as the caller has made sure by the tensor's size.
package enum RealTensor {
    /// - Quantization: `x / scale` rounded half to even, the zero point added, saturated at -128...127.
    package static func store(
        _ value: Float, _ type: TensorType, _ quantization: Quantization, in bytes: UnsafeMutableRawPointer,
        at index: Int
    ) {
        switch type {
        case .int8: bytes.storeBytes(of: quantization.quantize(value), toByteOffset: index, as: Int8.self)
        case .int32:
            bytes.storeBytes(of: Int32(min(max(value, -0x1p30), 0x1p30)), toByteOffset: index * 4, as: Int32.self)
        case .float32: bytes.storeBytes(of: value, toByteOffset: index * 4, as: Float.self)
        }
    }

    /// - Quantization: `scale * (q - zeroPoint)`.
    package static func load(
        _ type: TensorType, _ quantization: Quantization, from bytes: UnsafeRawPointer, at index: Int
    ) -> Float {
        switch type {
        case .int8: quantization.dequantize(bytes.loadUnaligned(fromByteOffset: index, as: Int8.self))
        case .int32: Float(bytes.loadUnaligned(fromByteOffset: index * 4, as: Int32.self))
        case .float32: bytes.loadUnaligned(fromByteOffset: index * 4, as: Float.self)
        }
    }
}
