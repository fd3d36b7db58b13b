internal import CChecksum

/// CRC-32C (Castagnoli), reflected, as in RFC 3720 appendix B.4: finds every change within 32 neighbouring bits.
package struct CRC32C: Hashable, Sendable {
    private var state: UInt32 = 0xFFFF_FFFF

    package init() {}

    /// Of everything added so far; 0 for nothing, 0xE3069283 for "123456789".
    package var value: UInt32 { ~state }

    // SAFETY: reads within `bytes.count` only and keeps nothing.
    package mutating func add(_ bytes: UnsafeRawBufferPointer) {
        state = mw_crc32c(state, bytes.baseAddress, bytes.count)
    }

    package mutating func add(_ byte: UInt8) { withUnsafeBytes(of: byte) { add($0) } }

    /// Eight bytes, the lowest first.
    package mutating func add(_ word: UInt64) { withUnsafeBytes(of: word.littleEndian) { add($0) } }

    // SAFETY: as `add`.
    package static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        var crc = CRC32C()
        crc.add(bytes)
        return crc.value
    }

    package static func checksum(_ bytes: [UInt8]) -> UInt32 { bytes.withUnsafeBytes(checksum) }
}
