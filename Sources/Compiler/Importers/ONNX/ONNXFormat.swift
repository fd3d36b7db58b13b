import Protobuf

/// Reads ONNX files: float networks, and quantized ones in any of the forms that tools write.
///
/// - Images are brought from `[n, channels, height, width]` into the model's order by transposes around what needs it.
/// - Quantize and dequantize nodes stay as they are; a pass makes quantized values of them.
/// - An unknown batch is 1. Real numbers of 16 and 64 bits are float32.
/// - Source: the ONNX standard, operator sets 7 to 28; those from 22 on add types to these operators, hardly meaning.
package enum ONNXFormat: Importer {
    package static let format = "ONNX"
    package static let suffix = "onnx"

    /// What a caller knows beforehand.
    package struct Options: Sendable {
        /// Graph inputs that are no inputs of the model but known: scales, shapes, axes.
        package var constants: [String: TensorData]

        package init(constants: [String: TensorData] = [:]) { self.constants = constants }
    }

    /// Operator sets that the mappings know.
    static let versions = 7...28

    /// Begins with the file's version of the format (field 1, a varint below 128), as all writers do.
    package static func recognizes(_ bytes: [UInt8]) -> Bool {
        bytes.count > 2 && bytes[0] == 0x08 && (1...32).contains(bytes[1]) && bytes[2] & 7 != 4 && bytes[2] & 7 < 6
    }

    package static func model(from bytes: [UInt8], name: String) throws(ModelError) -> Model {
        try model(from: bytes, name: name, options: Options())
    }

    /// Reads a whole file.
    ///
    /// - Parameter name: what the model is called where the file does not say.
    /// - Throws: as ``Importer/model(from:name:)``.
    package static func model(from bytes: [UInt8], name: String, options: Options) throws(ModelError) -> Model {
        let file = try ONNXModel(ONNXReader(bytes))
        guard let graph = file.graph else {
            throw .malformed(.init("ONNX file", expected: "a graph", found: "none"))
        }
        if let version = file.versions[""], !versions.contains(version) {
            throw .unsupported(
                .init(
                    "operator set", expected: "\(versions.lowerBound) to \(versions.upperBound)", found: "\(version)",
                    advice: "export the model for one of these (opset_version)"))
        }
        if file.hasFunctions {
            throw .unsupported(
                .init(
                    "functions", expected: "operators of the standard", found: "some that the file defines itself",
                    advice: "inline them: onnx.inliner.inline_local_functions"))
        }
        let builder = ModelBuilder(
            name: graph.name.isEmpty ? name : graph.name, limits: .init(fileBytes: bytes.count))
        var graphImport = GraphImport(versions: file.versions, options: options, builder: builder)
        return try graphImport.model(of: graph)
    }

    /// The operators that are read, by domain ("" is the standard's own).
    package static var operators: [String: [String]] {
        ONNXOperators.table.mapValues { $0.keys.sorted() }.merging(["": ["If"]]) { ($0 + $1).sorted() }
    }
}
