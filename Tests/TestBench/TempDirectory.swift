import Glibc

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

    deinit { Self.remove(path) }

    /// Path of a file in the directory.
    package func file(_ name: String) -> String { "\(path)/\(name)" }

    /// The system refused; `errno` says why.
    package struct Failure: Error {
        package var errno: Int32
    }

    /// Removes a tree; a link is removed, not followed.
    private static func remove(_ path: String) {
        guard unlink(path) != 0, let directory = opendir(path) else { return }
        var names: [String] = []
        while let entry = readdir(directory) {
            // SAFETY: the bytes are read only inside the closure, and readdir(3) ends them with a zero.
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        closedir(directory)
        for name in names { remove("\(path)/\(name)") }
        rmdir(path)
    }
}
