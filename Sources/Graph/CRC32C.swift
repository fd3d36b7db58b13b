/// CRC-32C (Castagnoli), reflected, as in RFC 3720 appendix B.4: finds every change within 32 neighbouring bits.
package enum CRC32C {
    /// - Returns: the checksum; 0 for no bytes, 0xE3069283 for "123456789".
    // SAFETY: reads within `bytes.count` only and keeps nothing.
    package static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        table.withUnsafeBufferPointer { table in
            var crc: UInt32 = 0xFFFF_FFFF
            var position = 0
            while position + 8 <= bytes.count {
                let word =
                    UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)) ^ UInt64(crc)
                crc = 0
                for lane in 0..<8 {
                    crc ^= table[(7 - lane) << 8 | Int(truncatingIfNeeded: word >> UInt64(lane * 8)) & 0xFF]
                }
                position += 8
            }
            while position < bytes.count {
                crc = crc >> 8 ^ table[Int((crc ^ UInt32(bytes[position])) & 0xFF)]
                position += 1
            }
            return ~crc
        }
    }

    package static func checksum(_ bytes: [UInt8]) -> UInt32 { bytes.withUnsafeBytes(checksum) }

    /// Eight tables of 256, so that eight bytes are taken a step; table `k` is the CRC of a byte followed by `k` zeros.
    private static let table: [UInt32] = {
        var table = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var crc = UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1 }
            table[byte] = crc
        }
        for index in 256..<table.count {
            let previous = table[index - 256]
            table[index] = previous >> 8 ^ table[Int(previous & 0xFF)]
        }
        return table
    }()
}
