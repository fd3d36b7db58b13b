/// A JSON value as it is read strictly: valid UTF-8, no member twice, bounded depth, exact integers.
///
/// Signed metadata and what the registry takes from devices go through it, because two readers that understand one text
/// differently are how signatures get evaded.
package enum StrictJSON: Sendable, Hashable {
    case null
    case bool(Bool)
    case integer(Int64)
    /// A number with a fraction, an exponent or more than 64 bits: its own text, so that writing gives the same digits.
    case decimal(String)
    case string(String)
    case array([StrictJSON])
    /// Members in the order of the text.
    case object([Member])

    package struct Member: Sendable, Hashable {
        package var name: String
        package var value: StrictJSON

        package init(_ name: String, _ value: StrictJSON) {
            self.name = name
            self.value = value
        }
    }

    /// Limits of one reading.
    package struct Limits: Sendable {
        package var bytes: Int
        /// Arrays and objects within each other.
        package var depth: Int
        /// False refuses numbers that are no 64-bit integer: canonical JSON has no others.
        package var takesDecimals: Bool

        package init(bytes: Int, depth: Int = 32, takesDecimals: Bool = true) {
            self.bytes = bytes
            self.depth = depth
            self.takesDecimals = takesDecimals
        }
    }

    /// Reads one value that fills the whole text.
    ///
    /// - Throws: `.tooLarge`, `.malformedJSON` with the place.
    /// - Source: RFC 8259, with I-JSON's (RFC 7493) ban on repeated names and lone surrogates.
    package init(parsing text: [UInt8], limits: Limits) throws(TrustError) {
        guard text.count <= limits.bytes else { throw .tooLarge(limitBytes: limits.bytes, foundBytes: text.count) }
        var reader = StrictJSONReader(text: text, limits: limits)
        self = try reader.readAll()
    }

    /// The member of an object; nil when this is no object or has no such member.
    package subscript(_ name: String) -> StrictJSON? {
        guard case .object(let members) = self else { return nil }
        // By bytes: Swift takes composed and decomposed letters for equal, metadata does not.
        return members.first { $0.name.utf8.elementsEqual(name.utf8) }?.value
    }

    package var stringValue: String? { if case .string(let text) = self { text } else { nil } }
    package var integerValue: Int64? { if case .integer(let number) = self { number } else { nil } }
    package var arrayValue: [StrictJSON]? { if case .array(let items) = self { items } else { nil } }
    package var objectValue: [Member]? { if case .object(let members) = self { members } else { nil } }

    /// What it is, for messages: `a string`, `the number 7`.
    package var kindText: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .integer(let number): "the number \(number)"
        case .decimal(let text): "the number \(text.prefix(40))"
        case .string(let text): "the string \"\(text.prefix(80))\""
        case .array(let items): "an array of \(items.count)"
        case .object: "an object"
        }
    }
}

extension StrictJSON {
    /// The bytes that signatures are over.
    ///
    /// The rule (OLPC canonical JSON, as TUF uses it): UTF-8; no blanks; members sorted by their UTF-8 bytes, which is
    /// the order of code points; in strings only `"` and `\` are escaped, every other character stands for itself,
    /// control characters too; integers in plain decimal. A decimal is written as it was read; signed metadata that
    /// holds one is refused before it comes here.
    package func canonicalBytes() -> [UInt8] {
        var out: [UInt8] = []
        write(into: &out, canonical: true)
        return out
    }

    /// Ordinary JSON text without blanks, members in their own order.
    package func bytes() -> [UInt8] {
        var out: [UInt8] = []
        write(into: &out, canonical: false)
        return out
    }

    private func write(into out: inout [UInt8], canonical: Bool) {
        switch self {
        case .null: out += "null".utf8
        case .bool(let value): out += (value ? "true" : "false").utf8
        case .integer(let number): out += String(number).utf8
        case .decimal(let text): out += text.utf8
        case .string(let text): Self.write(text, into: &out, canonical: canonical)
        case .array(let items):
            out.append(UInt8(ascii: "["))
            for (index, item) in items.enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                item.write(into: &out, canonical: canonical)
            }
            out.append(UInt8(ascii: "]"))
        case .object(let members):
            out.append(UInt8(ascii: "{"))
            let ordered =
                canonical ? members.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) } : members
            for (index, member) in ordered.enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                Self.write(member.name, into: &out, canonical: canonical)
                out.append(UInt8(ascii: ":"))
                member.value.write(into: &out, canonical: canonical)
            }
            out.append(UInt8(ascii: "}"))
        }
    }

    private static func write(_ text: String, into out: inout [UInt8], canonical: Bool) {
        out.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                out.append(UInt8(ascii: "\\"))
                out.append(byte)
            case 0..<0x20 where !canonical:
                out += "\\u00".utf8
                out += Hex.text(CollectionOfOne(byte)).utf8
            default: out.append(byte)
            }
        }
        out.append(UInt8(ascii: "\""))
    }
}
