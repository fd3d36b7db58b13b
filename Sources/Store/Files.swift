internal import Glibc

/// Calls to the operating system that fail as a `StoreError`.
enum Files {
    static func makeDirectory(_ path: String) throws(StoreError) {
        if mkdir(path, 0o750) != 0, errno != EEXIST { throw failure("mkdir", path) }
    }

    static func open(_ path: String, _ flags: Int32, mode: mode_t = 0o640) throws(StoreError) -> Int32 {
        let descriptor = Glibc.open(path, flags | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw failure("open", path) }
        return descriptor
    }

    static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: String) throws(StoreError) {
        var rest = bytes[...]
        while let start = UnsafeRawBufferPointer(rebasing: rest).baseAddress, !rest.isEmpty {
            // SAFETY: `rest` is a part of `bytes`, which the caller keeps alive.
            let written = Glibc.write(descriptor, start, rest.count)
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw failure("write", path) }
            rest = rest.dropFirst(written)
        }
    }

    /// Fills `bytes` from where the file stands.
    ///
    /// - Throws: also when it ends before.
    static func read(
        into bytes: UnsafeMutableRawBufferPointer, from descriptor: Int32, path: String
    ) throws(StoreError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let room = UnsafeMutableRawBufferPointer(rebasing: rest)
            // SAFETY: `room` is a part of `bytes`, which the caller keeps alive.
            let count = Glibc.read(descriptor, room.baseAddress, room.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure("read", path) }
            guard count > 0 else { throw .file(operation: "read to the end", path: path, errno: ENODATA) }
            rest = rest.dropFirst(count)
        }
    }

    /// Makes a file of these bytes, in place of one that is there.
    static func write(_ bytes: [UInt8], toNew path: String) throws(StoreError) {
        let descriptor = try open(path, O_WRONLY | O_CREAT | O_TRUNC)
        // The typed error comes out as a value: the closure's own throws is untyped.
        let written = bytes.withUnsafeBytes { bytes in
            Result { () throws(StoreError) in try write(bytes, to: descriptor, path: path) }
        }
        close(descriptor)
        try written.get()
    }

    /// Makes the file's content durable.
    static func sync(_ path: String) throws(StoreError) {
        let descriptor = try open(path, O_RDONLY)
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("fsync", path) }
    }

    /// Makes names in the directory durable: after a rename or an unlink.
    static func syncDirectory(_ path: String) throws(StoreError) {
        let descriptor = try open(path, O_RDONLY | O_DIRECTORY)
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("fsync", path) }
    }

    static func rename(_ from: String, to: String) throws(StoreError) {
        guard Glibc.rename(from, to) == 0 else { throw failure("rename", from) }
    }

    /// Removes a file; one that is not there is as good as removed.
    static func remove(_ path: String) throws(StoreError) {
        if unlink(path) != 0, errno != ENOENT { throw failure("unlink", path) }
    }

    /// Size in bytes, nil for a file that is not there.
    static func size(_ path: String) -> Int64? {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_size) : nil
    }

    static func isFile(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    enum Kind: Equatable {
        case directory
        case file(bytes: Int64)
        /// A link, a pipe, a device.
        case other
    }

    /// What lies there itself, not where a link leads; nil for nothing.
    static func kind(_ path: String) -> Kind? {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        return switch status.st_mode & S_IFMT {
        case S_IFDIR: .directory
        case S_IFREG: .file(bytes: Int64(status.st_size))
        default: .other
        }
    }

    static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Whether two names are of one file or folder.
    static func isSame(_ one: String, _ other: String) -> Bool {
        var (first, second) = (stat(), stat())
        return stat(one, &first) == 0 && stat(other, &second) == 0 && first.st_dev == second.st_dev
            && first.st_ino == second.st_ino
    }

    static func isOnSameFileSystem(_ one: String, _ other: String) -> Bool {
        var (first, second) = (stat(), stat())
        return stat(one, &first) == 0 && stat(other, &second) == 0 && first.st_dev == second.st_dev
    }

    static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Bytes that an unprivileged process may still write on the file system of `path`.
    static func freeBytes(_ path: String) -> Int64 {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return 0 }
        return Int64(clamping: UInt64(status.f_bavail) &* UInt64(status.f_frsize))
    }

    static func names(in directory: String) throws(StoreError) -> [String] {
        guard let stream = opendir(directory) else { throw failure("opendir", directory) }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            // SAFETY: read only inside the closure; readdir(3) ends the name with a zero.
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// The machine's present run, as the kernel names it; empty where it names none.
    static func bootID() -> String {
        guard let descriptor = try? open("/proc/sys/kernel/random/boot_id", O_RDONLY) else { return "" }
        defer { close(descriptor) }
        let bytes = [UInt8](unsafeUninitializedCapacity: 64) { buffer, count in
            // SAFETY: reads at most as many bytes as the buffer holds.
            count = max(0, Glibc.read(descriptor, buffer.baseAddress, buffer.count))
        }
        return String(decoding: bytes.prefix { $0 > 32 }, as: UTF8.self)
    }

    static func failure(_ operation: String, _ path: String) -> StoreError {
        errno == ENOSPC ? .full : .file(operation: operation, path: path, errno: errno)
    }
}
