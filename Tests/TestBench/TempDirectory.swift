import Glibc
import Rig

/// A new empty directory that goes away, with all that is in it, together with this object.
package final class TempDirectory: Sendable {
    /// Absolute path without a slash at the end.
    package let path: String

    /// - Throws: ``Failure`` when the system gives no directory.
    package init() throws(Failure) {
        let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(base)/millwright-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Failure(errno: errno) }
        path = String(decoding: template.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit { DirectoryTree.remove(path) }

    /// Path of a file in the directory.
    package func file(_ name: String) -> String { "\(path)/\(name)" }

    /// The system refused; `errno` says why.
    package struct Failure: Error {
        package var errno: Int32
    }
}
