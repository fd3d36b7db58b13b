internal import Checksum

/// CRC-32C (Castagnoli, reflected) over the columns of a row, each with its storage class, the table's name first.
///
/// It finds a flipped bit in any column, a value that landed in another column, row or table, and a changed type.
struct RowChecksum {
    private var crc = CRC32C()

    init(table: String) { add(table) }
    /// Without a table: plain CRC-32C.
    init() {}

    var value: UInt32 { crc.value }

    mutating func add(_ value: Int64) {
        step(1)
        step8(UInt64(bitPattern: value))
    }

    /// SQLite keeps no negative zero, so it counts as zero here too.
    mutating func add(_ value: Double) {
        step(2)
        step8((value == 0 ? 0 : value).bitPattern)
    }

    mutating func add(_ value: String) {
        step(3)
        var value = value
        value.withUTF8 { addCounted(UnsafeRawBufferPointer($0)) }
    }

    mutating func add(blob: UnsafeRawBufferPointer) {
        step(4)
        addCounted(blob)
    }

    mutating func add(text: UnsafeRawBufferPointer) {
        step(3)
        addCounted(text)
    }

    mutating func addNull() { step(5) }

    /// The bytes alone, without their count.
    // SAFETY: read within their count and not kept; so are those of the blob and the text above.
    mutating func add(raw bytes: UnsafeRawBufferPointer) { crc.add(bytes) }

    private mutating func addCounted(_ bytes: UnsafeRawBufferPointer) {
        step8(UInt64(bytes.count))
        add(raw: bytes)
    }

    private mutating func step(_ byte: UInt8) { crc.add(byte) }
    private mutating func step8(_ word: UInt64) { crc.add(word) }
}
