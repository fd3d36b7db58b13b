import Foundation
import Pictures
import Testing

/// The files that `make-golden.py` has written.
enum Golden {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")

    struct Missing: Error, CustomStringConvertible {
        var description: String
    }

    /// A file that must be refused.
    struct Refusal: Sendable, CustomTestStringConvertible {
        var name: String
        var code: String
        /// What its description must hold.
        var words: String

        var testDescription: String { name }
    }

    /// Names of the files that are read, `.png`, `.jpg` and `.bmp`.
    static let accepted: [String] = names.filter { $0.hasSuffix(".pnm") }.map { String($0.dropLast(4)) }

    static let refused: [Refusal] = {
        let lines = (try? String(contentsOf: folder.appending(path: "refused.txt"), encoding: .utf8)) ?? ""
        return lines.split(separator: "\n").map { line in
            let fields = line.split(separator: "\t").map(String.init)
            return Refusal(name: fields[0], code: fields[1], words: fields[2])
        }
    }()

    private static let names: [String] =
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.path())) ?? []).sorted()

    static func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: folder.appending(path: name)))
    }

    /// What a file must be read as: binary PGM or PPM.
    static func picture(_ name: String) throws -> Picture {
        let bytes = try bytes(name + ".pnm")
        let parts = bytes.split(separator: 0x0A, maxSplits: 3, omittingEmptySubsequences: false)
        let size = String(decoding: parts[1], as: UTF8.self).split(separator: " ").compactMap { Int($0) }
        guard parts.count == 4, size.count == 2 else { throw Missing(description: "\(name).pnm is none") }
        return Picture(
            width: size[0], height: size[1], channels: parts[0].last == 0x35 ? 1 : 3, pixels: Array(parts[3]))
    }
}
