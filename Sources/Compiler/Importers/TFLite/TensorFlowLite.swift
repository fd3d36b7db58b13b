/// `.tflite` files: quantized to int8 or uint8, float, or with quantized weights alone.
///
/// - Quantization: int8 and uint8 tensors keep the file's scales and zero points; weights that meet real numbers
///   (float16, or int8 of "dynamic range" models) are dequantized.
/// - Source: TensorFlow Lite `schema.fbs`, version 3.
package enum TensorFlowLite: Importer {
    package static let format = "TensorFlow Lite"
    package static let suffix = "tflite"

    package static func recognizes(_ bytes: [UInt8]) -> Bool {
        bytes.count >= 8 && bytes[4..<8].elementsEqual(TFLiteFile.identifier.utf8)
    }

    package static func model(from bytes: [UInt8], name: String) throws(ModelError) -> Model {
        var graph = try TFLiteGraph(TFLiteFile(bytes), name: name)
        return try graph.translate()
    }
}
