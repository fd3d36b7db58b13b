import Glibc

/// Files and folders of the catalogue and of `/proc` and `/sys`, read whole.
enum SmallFile {
    struct Failure: Error {
        var reason: String

        /// What the operating system says.
        static var last: Failure { Failure(reason: String(cString: strerror(errno))) }
    }

    /// - Throws: what the operating system says, or that there are more than `limit` bytes.
    static func read(_ path: String, limit: Int) throws(Failure) -> [UInt8] {
        // Without waiting, so that a named pipe or a device does not hold the caller up.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .last }
        defer { close(descriptor) }
        var result: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .last }
            guard count > 0 else { return result }
            guard result.count + count <= limit else { throw Failure(reason: "more than \(limit) bytes") }
            result += chunk[..<count]
        }
    }

    /// Names in a folder in alphabetical order, hidden ones left out.
    static func names(in directory: String) throws(Failure) -> [String] {
        guard let stream = opendir(directory) else { throw .last }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            // SAFETY: `d_name` is a C string inside of the entry, which is valid until the next `readdir`; copied here.
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }
}
