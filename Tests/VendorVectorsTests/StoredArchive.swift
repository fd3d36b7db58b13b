import Arrays

/// Writes an `.npz` without compression.
enum StoredArchive {
    static func bytes(_ arrays: [String: NPYArray]) -> [UInt8] {
        var out: [UInt8] = []
        var directory: [UInt8] = []
        for (name, array) in arrays.sorted(by: { $0.key < $1.key }) {
            let (file, title) = (array.file, Array("\(name).npy".utf8))
            let start = out.count
            // Version, flags, method, time, date; then checksum, sizes, name, extra.
            let common =
                little(20, 2) + little(0, 8) + little(Int(checksum(file)), 4) + little(file.count, 4)
                + little(file.count, 4)
                + little(title.count, 2) + little(0, 2)
            out += little(0x0403_4B50, 4) + common + title + file
            directory += little(0x0201_4B50, 4) + little(20, 2) + common + little(0, 10) + little(start, 4) + title
        }
        let end = out.count
        return out + directory + little(0x0605_4B50, 4) + little(0, 4) + little(arrays.count, 2)
            + little(arrays.count, 2)
            + little(directory.count, 4) + little(end, 4) + little(0, 2)
    }

    private static func little(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    /// CRC-32 of ZIP, bit by bit.
    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(UInt32.max) { sum, byte in
            (0..<8).reduce(sum ^ UInt32(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
        }
    }
}

/// A committed archive with some arrays under second names.
enum NPZArchiveCopy {
    static func bytes(_ path: String, adding copies: [String: String]) throws -> [UInt8] {
        let archive = try NPZArchive(VectorFiles.bytes(path))
        var arrays: [String: NPYArray] = [:]
        for name in archive.names { arrays[name] = archive[name] }
        for (name, original) in copies { arrays[name] = archive[original] }
        return StoredArchive.bytes(arrays)
    }
}
