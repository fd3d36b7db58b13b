import Plant
import YAML

/// What a folder of pictures needs to know.
struct FolderSettings: LinkSettings {
    /// What becomes of a file whose verdict is durable.
    enum Afterwards: Hashable, Sendable {
        case keep
        case delete
        /// Into this folder.
        case move(String)
    }

    var path: String
    var stream: String
    /// Files whose name matches one of these are pictures.
    var names: [NamePattern]
    var part: NamePattern?
    var form: PictureForm
    var afterwards: Afterwards
    /// How often the folder is looked through, whatever the kernel says of it.
    var rescan: Duration
    /// How long a file that is found there must have stayed the same.
    var settle: Duration

    var tags: [TagDefinition] { [] }
    var pictures: [String] { [stream] }

    /// Whether a file is one of the pictures. What begins with a dot is somebody's work in hand, as rsync leaves it.
    func takes(_ name: String) -> Bool {
        names.contains { ($0.text.hasPrefix(".") || !name.hasPrefix(".")) && $0.match(name) != nil }
    }
}

extension FolderSettings {
    /// Patterns of one folder that nobody needs more of; each name is held against all of them.
    static let maxNames = 64
    private static let usualNames = ["*.png", "*.jpg", "*.jpeg", "*.bmp"]

    /// Reads the keys of a folder.
    ///
    /// - Returns: nil when something was wrong; then it has been reported.
    init?(reading reader: inout MappingReader, claims: inout LinkClaims) {
        let path = claims.resolve(reader.required("path", .string))
        let stream = reader.pictures(&claims)
        let form = PictureForm(reading: &reader)
        let patterns = Kind.sequence(of: .namePattern(namesPart: false), count: 1...Self.maxNames)
        let usual = Self.usualNames.compactMap { try? NamePattern($0) }
        let names: [NamePattern]? =
            if case .raw = form?.encoding {
                // Nothing says what a file of pixels alone is called.
                reader.required("names", patterns)
            } else {
                reader.optional("names", patterns, default: usual)
            }
        let part = reader.optional("part", .namePattern(namesPart: true))
        let afterwards = reader.has("then") ? reader.required("then", .afterwards(claims)) : .keep
        let rescan = reader.optional(
            "rescan", .duration(.milliseconds(100)...(.seconds(86_400))), default: .seconds(10))
        let settle = reader.optional("settle", .duration(.zero...(.seconds(3_600))), default: .seconds(1))
        guard let path, let stream, let form, let names, let afterwards else { return nil }
        // Where they are the usual ones, or some are wrong, no entry stands for each.
        let entries = reader.node["names"]?.elements ?? []
        for (index, name) in names.enumerated() {
            let node = entries.count == names.count ? entries[index] : reader.node
            claims.take(.files(folder: path, names: name.text), at: node.mark, path: reader.path("names"))
        }
        if case .move(let target) = afterwards, target == path {
            reader.diagnostics.report(
                at: reader.node["then"] ?? reader.node, path: reader.path("then.move"),
                expected: "another folder than the one that is watched", found: target)
            return nil
        }
        self.init(
            path: path, stream: stream, names: names, part: part, form: form, afterwards: afterwards, rescan: rescan,
            settle: settle)
    }
}

extension Kind where T == NamePattern {
    fileprivate static func namePattern(namesPart: Bool) -> Kind<NamePattern> {
        let expected =
            namesPart
            ? "a file name with {part} where the part's id stands, and * for any characters, such as \"{part}_*.png\""
            : "a file name with * for any characters, such as \"*.png\""
        return Kind<String>.string.map(expected: expected) { text in
            guard let pattern = try? NamePattern(text), pattern.namesPart == namesPart else { return nil }
            return pattern
        }
    }
}

extension Kind where T == FolderSettings.Afterwards {
    fileprivate static func afterwards(_ claims: LinkClaims) -> Kind<FolderSettings.Afterwards> {
        let expected = "keep, delete, or move: FOLDER"
        return Kind(expected: expected) { node, path, diagnostics in
            switch node.text {
            case "keep": return .keep
            case "delete": return .delete
            case .some:
                diagnostics.report(at: node, path: path, expected: expected)
                return nil
            case nil: break
            }
            guard var reader = MappingReader(node, path: path, diagnostics: diagnostics) else { return nil }
            let target = claims.resolve(reader.required("move", .string))
            reader.finish()
            return target.map { .move($0) }
        }
    }
}
