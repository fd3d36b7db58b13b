package import Trust

/// Why the registry's word was not taken, or did not come.
package enum UplinkError: Error, Sendable {
    /// No answer: nobody there, a deadline, a broken connection.
    case unreachable(String)
    /// An answer with a status that says no.
    case status(Int, path: String, body: String)
    /// An answer that is not what the protocol says.
    case garbage(path: String, expected: String, found: String)
    case trust(TrustError)
    /// The file that came is not the one that was signed.
    case wrongFile(expected: String, found: String)
    /// The signed file is larger than this box takes.
    case tooLarge(bytes: Int64, limit: Int64)
    case proof(String)
    /// The pack has no model at the registry.
    case noModel(pack: String)

    /// Stable, for status and counters.
    package var code: String {
        switch self {
        case .unreachable: "uplink.unreachable"
        case .status(let status, _, _): "uplink.status.\(status)"
        case .garbage: "uplink.garbage"
        case .trust(let error): error.code
        case .wrongFile: "uplink.wrong_file"
        case .tooLarge: "uplink.too_large"
        case .proof: "uplink.proof"
        case .noModel: "uplink.no_model"
        }
    }
}

extension UplinkError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unreachable(let reason): "the registry cannot be reached: \(reason)"
        case .status(let status, let path, let body): "\(path): expected 200, found \(status): \(Self.shown(body))"
        case .garbage(let path, let expected, let found): "\(path): expected \(expected), found \(Self.shown(found))"
        case .trust(let error): error.description
        case .wrongFile(let expected, let found): "expected a file of \(expected), found \(found)"
        case .tooLarge(let bytes, let limit): "expected a model of at most \(limit) bytes, found \(bytes)"
        case .proof(let reason): "the model failed its proof on this box: \(reason)"
        case .noModel(let pack): "the registry has no model for \(pack)"
        }
    }

    /// What a stranger's server sends goes into one line of a log, and no further.
    private static func shown(_ text: String) -> String {
        let line = String(text.prefix(120).map { $0.isNewline ? " " : $0 })
        return line.unicodeScalars.contains { $0.value < 0x20 } ? "binary data" : "\"\(line)\""
    }
}
