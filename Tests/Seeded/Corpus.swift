import Glibc

/// Sound files for the fuzzer to begin with; `MILLWRIGHT_CORPUS` names their folder.
package enum Corpus {
    package static let folder = getenv("MILLWRIGHT_CORPUS").map { String(cString: $0) }

    package struct Unwritable: Error {
        package var path: String
        package var reason: String
    }

    /// Writes `<folder>/<format>/<name>.<format>` for each file.
    package static func write(_ files: [(name: String, bytes: [UInt8])], as format: String) throws {
        guard let folder else { return }
        mkdir(folder, 0o755)
        mkdir("\(folder)/\(format)", 0o755)
        for (name, bytes) in files {
            let path = "\(folder)/\(format)/\(name).\(format)"
            guard let file = fopen(path, "wb") else {
                throw Unwritable(path: path, reason: String(cString: strerror(errno)))
            }
            defer { fclose(file) }
            guard fwrite(bytes, 1, bytes.count, file) == bytes.count else {
                throw Unwritable(path: path, reason: String(cString: strerror(errno)))
            }
        }
    }
}
