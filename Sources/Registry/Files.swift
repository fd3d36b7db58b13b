import Glibc

/// Files that are whole and durable or not there.
enum Files {
    static func makeDirectory(_ path: String) throws(RegistryError) {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw .file(path: path, operation: "mkdir", errno: errno)
        }
    }

    /// Writes a file under its name, replacing what is there; a reader sees the old or the new one.
    static func replace(_ path: String, with bytes: [UInt8], mode: mode_t = 0o644) throws(RegistryError) {
        let temporary = "\(path).\(getpid()).part"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode)
        guard descriptor >= 0 else { throw .file(path: temporary, operation: "open", errno: errno) }
        defer { close(descriptor) }
        try write(bytes[...], to: descriptor, path: temporary)
        try adopt(temporary, descriptor, as: path)
    }

    /// Copies a file, replacing what is there.
    static func copy(_ source: String, to path: String) throws(RegistryError) {
        let input = open(source, O_RDONLY | O_CLOEXEC)
        guard input >= 0 else { throw .file(path: source, operation: "open", errno: errno) }
        defer { close(input) }
        let temporary = "\(path).\(getpid()).part"
        let output = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard output >= 0 else { throw .file(path: temporary, operation: "open", errno: errno) }
        defer { close(output) }
        var piece = [UInt8](repeating: 0, count: 256 * 1_024)
        while true {
            let count = read(input, &piece, piece.count)
            if count == 0 { break }
            guard count > 0 || errno == EINTR else { throw .file(path: source, operation: "read", errno: errno) }
            try write(piece[..<max(0, count)], to: output, path: temporary)
        }
        try adopt(temporary, output, as: path)
    }

    private static func write(_ bytes: ArraySlice<UInt8>, to descriptor: Int32, path: String) throws(RegistryError) {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 || errno == EINTR else { throw .file(path: path, operation: "write", errno: errno) }
            rest = rest.dropFirst(max(0, count))
        }
    }

    private static func adopt(_ temporary: String, _ descriptor: Int32, as path: String) throws(RegistryError) {
        guard fsync(descriptor) == 0 else { throw .file(path: temporary, operation: "fsync", errno: errno) }
        guard rename(temporary, path) == 0 else { throw .file(path: path, operation: "rename", errno: errno) }
        let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw .file(path: directory, operation: "open", errno: errno) }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw .file(path: directory, operation: "fsync", errno: errno) }
    }
}
