import Seeded

/// Changes numbers of a model that is about to be written, so that the file around them stays sound.
struct DraftMutator {
    private var random: SplitMix64

    init(seed: UInt64) { random = SplitMix64(seed: seed) }

    /// Changes one to three numbers of a model and leaves its form as it is.
    mutating func mutate(_ draft: inout TFLiteDraft) {
        for _ in 0...random.below(3) {
            switch random.below(3) {
            case 0: mutate(&draft.tensors[random.below(draft.tensors.count)])
            case 1 where !draft.operators.isEmpty: mutate(&draft.operators[random.below(draft.operators.count)])
            default: mutate(&draft.buffers[random.below(draft.buffers.count)])
            }
        }
    }

    private mutating func mutate(_ fields: inout [Int: FlatBufferWriter.Field]) {
        let slots = fields.keys.sorted()
        guard !slots.isEmpty else { return }
        let slot = slots[random.below(slots.count)]
        switch fields[slot] {
        case .int8: fields[slot] = .int8(Int8(truncatingIfNeeded: ByteMutator.odd(&random)))
        case .uint8: fields[slot] = .uint8(UInt8(truncatingIfNeeded: ByteMutator.odd(&random)))
        case .int32: fields[slot] = .int32(ByteMutator.odd(&random))
        case .uint32: fields[slot] = .uint32(UInt32(bitPattern: ByteMutator.odd(&random)))
        case .float: fields[slot] = .float(Float(bitPattern: UInt32(bitPattern: ByteMutator.odd(&random))))
        case .table(var inner):
            mutate(&inner)
            fields[slot] = .table(inner)
        case .vector(var bytes, let count) where bytes.count >= 4:
            let place = random.below(bytes.count - 3) & ~3
            bytes.replaceSubrange(place..<place + 4, with: FlatBufferWriter.bytes(ByteMutator.odd(&random)))
            fields[slot] = .vector(bytes: bytes, count: count)
        default: break
        }
    }
}
