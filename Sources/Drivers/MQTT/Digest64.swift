/// A fast digest of bytes: the same on every machine and in every run, so that it may be stored. Not for security.
///
/// - Source: the folded 64-by-64-bit multiplication of wyhash (Wang Yi, public domain), with constants of its own.
enum Digest64 {
    private static let keys: (UInt64, UInt64) = (0x9E37_79B9_7F4A_7C15, 0xD1B5_4A32_D192_ED03)

    static func of(_ bytes: UnsafeRawBufferPointer, seed: UInt64 = 0) -> UInt64 {
        var hash = seed ^ keys.0
        var at = 0
        // SAFETY: each load ends at or before `bytes.count`.
        while at + 16 <= bytes.count {
            hash = fold(
                UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)) ^ keys.1,
                UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at + 8, as: UInt64.self)) ^ hash)
            at += 16
        }
        var (low, high): (UInt64, UInt64) = (0, 0)
        for offset in 0..<(bytes.count - at) {
            if offset < 8 {
                low |= UInt64(bytes[at + offset]) << UInt64(8 * offset)
            } else {
                high |= UInt64(bytes[at + offset]) << UInt64(8 * (offset - 8))
            }
        }
        // The length enters last and multiplied: at the start, one bit of the text could undo it.
        let count = UInt64(bytes.count)
        return fold(fold(low ^ keys.1, high ^ hash) ^ count, hash ^ keys.0 ^ (count &* keys.1))
    }

    private static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let (high, low) = a.multipliedFullWidth(by: b)
        return high ^ low
    }
}
