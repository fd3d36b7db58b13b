internal import Glibc
package import Plant
package import SQLite

/// What the store refused, and why.
package enum StoreError: Error, Sendable {
    /// No room, and no old samples that could give way: telemetry is refused until space returns; alerts, acknowledgements and update steps still go.
    case full
    /// Another daemon holds the store in this directory.
    case locked(directory: String)
    /// The file is of a newer schema than this program knows, or, for a reader, of another one.
    case schema(found: Int, known: Int, file: String)
    /// The file is no store, or its structure is damaged at the place that was read.
    case damaged(SQLiteError)
    case unknownTag(TagID)
    /// The sample's value is not of the kind that its tag is declared with.
    case wrongKind(tag: String)
    /// What was asked for does not exist: `what` is a noun, for example "alert".
    case notFound(what: String, id: String)
    case alreadyExists(what: String, id: String)
    /// A model is not in a state that allows the step.
    case modelState(digest: String, expected: String, found: String)
    /// Not a SHA-256 in lower-case hex.
    case notADigest(String)
    /// A call to the operating system failed.
    case file(operation: String, path: String, errno: Int32)
    /// Anything else that the database refused.
    case database(SQLiteError)
    /// ``Store/close()`` was called.
    case closed

    init(_ error: SQLiteError) {
        if error.isFull {
            self = .full
        } else if error.isDamage {
            self = .damaged(error)
        } else {
            self = .database(error)
        }
    }

    /// Stable, for logs, `--json` and documents.
    package var code: String {
        switch self {
        case .full: "store.full"
        case .locked: "store.locked"
        case .schema: "store.schema"
        case .damaged: "store.damaged"
        case .unknownTag: "store.unknown_tag"
        case .wrongKind: "store.wrong_kind"
        case .notFound: "store.not_found"
        case .alreadyExists: "store.already_exists"
        case .modelState: "store.model_state"
        case .notADigest: "store.not_a_digest"
        case .file: "store.file"
        case .database: "store.database"
        case .closed: "store.closed"
        }
    }

    /// The operating system failed a read, write or sync of the database.
    var isInputOutput: Bool {
        if case .database(let error) = self { error.isInputOutput } else { false }
    }

    var isDamage: Bool {
        if case .damaged = self { true } else { false }
    }

    var isFull: Bool {
        if case .full = self { true } else { false }
    }
}

extension StoreError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .full: "no space left: telemetry is refused until space returns"
        case .locked(let directory): "another daemon uses the store in \(directory)"
        case .schema(let found, let known, let file): "\(file) has schema \(found), this program knows \(known)"
        case .damaged(let error): "damaged: \(error)"
        case .unknownTag(let tag): "tag number \(tag.rawValue) was never declared"
        case .wrongKind(let tag): "a value of another kind than \(tag) is declared with"
        case .notFound(let what, let id): "no \(what) \(id)"
        case .alreadyExists(let what, let id): "\(what) \(id) exists already"
        case .modelState(let digest, let expected, let found): "model \(digest) is \(found), expected \(expected)"
        case .notADigest(let text): "expected a SHA-256 in lower-case hex, got \"\(text)\""
        case .file(let operation, let path, let errno):
            "\(operation) of \(path) failed: \(String(cString: strerror(errno)))"
        case .database(let error): error.description
        case .closed: "the store is closed"
        }
    }
}
