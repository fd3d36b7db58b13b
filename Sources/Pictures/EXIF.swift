/// The one thing that matters of a camera's notes: how it was held.
///
/// Notes that are damaged or say nothing usable leave the picture as it is stored: they are not the picture.
/// - Source: Exif 2.32 (CIPA DC-008), 4.5; TIFF 6.0, section 2.
enum EXIF {
    private static let orientationTag = 0x0112
    private static let shortType = 3
    private static let entryBytes = 12

    /// - Parameter tiff: the notes from the order of bytes on (`II` or `MM`).
    static func orientation(_ tiff: [UInt8]) -> Orientation? {
        let file = FileBytes(bytes: tiff)
        guard file.has(8, at: 0) else { return nil }
        let isLittle = tiff.starts(with: [0x49, 0x49])
        guard isLittle || tiff.starts(with: [0x4D, 0x4D]) else { return nil }
        func number(_ count: Int, at offset: Int) -> Int? {
            guard file.has(count, at: offset) else { return nil }
            return isLittle ? file.littleEndian(count, at: offset) : file.bigEndian(count, at: offset)
        }
        guard number(2, at: 2) == 42, let directory = number(4, at: 4), let entries = number(2, at: directory)
        else { return nil }
        // At most 65,535 of them, and none behind the last byte.
        for entry in 0..<entries {
            let start = directory + 2 + entry * entryBytes
            guard let tag = number(2, at: start) else { return nil }
            guard tag == orientationTag else { continue }
            guard number(2, at: start + 2) == shortType, number(4, at: start + 4) == 1,
                let value = number(2, at: start + 8)
            else { return nil }
            return Orientation(rawValue: UInt8(clamping: value))
        }
        return nil
    }
}
