import CChecksum
import Checksum
import Testing

@Suite("CRC-32C")
struct CRC32CTests {
    /// Source: RFC 3720, appendix B.4.
    @Test("gives the check values of its RFC")
    func checkValues() {
        #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(CRC32C.checksum([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
        #expect(CRC32C.checksum((0..<32).map { UInt8($0) }) == 0x46DD_794E)
        #expect(CRC32C.checksum(Array("123456789".utf8)) == 0xE306_9283)
        #expect(CRC32C.checksum([UInt8]()) == 0)
    }

    @Test(
        "gives the same in pieces, and by tables, as at once",
        arguments: [0, 1, 7, 8, 9, 63, 64, 65, 1_000, 12_287, 12_293, 24_600])
    func pieces(count: Int) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ $0 >> 3) }
        var pieces = CRC32C()
        for byte in bytes.prefix(5) { pieces.add(byte) }
        Array(bytes.dropFirst(5)).withUnsafeBytes { pieces.add($0) }
        #expect(pieces.value == CRC32C.checksum(bytes))
        #expect(~mw_crc32c_by_tables(0xFFFF_FFFF, bytes, count) == CRC32C.checksum(bytes))
    }

    @Test("adds a word as its eight bytes, the lowest first")
    func words() {
        var word = CRC32C()
        word.add(0x0807_0605_0403_0201 as UInt64)
        #expect(word.value == CRC32C.checksum([1, 2, 3, 4, 5, 6, 7, 8]))
    }
}
