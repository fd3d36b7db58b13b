import Glibc
import Testing

@testable import millwright

/// Files of a test, and where the repository and the built program lie.
enum Files {
    /// The top of the repository.
    static let root = {
        let parts = #filePath.split(separator: "/").dropLast(3)
        return "/" + parts.joined(separator: "/")
    }()

    static var pack: String { "\(root)/solutions/rotating-machine" }

    static func write(_ text: String, to path: String) throws {
        try OutputFile.write(Array(text.utf8), to: path, isDurable: false)
    }

    static func write(_ bytes: [UInt8], to path: String) throws {
        try OutputFile.write(bytes, to: path, isDurable: false)
    }

    static func bytes(_ path: String) throws -> [UInt8] { try TextFile.read(path, limit: 1 << 30) }

    static func text(_ path: String) throws -> String { String(decoding: try TextFile.read(path), as: UTF8.self) }

    /// The program, beside the tests' own, where the build put both.
    static func program() throws -> String {
        let own = try DaemonProcess.program()
        let path = "\(TextFile.directory(of: own))/millwright"
        try #require(access(path, X_OK) == 0, "millwright was not built beside \(own)")
        return path
    }
}
