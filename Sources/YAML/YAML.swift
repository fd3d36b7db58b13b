/// Reads YAML with its place marks, by the event parser of libyaml.
///
/// What makes YAML dangerous in a plant's configuration is refused: anchors and aliases (they multiply), tags, several
/// documents, keys that are not scalars. Everything else has a limit.
package enum YAML {
    /// How large a document may be.
    package struct Limits: Sendable {
        /// A plant of 10,000 tags takes about 1 MB.
        package var bytes = 4 << 20
        /// Our deepest file has 8 levels; the reader recurses once a level.
        package var depth = 32
        package var nodes = 500_000

        package init() {}
    }

    /// Reads one document.
    ///
    /// - Parameter file: name for messages only.
    /// - Throws: with the place of the first mistake, when the text is not YAML or breaks a limit.
    package static func parse(_ bytes: [UInt8], file: String, limits: Limits = Limits()) throws(YAMLError) -> Node {
        guard bytes.count <= limits.bytes else {
            throw YAMLError(
                file: file, mark: Mark(line: 1, column: 1), reason: .tooLarge(bytes: bytes.count, limit: limits.bytes))
        }
        return try bytes.withUnsafeBufferPointer { buffer throws(YAMLError) -> Node in
            // SAFETY: the parser reads the buffer only through `document()`, which returns before the buffer ends.
            var parser = try EventParser(buffer, file: file, limits: limits)
            return try parser.document()
        }
    }
}
