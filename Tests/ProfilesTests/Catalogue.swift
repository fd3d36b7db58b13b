import Foundation
import Profiles

/// The committed catalogue, and where the repository lies.
enum Catalogue {
    /// The top of the repository.
    static let root = {
        let parts = #filePath.split(separator: "/").dropLast(3)
        return "/" + parts.joined(separator: "/")
    }()

    static let directory = "\(root)/\(ProfileCatalogue.usualDirectory)"

    static func profiles() throws -> [ChipProfile] { try ProfileCatalogue.load(directory: directory) }

    static func profile(_ name: String) throws -> ChipProfile {
        try ProfileCatalogue.profile(named: name, in: try profiles())
    }

    static func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    /// What is wrong with a text, or nil when it is good.
    static func findings(_ text: String, file: String) -> String? {
        do {
            _ = try ProfileCatalogue.profile(parsing: Array(text.utf8), file: file)
            return nil
        } catch {
            return error.description
        }
    }
}

/// A folder of a test, gone when the test is.
final class Scratch {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "profiles-\(UUID().uuidString)").path()
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file and the folders above it.
    func write(_ text: String, to name: String) throws {
        let file = "\(path)/\(name)"
        let folder = file.split(separator: "/").dropLast().joined(separator: "/")
        try FileManager.default.createDirectory(atPath: "/\(folder)", withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(filePath: file))
    }
}
