import FoundationEssentials

/// What `--json` prints: sorted keys, one value, a line end.
enum JSONOutput {
    static func print(_ value: some Encodable) throws { Output.text(String(decoding: try bytes(value), as: UTF8.self)) }

    /// On one line, for a reader that follows what is printed.
    static func line(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        Output.line(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    /// The same for a file.
    static func bytes(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(value)) + [UInt8(ascii: "\n")]
    }
}
