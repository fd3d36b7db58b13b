/// Appends little-endian words, varints and packed bits.
struct ByteWriter {
    private(set) var bytes: [UInt8] = []

    mutating func append(_ byte: UInt8) { bytes.append(byte) }

    mutating func append<Word: FixedWidthInteger>(_ word: Word) {
        withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func append(_ other: ByteWriter) { bytes += other.bytes }

    /// Seven bits a byte, the lowest first; the top bit says that more follow.
    mutating func append(varint: UInt64) {
        var left = varint
        while left >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: left) | 0x80)
            left >>= 7
        }
        bytes.append(UInt8(left))
    }

    /// - Parameter width: bits of each word that are written; the ones above are zero.
    mutating func append(_ words: ArraySlice<UInt64>, width: Int) {
        guard width > 0 else { return }
        var held: UInt64 = 0
        var heldBits = 0
        for word in words {
            held |= word &<< UInt64(heldBits)
            heldBits += width
            guard heldBits >= 64 else { continue }
            append(held)
            heldBits -= 64
            held = heldBits == 0 ? 0 : word &>> UInt64(width - heldBits)
        }
        while heldBits > 0 {
            bytes.append(UInt8(truncatingIfNeeded: held))
            held >>= 8
            heldBits -= 8
        }
    }
}
