import Glibc

/// Folders that were made for a while.
package enum DirectoryTree {
    /// Removes a folder with all that is in it; a link is removed, not followed.
    package static func remove(_ path: String) {
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
