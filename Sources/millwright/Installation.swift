import Glibc

/// Where this program lies, and what was installed with it.
enum Installation {
    /// The file that this process was started from; nil when the kernel does not say.
    static func program() -> String? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        guard count > 0 else { return nil }
        return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Device maps, packs and profiles of a program in `PREFIX/bin`: `PREFIX/share/millwright`. Nil for one that lies elsewhere.
    ///
    /// - Source: `systemd/install`.
    static func sharedDirectory() -> String? {
        guard let program = program() else { return nil }
        let folder = TextFile.directory(of: program)
        return folder.hasSuffix("/bin") ? "\(folder.dropLast("bin".count))share/millwright" : nil
    }
}
