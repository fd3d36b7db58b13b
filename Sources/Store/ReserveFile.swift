internal import Glibc

/// Space on the disk that is held by a file without content, to be given back when nothing else is left.
struct ReserveFile {
    let path: String
    let bytes: Int64

    init(directory: String, bytes: Int64) {
        path = "\(directory)/reserve"
        self.bytes = bytes
    }

    var holdsSpace: Bool { Files.size(path).map { $0 > 0 } ?? false }

    var isThere: Bool { bytes == 0 || Files.size(path) == bytes }

    /// Takes the space.
    ///
    /// - Throws: `.full` when there is not so much; the file is then gone.
    func make() throws(StoreError) {
        guard !isThere else { return }
        let descriptor = try Files.open(path, O_WRONLY | O_CREAT)
        defer { close(descriptor) }
        let code = posix_fallocate(descriptor, 0, off_t(bytes))
        guard code == 0 else {
            try Files.remove(path)
            throw code == ENOSPC ? .full : .file(operation: "posix_fallocate", path: path, errno: code)
        }
    }

    func giveBack() throws(StoreError) { try Files.remove(path) }
}
