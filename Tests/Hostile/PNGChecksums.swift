import CZlib

/// Puts the checksums of a PNG's chunks right, as a hostile hand would, so that damage gets behind them.
package enum PNGChecksums {
    package static func repaired(_ file: [UInt8]) -> [UInt8] {
        var bytes = file
        var at = 8
        while at <= bytes.count - 12 {
            let length = bytes[at..<at + 4].reduce(0) { $0 << 8 | Int($1) }
            guard length <= bytes.count - 12 - at else { break }
            let end = at + 8 + length
            let sum = bytes[at + 4..<end].withUnsafeBufferPointer { crc32_z(0, $0.baseAddress, $0.count) }
            for index in 0..<4 { bytes[end + index] = UInt8(truncatingIfNeeded: sum >> UInt(24 - 8 * index)) }
            at = end + 4
        }
        return bytes
    }
}
