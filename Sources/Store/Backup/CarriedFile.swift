/// A file of the store's folder that a backup carries in its table `files`, so that one file is all that a restore needs.
struct CarriedFile: Sendable {
    /// In the table: a model's file name, or the path of another file in the store's folder, which has a folder before it.
    let name: String
    /// In the store's folder.
    let path: String
    let bytes: Int64

    /// What one row of the database holds in any case; pictures are far smaller.
    private static let mostBytes: Int64 = 256 << 20
    /// Where a file is written before it has its name; no file of a backup has this one.
    private static let partial = ".restored"

    /// Models, and every file of the folders that a backup carries.
    ///
    /// - Returns: what is carried, and what lies there and cannot be.
    static func all(in directory: String) throws(StoreError) -> (files: [CarriedFile], leftOut: [StoreFault]) {
        var found: [CarriedFile] = []
        var leftOut: [StoreFault] = []
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
        for folder in StoreFolder.allCases { try add(folder.rawValue, of: directory, to: &found, &leftOut, depth: 1) }
        return (found, leftOut)
    }

    private static func add(
        _ folder: String, of directory: String, to found: inout [CarriedFile], _ leftOut: inout [StoreFault], depth: Int
    ) throws(StoreError) {
        guard Files.kind("\(directory)/\(folder)") == .directory else { return }
        // What begins with a point is somebody's work in hand.
        for name in try Files.names(in: "\(directory)/\(folder)") where !name.hasPrefix(".") {
            let path = "\(folder)/\(name)"
            switch Files.kind("\(directory)/\(path)") {
            case .directory where depth < StoreFolder.deepest:
                try add(path, of: directory, to: &found, &leftOut, depth: depth + 1)
            case .file(let bytes) where StoreFolder.holds(path) && bytes <= mostBytes:
                found.append(CarriedFile(name: path, path: path, bytes: bytes))
            case let kind:
                leftOut.append(
                    StoreFault(place: "file", row: 0, reason: "\(path) is not in the backup: \(reason(kind))"))
            }
        }
    }

    private static func reason(_ kind: Files.Kind?) -> String {
        switch kind {
        case nil: "it went meanwhile, or its name is not UTF-8"
        case .directory: "no folder lies so deep"
        case .file(let bytes) where bytes > mostBytes: "expected at most \(mostBytes) bytes, found \(bytes)"
        case .file: "expected a name without control characters"
        case .other: "expected a file or a folder, found a link or something else"
        }
    }

    static func isModel(_ name: String) -> Bool { !name.contains("/") }

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
        let partial = "\(folder)/\(partial)"
        do throws(StoreError) {
            try Files.write(bytes, toNew: partial)
            try Files.sync(partial)
            try Files.rename(partial, to: path)
        } catch {
            try? Files.remove(partial)
            throw error
        }
        try Files.syncDirectory(folder)
    }
}

/// Folders beside the store's file whose files belong to what it holds.
package enum StoreFolder: String, CaseIterable {
    /// Pictures of parts of which somebody has said what they are: models are corrected with them at each start.
    case feedback

    /// Folders within one another: a station, and what was said.
    static let deepest = 4

    /// Whether a path in the store's folder is of a file in one of these: what comes from outside, in a backup, must reach nothing else.
    package static func holds(_ path: String) -> Bool {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        return (2...(deepest + 1)).contains(parts.count) && StoreFolder(rawValue: String(parts[0])) != nil
            && parts.allSatisfy { !$0.isEmpty && !$0.hasPrefix(".") && $0.utf8.count <= 255 }
            && path.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    }
}
