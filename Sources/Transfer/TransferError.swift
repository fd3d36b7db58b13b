import Glibc

/// Why a transfer did not succeed.
package enum TransferError: Error, Hashable, Sendable {
    /// The address is no http or https address, or a header holds a line break.
    case malformedRequest(expected: String, found: String)
    /// The host's name is unknown.
    case notResolved(url: String)
    /// Nothing listens, or the network does not lead there.
    case refused(url: String, reason: String)
    /// The connection ended before the answer did.
    case cutShort(url: String, reason: String)
    /// A deadline or the lowest accepted speed was missed; the text says which libcurl met.
    case timedOut(url: String, reason: String)
    case tooLarge(url: String, limitBytes: Int64)
    case tls(url: String, reason: String)
    /// Only for downloads: the server answered with a status that gives no file.
    case status(url: String, expected: String, found: Int)
    /// The server has another file now than the one asked for.
    case fileChanged(url: String, expectedTag: String, foundTag: String)
    /// The answer is no HTTP, or contradicts the request.
    case malformedAnswer(url: String, expected: String, found: String)
    case file(path: String, operation: String, errno: Int32)
    case cancelled(url: String)

    /// Stable code for logs and counters.
    package var code: String {
        switch self {
        case .malformedRequest: "transfer.request"
        case .notResolved: "transfer.not_resolved"
        case .refused: "transfer.refused"
        case .cutShort: "transfer.cut_short"
        case .timedOut: "transfer.timed_out"
        case .tooLarge: "transfer.too_large"
        case .tls: "transfer.tls"
        case .status(_, _, let found): "transfer.status.\(found)"
        case .fileChanged: "transfer.file_changed"
        case .malformedAnswer: "transfer.answer"
        case .file: "transfer.file"
        case .cancelled: "transfer.cancelled"
        }
    }
}

extension TransferError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .malformedRequest(let expected, let found): "expected \(expected), found \(found)"
        case .notResolved(let url): "\(url): the host is unknown"
        case .refused(let url, let reason): "\(url): no connection: \(reason)"
        case .cutShort(let url, let reason): "\(url): the connection ended before the answer did: \(reason)"
        case .timedOut(let url, let reason): "\(url): \(reason)"
        case .tooLarge(let url, let limit): "\(url): expected at most \(limit) bytes, found more"
        case .tls(let url, let reason): "\(url): TLS: \(reason)"
        case .status(let url, let expected, let found): "\(url): expected status \(expected), found \(found)"
        case .fileChanged(let url, let expected, let found): "\(url): expected the file \(expected), found \(found)"
        case .malformedAnswer(let url, let expected, let found): "\(url): expected \(expected), found \(found)"
        case .file(let path, let operation, let number):
            "\(path): \(operation) failed: \(String(cString: strerror(number)))"
        case .cancelled(let url): "\(url): cancelled"
        }
    }
}
