import Glibc

/// Why a configuration or another text file of the program could not be used.
enum ConfigurationError: Error, CustomStringConvertible {
    case unreadable(path: String, reason: String)
    case tooLarge(path: String, limit: Int)
    /// Not YAML; the text has file, line and column.
    case malformed(String)
    /// One line a mistake.
    case wrong(String)

    var description: String {
        switch self {
        case .unreadable(let path, let reason): "\(path): cannot be read: \(reason)"
        case .tooLarge(let path, let limit): "\(path): expected at most \(limit) bytes, found more"
        case .malformed(let text), .wrong(let text): text
        }
    }
}

/// Small files read whole.
enum TextFile {
    /// The largest text file that the program takes: a plant of 10,000 tags is about 1 MB of YAML.
    static let limit = 4 << 20

    static func read(_ path: String, limit: Int = limit) throws(ConfigurationError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unreadable(path: path, reason: String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var result: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .unreadable(path: path, reason: String(cString: strerror(errno))) }
            guard count > 0 else { return result }
            guard result.count + count <= limit else { throw .tooLarge(path: path, limit: limit) }
            result += chunk[..<count]
        }
    }

    static func isReadable(_ path: String) -> Bool { access(path, R_OK) == 0 }

    static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
