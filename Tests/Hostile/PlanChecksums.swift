import Checksum
import Graph

/// Puts a plan's checksums right, as a hostile hand would, so that damage gets behind them.
package enum PlanChecksums {
    package static func repaired(_ file: [UInt8]) -> [UInt8] {
        var bytes = file
        func number(_ at: Int, _ size: Int) -> UInt64 {
            (0..<size).reduce(0) { $0 | UInt64(bytes[at + $1]) << UInt64(8 * $1) }
        }
        func write(_ value: UInt64, _ at: Int, _ size: Int) {
            for index in 0..<size { bytes[at + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index)) }
        }
        guard bytes.count >= PlanFormat.entriesOffset else { return bytes }
        write(UInt64(bytes.count), 16, 8)
        let end = PlanFormat.entriesOffset + Int(number(12, 4) % 8) * PlanFormat.entryBytes
        guard end + 4 <= bytes.count else { return bytes }
        for entry in stride(from: PlanFormat.entriesOffset, to: end, by: PlanFormat.entryBytes) {
            let (offset, length) = (number(entry + 8, 8), number(entry + 16, 8))
            guard offset <= UInt64(bytes.count), length <= UInt64(bytes.count) - offset else { continue }
            let section = bytes[Int(offset)..<Int(offset + length)]
            write(UInt64(CRC32C.checksum(Array(section))), entry + 4, 4)
        }
        write(UInt64(CRC32C.checksum(Array(bytes[..<end]))), end, 4)
        return bytes
    }
}
