/// Reads one format of model files into a ``Model``.
package protocol Importer: Sendable {
    /// What messages call it: "TensorFlow Lite".
    static var format: String { get }

    /// How such files' names end, without the dot: "tflite".
    static var suffix: String { get }

    /// Whether the bytes begin like this format; says nothing about the rest.
    static func recognizes(_ bytes: [UInt8]) -> Bool

    /// Reads a whole file.
    ///
    /// - Parameter name: what the model is called where the file does not say.
    /// - Throws: `.malformed`, `.tooLarge`, `.unsupported` or `.mismatch`, naming the place; time and memory stay within
    ///   a small multiple of the file's size, whatever it claims.
    static func model(from bytes: [UInt8], name: String) throws(ModelError) -> Model
}

/// The formats that can be read.
package enum Importers {
    /// Best recognized first: a format with a magic number comes before one without.
    package static let all: [any Importer.Type] = [
        TensorFlowLite.self, ONNXFormat.self,
    ]

    /// Reads a model file of any known format.
    ///
    /// The bytes decide which; the name's ending only where no format recognizes its own beginning.
    ///
    /// - Parameter fileName: with or without folders; its stem becomes the model's name.
    /// - Throws: `.unsupported` where neither says what the file is, else what the format's importer throws.
    package static func model(from bytes: [UInt8], fileName: String) throws(ModelError) -> Model {
        let file = fileName.split(separator: "/").last ?? ""
        let dot = file.lastIndex(of: ".") ?? file.endIndex
        let stem = String(file[..<dot])
        let suffix = file[dot...].dropFirst().lowercased()
        guard let importer = all.first(where: { $0.recognizes(bytes) }) ?? all.first(where: { $0.suffix == suffix })
        else {
            throw .unsupported(
                .init(
                    "model file \(file)",
                    expected: all.map { ".\($0.suffix) (\($0.format))" }.joined(separator: " or "),
                    found: bytes.isEmpty ? "an empty file" : "a file that begins like none of them"))
        }
        return try importer.model(from: bytes, name: stem)
    }
}
