import Pictures
import Plant
import YAML

extension Kind where T == String {
    /// The name of a stream of pictures: like a tag's, because its verdicts become tags.
    static var pictures: Kind<String> {
        Kind.string.map(
            expected: "a name of 1 to 200 letters, digits, . - _ and /, starting with a letter or digit"
        ) { TagDefinition.isValid(name: $0) ? $0 : nil }
    }
}

extension MappingReader {
    /// Reads the name of the link's only stream of pictures, and claims it.
    mutating func pictures(_ claims: inout LinkClaims) -> String? {
        let name = required("pictures", .pictures)
        if let name {
            claims.take(.pictures(name), at: node["pictures"]?.mark ?? node.mark, path: path("pictures"))
        }
        return name
    }
}

/// How the pictures of a link come, and how large one may be.
struct PictureForm: Hashable, Sendable {
    /// Five megapixels in colour that nothing compresses. Whoever has larger ones says so: each that is under way takes memory.
    static let usualBytes = 16 << 20
    /// Nothing larger is ever decoded.
    static let maxBytes = PictureLimits().fileBytes

    var encoding = FieldPicture.Encoding.file
    var maxBytes = Self.usualBytes

    /// Reads the keys `raw` and `max_size`.
    ///
    /// - Returns: nil when something was wrong; then it has been reported.
    init?(reading reader: inout MappingReader) {
        let hasRaw = reader.has("raw")
        let limit = reader.optional("max_size", .bytes(1_024...Self.maxBytes))
        guard hasRaw else {
            maxBytes = limit ?? Self.usualBytes
            return
        }
        guard var raw = reader.optionalMapping("raw") else { return nil }
        let shape = RawShape(reading: &raw)
        raw.finish()
        guard let shape else { return nil }
        do throws(PictureError) {
            let count = try shape.byteCount()
            maxBytes = limit ?? max(count, Self.usualBytes)
            guard count <= maxBytes else {
                reader.diagnostics.report(
                    at: reader.node["raw"] ?? reader.node, path: reader.path("raw"),
                    expected: "a picture of at most \(maxBytes) bytes", found: "\(count) bytes")
                return nil
            }
        } catch {
            reader.diagnostics.report(
                at: reader.node["raw"] ?? reader.node, path: reader.path("raw"),
                expected: "a shape that can be read", found: "\(error)")
            return nil
        }
        encoding = .raw(shape)
    }
}

extension RawShape {
    /// Reads how pixels without a head lie.
    ///
    /// - Returns: nil when something was wrong; then it has been reported.
    init?(reading reader: inout MappingReader) {
        let side = 1...PictureLimits.sidePixels
        let width = reader.required("width", .integer(side))
        let height = reader.required("height", .integer(side))
        let layout = reader.required("layout", .choice(Layout.self))
        let rowBytes = reader.optional("row_bytes", .integer(1...PictureForm.maxBytes))
        let significantBits = reader.optional("significant_bits", .integer(9...16), default: 16)
        let range = reader.optional("range", .choice(Range.self), default: .limited)
        guard let width, let height, let layout else { return nil }
        self.init(width: width, height: height, layout: layout)
        self.rowBytes = rowBytes
        self.significantBits = significantBits
        self.range = range
    }
}

/// What may name a part: what a label or a controller can say, and no more than a list of parts has room for.
enum PartName {
    static let maxBytes = 128

    static func isValid(_ text: String) -> Bool {
        (1...maxBytes).contains(text.utf8.count)
            && text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control && $0 != "\u{FFFD}" }
    }
}
