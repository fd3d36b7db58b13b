import Glibc

/// The file of payloads.
enum Vectors {
    struct Missing: Error {
        var name: String
    }

    static func payload(_ name: String) throws -> [UInt8] {
        guard let line = try lines().first(where: { $0.hasPrefix("\(name) ") }) else { throw Missing(name: name) }
        let digits = Array(line.dropFirst(name.utf8.count + 1).utf8)
        return stride(from: 0, to: digits.count - 1, by: 2).compactMap {
            UInt8(String(decoding: digits[$0...$0 + 1], as: UTF8.self), radix: 16)
        }
    }

    static func names() throws -> [String] {
        try lines().compactMap { $0.split(separator: " ").first.map(String.init) }
    }

    private static func lines(_ here: String = #filePath) throws -> [Substring] {
        let path = here.split(separator: "/").dropLast().map { "/\($0)" }.joined() + "/Vectors/payloads.txt"
        guard let file = fopen(path, "r") else { throw Missing(name: path) }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n")
    }
}
