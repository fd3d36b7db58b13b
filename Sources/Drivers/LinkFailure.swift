import Glibc

/// Why a link is not connected, or broke.
enum LinkFailure: Error, Hashable, CustomStringConvertible {
    case system(call: String, code: Int32)
    /// Nobody there, or refused; with what the library says.
    case notConnected(String)
    /// The other side was reached, and the two do not agree on an encrypted connection.
    case notEncrypted(String)
    /// The broker answered and said no.
    case refused(String)
    case timedOut(what: String)
    /// The other side closed the connection.
    case closed
    /// The link was told to end while it waited.
    case stopped
    /// What came is not what was asked for.
    case wrongReply(String)
    /// The store did not take what came.
    case notStored(String)
    /// A file named in the configuration cannot be read.
    case file(path: String, code: Int32)
    /// Judged pictures are to be moved to where they are.
    case sameFolder(String)
    /// Every user of the machine may read or change a file with a secret.
    case exposed(path: String, mode: UInt32)

    var description: String {
        switch self {
        case .system(let call, let code): "\(call): \(String(cString: strerror(code)))"
        case .notConnected(let reason): "not connected: \(reason)"
        case .notEncrypted(let reason): "no encrypted connection: \(reason)"
        case .refused(let reason): "refused by the broker: \(reason)"
        case .timedOut(let what): "no answer in time: \(what)"
        case .stopped: "stopped"
        case .closed: "the other side closed the connection"
        case .wrongReply(let what): "not a reply to what was asked: \(what)"
        case .notStored(let reason): "not stored, so not acknowledged: \(reason)"
        case .file(let path, let code): "\(path): \(String(cString: strerror(code)))"
        case .sameFolder(let path): "\(path): expected another folder than the one that is watched"
        case .exposed(let path, let mode):
            "\(path): every user of this machine may read or write this secret (mode \(String(mode, radix: 8))); chmod 0640"
        }
    }
}
