/// Why a catalogue of profiles could not be used.
package enum ProfileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What the operating system says of a file or folder.
    case cannotRead(path: String, reason: String)
    /// Every mistake found, each with file, line, what was expected and what came; one a line.
    case wrong(String)
    case unknownProfile(name: String, known: [String], suggestion: String?)

    package var description: String {
        switch self {
        case .cannotRead(let path, let reason): "\(path): expected a profile or a folder of them: \(reason)"
        case .wrong(let text): text
        case .unknownProfile(let name, let known, let suggestion):
            "expected a profile, one of \(known.joined(separator: ", ")), found \"\(name)\""
                + (suggestion.map { "; did you mean `\($0)`?" } ?? "")
        }
    }
}
