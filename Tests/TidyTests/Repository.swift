import Foundation

/// One thing that is not as it should be.
struct Finding: Hashable, CustomStringConvertible {
    var path: String
    var line: Int
    var message: String
    var description: String { line > 0 ? "\(path):\(line): \(message)" : "\(path): \(message)" }
}

/// A text file of the repository; path relative to the root.
struct SourceFile {
    let path: String
    let text: String
    /// Code and comments; empty for what is not Swift.
    let swift: SwiftText

    init(path: String, text: String) {
        self.path = path
        self.text = text
        swift = SwiftText(path.hasSuffix(".swift") ? text : "")
    }

    var name: String { path.split(separator: "/").last.map(String.init) ?? path }
    var isSwift: Bool { path.hasSuffix(".swift") }
    /// `Sources/Drivers/MQTT/X.swift` belongs to `Drivers`.
    var target: String? {
        let parts = path.split(separator: "/")
        return parts.count > 2 && (parts[0] == "Sources" || parts[0] == "Tests") ? String(parts[1]) : nil
    }
    var isUnderSources: Bool { path.hasPrefix("Sources/") }
    var lines: [String] { text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) }
}

/// The files of the repository as they lie on the disk, without what is built or generated.
struct Repository {
    let root: URL
    /// Every path, files and directories, relative to the root.
    let paths: Set<String>
    /// Text files below one megabyte that the checks read.
    let files: [SourceFile]

    private static let skipped: Set<String> = [
        ".git", ".build", ".swiftpm", ".claude", "__pycache__", "demo-out", "node_modules",
    ]
    private static let readable: Set<String> = ["swift", "c", "h", "inc", "md", "yaml", "conf", "service", "sh", "py"]

    /// Found from this file's own place; symbolic links on the way are followed.
    init(below file: String = #filePath) throws {
        let here = URL(filePath: file).resolvingSymlinksInPath()
        let root = here.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        var paths: Set<String> = []
        var files: [SourceFile] = []
        func walk(_ directory: URL, _ prefix: String) throws {
            for entry in try FileManager.default.contentsOfDirectory(
                at: directory, includingPropertiesForKeys: [.isDirectoryKey, .fileSizeKey]
            ).sorted(by: { $0.lastPathComponent < $1.lastPathComponent }) {
                let name = entry.lastPathComponent
                if Self.skipped.contains(name) || name.hasPrefix(".build-") { continue }
                let values = try entry.resourceValues(forKeys: [.isDirectoryKey, .fileSizeKey])
                paths.insert(prefix + name)
                if values.isDirectory == true {
                    try walk(entry, prefix + name + "/")
                } else if values.fileSize ?? 0 < 1_000_000,
                    Self.readable.contains(entry.pathExtension) || entry.pathExtension.isEmpty,
                    let text = try? String(contentsOf: entry, encoding: .utf8)
                {
                    files.append(SourceFile(path: prefix + name, text: text))
                }
            }
        }
        try walk(root, "")
        self.root = root
        self.paths = paths
        self.files = files
    }

    init(root: URL = URL(filePath: "/"), paths: Set<String>, files: [SourceFile]) {
        self.root = root
        self.paths = paths
        self.files = files
    }

    func file(_ path: String) -> SourceFile? { files.first { $0.path == path } }
}
