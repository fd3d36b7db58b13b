import Glibc

/// What lies in a folder.
enum FileNames {
    static func inDirectory(_ path: String) throws -> [String] {
        guard let directory = opendir(path) else { throw MemoryRegistry.Lost(description: "opendir: \(errno)") }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            // SAFETY: the bytes are read only inside the closure, and readdir(3) ends them with a zero.
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}

/// Whether it could be renamed.
func rename(_ path: String, to other: String) -> Bool { Glibc.rename(path, other) == 0 }
