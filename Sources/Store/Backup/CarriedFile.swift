/// A file of the store's folder that a backup carries in its table `files`, so that one file is all that a restore needs.
struct CarriedFile: Sendable {
    /// In the table: a model's file name, or the path of another file in the store's folder, which has a folder before it.
    let name: String
    /// In the store's folder.
    let path: String
    let bytes: Int64

    /// How deep files of a carried folder may lie: a station, and what was said.
    private static let deepest = 4

    /// Models, and every file of the folders that a backup carries.
    static func all(in directory: String) throws(StoreError) -> [CarriedFile] {
        var found: [CarriedFile] = []
        let models = "\(directory)/models"
        if Files.isDirectory(models) {
            for name in try Files.names(in: models) {
                let digest = String(name.prefix { $0 != "." })
                guard ModelFiles.isDigest(digest), name == ModelFiles.name(of: digest) else { continue }
                if let size = Files.size("\(models)/\(name)") {
                    found.append(CarriedFile(name: name, path: "models/\(name)", bytes: size))
                }
            }
        }
        for folder in StoreFolder.allCases { try add(folder.rawValue, of: directory, to: &found, depth: 1) }
        return found
    }

    private static func add(
        _ folder: String, of directory: String, to found: inout [CarriedFile], depth: Int
    ) throws(StoreError) {
        guard depth <= deepest, Files.isDirectory("\(directory)/\(folder)") else { return }
        for name in try Files.names(in: "\(directory)/\(folder)") {
            let path = "\(folder)/\(name)"
            if Files.isFile("\(directory)/\(path)"), isInStore(path) {
                if let size = Files.size("\(directory)/\(path)") {
                    found.append(CarriedFile(name: path, path: path, bytes: size))
                }
            } else {
                try add(path, of: directory, to: &found, depth: depth + 1)
            }
        }
    }

    static func isModel(_ name: String) -> Bool { !name.contains("/") }

    /// Whether a name is of a file in a folder that a backup carries: a backup comes from a stick, and must not write anywhere else.
    static func isInStore(_ name: String) -> Bool {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        return (2...(deepest + 1)).contains(parts.count) && StoreFolder(rawValue: String(parts[0])) != nil
            && parts.allSatisfy { !$0.isEmpty && !$0.hasPrefix(".") && !$0.utf8.contains(0) }
    }

    /// Writes one whole, or not at all.
    static func restore(_ bytes: [UInt8], as name: String, in directory: String) throws(StoreError) {
        let path = "\(directory)/\(name)"
        var folder = directory
        for part in name.split(separator: "/").dropLast() {
            let parent = folder
            folder += "/\(part)"
            try Files.makeDirectory(folder)
            try Files.syncDirectory(parent)
        }
        let partial = "\(path).part"
        try Files.write(bytes, toNew: partial)
        try Files.sync(partial)
        try Files.rename(partial, to: path)
        try Files.syncDirectory(folder)
    }
}

/// Folders beside the store's file whose files belong to what it holds.
package enum StoreFolder: String, CaseIterable {
    /// Pictures of parts of which somebody has said what they are: models are corrected with them at each start.
    case feedback
}
