/// Why no backup was made; nothing of it is left then.
package enum BackupError: Error, Sendable {
    /// There is a file of that name already.
    case exists(path: String)
    /// The name is the store's own file, or a folder.
    case notATarget(path: String, reason: String)
    case noRoom(folder: String, neededBytes: Int64, freeBytes: Int64)
    /// The place to write to refused.
    case unwritable(path: String, reason: String)
    /// The store's own file cannot be read: its medium fails.
    case unreadable(path: String, reason: String)
    case store(StoreError)
    /// Somebody asked for an end.
    case cancelled

    /// Stable, for logs, `--json` and documents.
    package var code: String {
        switch self {
        case .exists: "backup.exists"
        case .notATarget: "backup.not_a_target"
        case .noRoom: "backup.no_room"
        case .unwritable: "backup.unwritable"
        case .unreadable: "backup.unreadable"
        case .store(let error): error.code
        case .cancelled: "backup.cancelled"
        }
    }
}

extension BackupError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .exists(let path): "\(path) exists already; --force replaces it"
        case .notATarget(let path, let reason): "\(path): expected the name of a file to be made, found \(reason)"
        case .noRoom(let folder, let needed, let free):
            "\(folder): expected room for \(needed) bytes, found \(free); nothing was written"
        case .unwritable(let path, let reason): "\(path): cannot be written: \(reason)"
        case .unreadable(let path, let reason): "\(path): cannot be read: \(reason)"
        case .store(let error): error.description
        case .cancelled: "ended before it was whole; nothing is left of it"
        }
    }
}
