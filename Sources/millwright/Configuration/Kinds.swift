import Plant
import YAML

extension Kind where T == String {
    /// A name that goes into file names, topics and URLs.
    static var identifier: Kind<String> {
        Kind.string.map(expected: Identifier.expected) { Identifier.isValid($0) ? $0 : nil }
    }

    /// A tag name by ``TagDefinition/isValid(name:)``.
    static var tagName: Kind<String> {
        Kind.string.map(expected: "a tag name (letters, digits, . - _ /)") {
            TagDefinition.isValid(name: $0) ? $0 : nil
        }
    }

    /// A path; a relative one starts at the folder of the configuration, wherever the daemon was started.
    static func path(from directory: String) -> Kind<String> {
        Kind.string.map(expected: "a path") { $0.hasPrefix("/") ? $0 : "\(directory)/\($0)" }
    }

    static var httpURL: Kind<String> {
        Kind.string.map(expected: "an address that starts with http:// or https://") { text in
            for scheme in ["http://", "https://"] where text.hasPrefix(scheme) && text.utf8.count > scheme.utf8.count {
                return text.hasSuffix("/") ? String(text.dropLast()) : text
            }
            return nil
        }
    }

    /// An Ed25519 public key in hexadecimal.
    static var publicKey: Kind<String> {
        Kind.string.map(expected: "an Ed25519 public key (64 hexadecimal digits)") { text in
            text.utf8.count == 64 && text.allSatisfy(\.isHexDigit) ? text.lowercased() : nil
        }
    }
}

/// Ids of plants, devices, assets and stations: they stand in names of tags, files and topics.
enum Identifier {
    static let expected = "a name of letters, digits, - and _ (at most 64)"

    static func isValid(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 45 || $0 == 95
            }
    }
}
