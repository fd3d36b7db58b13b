import Glibc
import SQLite
package import Trust

/// What the registry refuses to take or cannot do.
package enum RegistryError: Error, Sendable {
    /// The directory holds no registry, or one of a newer program.
    case directory(path: String, expected: String, found: String)
    case database(String)
    case file(path: String, operation: String, errno: Int32)
    case trust(TrustError)
    /// A name, a number or a file from outside that does not fit.
    case unfit(what: String, expected: String, found: String)
    case deviceExists(String)
    case unknownDevice(String)
    /// A device sent other content under a number that it has used already: its outbox was lost and began anew.
    case sequenceConflict(device: String, sequence: Int64)
    /// Another program publishes to the same pack at this moment, or the disk is busy for longer than five seconds.
    case busy

    init(_ error: SQLiteError) { self = error.isBusy ? .busy : .database(error.description) }

    /// Stable code for the API, logs and `--json`.
    package var code: String {
        switch self {
        case .directory: "registry.directory"
        case .database: "registry.database"
        case .file: "registry.file"
        case .trust(let error): error.code
        case .unfit(let what, _, _): "registry.unfit.\(what)"
        case .deviceExists: "registry.device_exists"
        case .unknownDevice: "registry.unknown_device"
        case .sequenceConflict: "registry.sequence_conflict"
        case .busy: "registry.busy"
        }
    }
}

extension RegistryError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .directory(let path, let expected, let found): "\(path): expected \(expected), found \(found)"
        case .database(let text): text
        case .file(let path, let operation, let number):
            "\(path): \(operation) failed: \(String(cString: strerror(number)))"
        case .trust(let error): error.description
        case .unfit(let what, let expected, let found): "\(what): expected \(expected), found \(found)"
        case .deviceExists(let id): "device \(id) exists already; \"devices renew\" gives it another token"
        case .unknownDevice(let id): "no device \(id)"
        case .sequenceConflict(let device, let sequence):
            "device \(device) sent other content under sequence \(sequence) than before: was its store replaced? "
                + "Add it under a new id"
        case .busy: "the database is locked by another program"
        }
    }
}
