/// Changes bytes as damaged disks, cut transfers and hostile hands do.
struct Mutator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// SplitMix64.
    private mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    private mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(bound, 1))) }

    mutating func mutated(_ bytes: [UInt8]) -> [UInt8] {
        var mutant = bytes
        for _ in 0...below(4) { change(&mutant) }
        return mutant
    }

    private mutating func change(_ bytes: inout [UInt8]) {
        guard bytes.count >= 8 else { return }
        let place = below(bytes.count - 4)
        switch below(6) {
        case 0: bytes[place] ^= 1 << UInt8(below(8))
        case 1: bytes[place] = UInt8(truncatingIfNeeded: next())
        case 2: bytes.replaceSubrange(place..<place + 4, with: FlatBufferWriter.bytes(odd()))
        case 3:
            let other = below(bytes.count - 4)
            for index in 0..<4 { bytes.swapAt(place + index, other + index) }
        case 4: bytes.removeLast(below(min(64, bytes.count - 8)))
        default:
            let aligned = place & ~3
            let number = Int32(truncatingIfNeeded: next()) % 64
            bytes.replaceSubrange(aligned..<aligned + 4, with: FlatBufferWriter.bytes(number))
        }
    }

    /// A number at or beyond the edge of what is meant.
    private mutating func odd() -> Int32 {
        let numbers: [Int32] = [
            0, -1, 1, 2, 3, 4, 7, 255, 65_535, 65_536, .max, .max - 1, .min, -128, -2, 1 << 28, 1 << 15, 0x7F80_0000,
        ]
        return numbers[below(numbers.count)]
    }

    /// Changes one to three numbers of a model and leaves its form as it is.
    mutating func mutate(_ draft: inout TFLiteDraft) {
        for _ in 0...below(3) {
            switch below(3) {
            case 0: mutate(&draft.tensors[below(draft.tensors.count)])
            case 1 where !draft.operators.isEmpty: mutate(&draft.operators[below(draft.operators.count)])
            default: mutate(&draft.buffers[below(draft.buffers.count)])
            }
        }
    }

    private mutating func mutate(_ fields: inout [Int: FlatBufferWriter.Field]) {
        let slots = fields.keys.sorted()
        guard !slots.isEmpty else { return }
        let slot = slots[below(slots.count)]
        switch fields[slot] {
        case .int8: fields[slot] = .int8(Int8(truncatingIfNeeded: odd()))
        case .uint8: fields[slot] = .uint8(UInt8(truncatingIfNeeded: odd()))
        case .int32: fields[slot] = .int32(odd())
        case .uint32: fields[slot] = .uint32(UInt32(bitPattern: odd()))
        case .float: fields[slot] = .float(Float(bitPattern: UInt32(bitPattern: odd())))
        case .table(var inner):
            mutate(&inner)
            fields[slot] = .table(inner)
        case .vector(var bytes, let count) where bytes.count >= 4:
            let place = below(bytes.count - 3) & ~3
            bytes.replaceSubrange(place..<place + 4, with: FlatBufferWriter.bytes(odd()))
            fields[slot] = .vector(bytes: bytes, count: count)
        default: break
        }
    }
}
