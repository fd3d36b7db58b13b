/// Takes apart what ``ByteWriter`` wrote; nothing past the end is believed.
struct ByteReader {
    /// So that eight bytes and one more can be loaded at the last bit.
    private static let paddingBytes = 9

    private let bytes: [UInt8]
    private let end: Int
    private(set) var offset = 0

    init(_ bytes: [UInt8]) {
        end = bytes.count
        self.bytes = bytes + [UInt8](repeating: 0, count: Self.paddingBytes)
    }

    var left: Int { end - offset }
    var isAtEnd: Bool { left == 0 }

    mutating func byte() throws(HistoryError) -> UInt8 {
        try need(1)
        defer { offset += 1 }
        return bytes[offset]
    }

    mutating func word16() throws(HistoryError) -> UInt16 { UInt16(truncatingIfNeeded: try word(2)) }
    mutating func word32() throws(HistoryError) -> UInt32 { UInt32(truncatingIfNeeded: try word(4)) }
    mutating func word64() throws(HistoryError) -> UInt64 { try word(8) }

    mutating func varint() throws(HistoryError) -> UInt64 {
        let start = offset
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            let byte = try byte()
            value |= UInt64(byte & 0x7F) &<< shift
            if byte < 0x80 {
                if shift == 63, byte > 1 { break }
                return value
            }
        }
        throw .field(expected: "a varint of 64 bits", found: Int(bytes[start]), offset: start)
    }

    /// The byte before packed words: how many bits each takes.
    mutating func width() throws(HistoryError) -> Int {
        let width = Int(try byte())
        guard width <= 64 else { throw .field(expected: "0 to 64 bits", found: width, offset: offset - 1) }
        return width
    }

    /// - Parameter width: 0...64.
    // SAFETY: `need` holds the bits within the bytes and the padding holds what a load takes past the last of them.
    mutating func unpack(
        into words: inout [UInt64], _ range: Range<Int>, width: Int
    ) throws(HistoryError) {
        let packedBytes = (range.count * width + 7) / 8
        try need(packedBytes)
        defer { offset += packedBytes }
        guard width > 0 else { return }
        let mask = UInt64.max &>> UInt64(64 - width)
        var bit = offset * 8
        bytes.withUnsafeBytes { raw in
            for index in range {
                let (at, shift) = (bit >> 3, bit & 7)
                var word = raw.loadUnaligned(fromByteOffset: at, as: UInt64.self) &>> UInt64(shift)
                if shift + width > 64 { word |= UInt64(raw[at + 8]) &<< UInt64(64 - shift) }
                words[index] = word & mask
                bit += width
            }
        }
    }

    private mutating func word(_ count: Int) throws(HistoryError) -> UInt64 {
        try need(count)
        defer { offset += count }
        var word: UInt64 = 0
        for index in (0..<count).reversed() { word = word << 8 | UInt64(bytes[offset + index]) }
        return word
    }

    private func need(_ count: Int) throws(HistoryError) {
        guard count <= left else { throw .length(expected: offset + count, found: end) }
    }
}
