/// Seeded damage to protobuf files: bits, bytes, numbers at the edge, pieces lost, doubled and exchanged.
struct ONNXMutator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func mutated(_ bytes: [UInt8]) -> [UInt8] {
        var mutant = bytes
        for _ in 0...below(4) where !mutant.isEmpty { change(&mutant) }
        return mutant
    }

    /// SplitMix64.
    private mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    private mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(bound, 1))) }

    private mutating func range(in bytes: [UInt8]) -> Range<Int> {
        let start = below(bytes.count)
        return start..<min(start + 1 + below(24), bytes.count)
    }

    private mutating func change(_ bytes: inout [UInt8]) {
        let place = below(bytes.count)
        switch below(7) {
        case 0: bytes[place] ^= 1 << UInt8(below(8))
        case 1: bytes[place] = UInt8(truncatingIfNeeded: next())
        case 2: bytes[place] = UInt8(below(16))
        case 3:
            let edges: [UInt64] = [
                0, 1, 0x7f, 0x7fff_ffff, 0xffff_ffff, 1 << 28, 1 << 62, UInt64(bitPattern: .min), .max,
                UInt64(bitPattern: -1), UInt64(bitPattern: -2),
            ]
            bytes.replaceSubrange(place..<place + 1, with: ProtobufWriter.varint(edges[below(edges.count)]))
        case 4: bytes.removeSubrange(range(in: bytes))
        case 5: bytes.insert(contentsOf: bytes[range(in: bytes)], at: place)
        default: bytes.replaceSubrange(range(in: bytes), with: bytes[range(in: bytes)])
        }
    }
}
