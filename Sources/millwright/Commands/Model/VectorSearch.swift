import Glibc

/// Finds files of vectors in a folder and those below it.
struct VectorSearch {
    struct Failure {
        var path: String
        var reason: String
    }
    /// Paths without extension, sorted within each folder.
    private(set) var pairs: [String] = []
    /// Files that lack the other one, and folders that cannot be read.
    private(set) var failures: [Failure] = []
    private var visited: Set<Place> = []

    /// What a folder is, by whatever name it is reached.
    private struct Place: Hashable {
        var device: UInt64
        var file: UInt64

        init?(_ path: String) {
            var status = stat()
            guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return nil }
            device = UInt64(status.st_dev)
            file = UInt64(status.st_ino)
        }
    }

    /// Looks into each folder once, however many links lead there.
    /// - Throws: where the folder itself cannot be read.
    mutating func look(in directory: String) throws {
        if let place = Place(directory), !visited.insert(place).inserted { return }
        let entries = try DirectoryListing.names(in: directory)
        let names = Set(entries)
        for entry in entries {
            let path = "\(directory)/\(entry)"
            if DirectoryListing.isDirectory(path) {
                do { try look(in: path) } catch { failures.append(.init(path: path, reason: "\(error)")) }
            } else if entry.hasSuffix(".json") {
                if names.contains(entry.dropLast(5) + ".npz") {
                    pairs.append(String(path.dropLast(5)))
                } else {
                    failures.append(
                        .init(path: path, reason: "expected \(entry.dropLast(5)).npz beside it, found none"))
                }
            } else if entry.hasSuffix(".npz"), !names.contains(entry.dropLast(4) + ".json") {
                failures.append(.init(path: path, reason: "expected \(entry.dropLast(4)).json beside it, found none"))
            }
        }
    }
}
