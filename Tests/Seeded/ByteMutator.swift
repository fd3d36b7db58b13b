/// Seeded damage to files, as bad disks, cut transfers and hostile hands do it: bits, bytes, numbers at the edge of what is
/// meant, pieces lost, doubled and exchanged.
package struct ByteMutator {
    /// How a format writes its numbers.
    package enum Numbers: Sendable {
        /// Four bytes, little-endian, wherever four bytes are.
        case fixed32
        /// Protobuf's, as long as they must be; one takes a byte's place.
        case varint
    }

    private var random: SplitMix64
    private let numbers: Numbers

    package init(seed: UInt64, numbers: Numbers) {
        random = SplitMix64(seed: seed)
        self.numbers = numbers
    }

    /// One to four changes.
    package mutating func mutated(_ bytes: [UInt8]) -> [UInt8] {
        var mutant = bytes
        for _ in 0...random.below(4) where mutant.count >= 8 { change(&mutant) }
        return mutant
    }

    private mutating func change(_ bytes: inout [UInt8]) {
        let place = random.below(bytes.count - 4)
        switch random.below(10) {
        case 0, 1: bytes[place] ^= 1 << UInt8(random.below(8))
        case 2: bytes[place] = UInt8(truncatingIfNeeded: random.next())
        case 3: bytes[place] = UInt8(random.below(16))
        case 4, 5: number(&bytes, at: place)
        case 6:
            let other = random.below(bytes.count - 4)
            for index in 0..<4 { bytes.swapAt(place + index, other + index) }
        case 7: piece(&bytes, at: place)
        case 8: bytes.removeLast(random.below(min(64, bytes.count - 8)))
        default:
            let aligned = place & ~3
            let small = Int32(random.below(128)) - 64
            bytes.replaceSubrange(aligned..<aligned + 4, with: withUnsafeBytes(of: small.littleEndian, Array.init))
        }
    }

    private mutating func number(_ bytes: inout [UInt8], at place: Int) {
        switch numbers {
        case .fixed32:
            let edge = withUnsafeBytes(of: Self.odd(&random).littleEndian, Array.init)
            bytes.replaceSubrange(place..<place + 4, with: edge)
        case .varint:
            let edges: [UInt64] = [
                0, 1, 0x7f, 0x7fff_ffff, 0xffff_ffff, 1 << 28, 1 << 62, 1 << 63, .max, .max - 1,
            ]
            bytes.replaceSubrange(place..<place + 1, with: Self.varint(edges[random.below(edges.count)]))
        }
    }

    private mutating func piece(_ bytes: inout [UInt8], at place: Int) {
        let piece = range(in: bytes)
        switch random.below(3) {
        case 0 where bytes.count - piece.count >= 8: bytes.removeSubrange(piece)
        case 1: bytes.insert(contentsOf: bytes[piece], at: place)
        default: bytes.replaceSubrange(range(in: bytes), with: bytes[piece])
        }
    }

    private mutating func range(in bytes: [UInt8]) -> Range<Int> {
        let start = random.below(bytes.count)
        return start..<min(start + 1 + random.below(24), bytes.count)
    }

    /// A number at or beyond the edge of what is meant.
    package static func odd(_ random: inout SplitMix64) -> Int32 {
        let numbers: [Int32] = [
            0, -1, 1, 2, 3, 4, 7, 255, 65_535, 65_536, .max, .max - 1, .min, -128, -2, 1 << 28, 1 << 15, 0x7F80_0000,
        ]
        return numbers[random.below(numbers.count)]
    }

    private static func varint(_ number: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }
}
