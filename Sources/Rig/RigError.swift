import Glibc

/// Why a part of the rig could not be started or did not do what it was told.
package enum RigError: Error, CustomStringConvertible {
    /// A system call failed; `code` is its errno.
    case system(call: String, code: Int32)
    /// The program is not installed.
    case programMissing(String, debianPackage: String)
    /// The program ended, or did not answer in time; `output` is the end of what it wrote.
    case notReady(program: String, output: String)
    /// A broker did not take what was published.
    case notPublished(reason: String)

    package var description: String {
        switch self {
        case .system(let call, let code): "\(call): \(String(cString: strerror(code)))"
        case .programMissing(let program, let package):
            "the program \(program) is not installed (Debian package \(package))"
        case .notReady(let program, let output): "\(program) did not get ready: \(output)"
        case .notPublished(let reason): "the broker did not take the message: \(reason)"
        }
    }
}
