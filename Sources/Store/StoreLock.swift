internal import Glibc

/// Held by the one daemon that may run on a store; the kernel lets go of it when the process ends, however it ends.
struct StoreLock: ~Copyable {
    private let descriptor: Int32

    /// - Throws: `.locked` when another process, or another store in this one, holds it.
    init(directory: String) throws(StoreError) { descriptor = try Self.acquire(directory) }

    deinit { close(descriptor) }

    private static func acquire(_ directory: String) throws(StoreError) -> Int32 {
        let path = "\(directory)/store.lock"
        let descriptor = try Files.open(path, O_RDWR | O_CREAT)
        guard flock(descriptor, LOCK_EX | LOCK_NB) != 0 else { return descriptor }
        let code = errno
        close(descriptor)
        throw code == EWOULDBLOCK ? .locked(directory: directory) : .file(operation: "flock", path: path, errno: code)
    }
}
