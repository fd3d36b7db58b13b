internal import Plant

/// What is known of a sample beside value and times, in one word: the quality's code in bits 0 to 17, how far the clock
/// may be believed in bits 20 and 21, the kind of the value in bits 22 and 23, whether the source gave a time in bit 24.
struct SampleState: RawRepresentable, Hashable {
    enum Kind: UInt32 {
        case none = 0
        case number, waveform, text
    }

    var rawValue: UInt32

    private static let qualityMask: UInt32 = 0x3_FFFF
    private static let clockShift: UInt32 = 20
    private static let kindShift: UInt32 = 22
    private static let sourceTimeBit: UInt32 = 1 << 24
    /// Bits with a meaning; the others are zero.
    private static let meant: UInt32 = 0x01F3_FFFF

    init(rawValue: UInt32) { self.rawValue = rawValue }

    init(quality: Quality, clock: ClockConfidence, kind: Kind, hasSourceTime: Bool) {
        rawValue =
            UInt32(bitPattern: quality.code) | UInt32(clock.rawValue) << Self.clockShift
            | kind.rawValue << Self.kindShift | (hasSourceTime ? Self.sourceTimeBit : 0)
    }

    var kind: Kind { Kind(rawValue: rawValue >> Self.kindShift & 3) ?? .none }
    var hasSourceTime: Bool { rawValue & Self.sourceTimeBit != 0 }
    /// Whether the source's time is the one to order by, as of ``Sample/time``.
    var isOrderedBySource: Bool { hasSourceTime && rawValue & Self.qualityMask != Self.wrongClock }
    private static let wrongClock = UInt32(bitPattern: Quality.uncertain(.wrongClock).code)
    var isGood: Bool { rawValue & Self.qualityMask == 0 }
    /// Whether nothing of the sample lies elsewhere, and the word is one that samples have: so for a good number.
    var isPlain: Bool {
        rawValue & ~Self.meant == 0 && isGood && clock != nil && (kind == .number || kind == .none)
    }
    /// Nil for a word that no sample has.
    var quality: Quality? {
        rawValue & ~Self.meant == 0 ? Quality(code: Int32(bitPattern: rawValue & Self.qualityMask)) : nil
    }
    var clock: ClockConfidence? { ClockConfidence(rawValue: UInt8(rawValue >> Self.clockShift & 3)) }
}
