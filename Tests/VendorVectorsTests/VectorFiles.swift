import Foundation

/// The vectors that Ties/make.py makes.
enum VectorFiles {
    /// Paths without extension.
    static func names() throws -> [String] {
        names(in: URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Ties"))
    }

    /// Those of vendors' tools, where `MILLWRIGHT_VECTORS` names their folder.
    static func vendorNames() -> [String] {
        ProcessInfo.processInfo.environment["MILLWRIGHT_VECTORS"].map { names(in: URL(filePath: $0)) } ?? []
    }

    private static func names(in folder: URL) -> [String] {
        let found = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        return (found?.compactMap { ($0 as? URL)?.path } ?? []).filter { $0.hasSuffix(".json") }
            .map { String($0.dropLast(5)) }.sorted()
    }

    static func bytes(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path))) }

    /// Objects under a key anywhere in a JSON file.
    static func objects(_ key: String, in path: String) throws -> [[String: Any]] {
        func walk(_ value: Any) -> [[String: Any]] {
            if let items = value as? [Any] { return items.flatMap(walk) }
            guard let object = value as? [String: Any] else { return [] }
            return (object[key] != nil ? [object] : []) + object.values.flatMap(walk)
        }
        return walk(try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: path))))
    }
}
