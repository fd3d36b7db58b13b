/// How long to wait before the next attempt: doubling, limited, and spread so that a hundred links do not return as one.
struct BackOff {
    let first: Duration
    let limit: Duration
    private var next: Duration
    private var random: SplitMix64

    init(first: Duration = .milliseconds(200), limit: Duration = .seconds(30), seed: UInt64) {
        self.first = first
        self.limit = limit
        next = first
        random = SplitMix64(seed: seed)
    }

    /// The wait before the next attempt: between half of the step and all of it.
    mutating func wait() -> Duration {
        let step = next
        next = min(next * 2, limit)
        return step / 2 + step * (Double(random.next() >> 11) * 0x1p-53) / 2
    }

    /// An attempt has succeeded.
    mutating func reset() { next = first }
}

/// A small generator with a seed, so that waits can be repeated in a test. Source: Steele, Lea, Flood 2014.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
