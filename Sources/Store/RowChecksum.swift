/// CRC-32C (Castagnoli, reflected) over the columns of a row, each with its storage class, the table's name first.
///
/// It finds a flipped bit in any column, a value that landed in another column, row or table, and a changed type.
/// Source: RFC 3720, appendix B.4 for the polynomial and its check values.
struct RowChecksum {
    private var state: UInt32 = 0xFFFF_FFFF

    init(table: String) { add(table) }
    /// Without a table: plain CRC-32C.
    init() {}

    var value: UInt32 { ~state }

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
    mutating func add(raw bytes: UnsafeRawBufferPointer) {
        var position = 0
        while position + 8 <= bytes.count {
            step8(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)))
            position += 8
        }
        while position < bytes.count {
            step(bytes[position])
            position += 1
        }
    }

    private mutating func addCounted(_ bytes: UnsafeRawBufferPointer) {
        step8(UInt64(bytes.count))
        add(raw: bytes)
    }

    private mutating func step(_ byte: UInt8) {
        state = state >> 8 ^ Self.table[Int((state ^ UInt32(byte)) & 0xFF)]
    }

    private mutating func step8(_ word: UInt64) {
        let word = word ^ UInt64(state)
        let table = Self.table
        let low =
            table[0x700 | Int(word & 0xFF)] ^ table[0x600 | Int(word >> 8 & 0xFF)]
            ^ table[0x500 | Int(word >> 16 & 0xFF)] ^ table[0x400 | Int(word >> 24 & 0xFF)]
        let high =
            table[0x300 | Int(word >> 32 & 0xFF)] ^ table[0x200 | Int(word >> 40 & 0xFF)]
            ^ table[0x100 | Int(word >> 48 & 0xFF)] ^ table[Int(word >> 56)]
        state = low ^ high
    }

    /// Eight tables of 256; table `k` is the CRC of a byte followed by `k` zeros.
    // SAFETY: allocated and filled once, never written again and never freed; every index above is below 2,048.
    private nonisolated(unsafe) static let table: UnsafePointer<UInt32> = {
        let table = UnsafeMutablePointer<UInt32>.allocate(capacity: 8 * 256)
        for byte in 0..<256 {
            var crc = UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1 }
            table[byte] = crc
        }
        for index in 256..<2_048 {
            let previous = table[index - 256]
            table[index] = previous >> 8 ^ table[Int(previous & 0xFF)]
        }
        return UnsafePointer(table)
    }()
}
