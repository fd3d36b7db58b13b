import Plant

extension TagState {
    /// How a sample stands to what the tag had before.
    enum Order {
        case inOrder
        /// In order, on times that begin anew.
        case newTimeline
        case older
        case duplicate
        case conflict
        case wrongClock
    }

    /// 2000-01-01: before it, no sensor measured for this box; a clock without battery begins in 1970 or 1980.
    static let earliestSource: Int64 = 946_684_800_000_000_000
    /// So many older values in a row, over at least this long and no faster than twice our clock, are a source whose clock
    /// was set back: what it had stored and sends late comes faster, or with new values between.
    static let newTimelineCount = 8
    static let newTimelineSpan: Int64 = 2_000_000_000
    /// A source whose times are this often the same gives them more coarsely than it measures.
    static let coarseConflicts = 4

    /// Places a sample by its source time, and remembers it.
    mutating func place(_ sample: borrowing Sample, _ limits: Limits, _ clock: ClockConfidence) -> Order {
        guard let source = sample.sourceTime?.nanoseconds else { return .inOrder }
        guard source >= Self.earliestSource else { return .wrongClock }
        if clock == .synchronized, source > sample.arrival.nanoseconds,
            source - sample.arrival.nanoseconds > limits.future
        {
            return .wrongClock
        }
        if source > newestSource {
            newestSource = source
            newestDigest = sample.digest
            olderCount = 0
            if conflicts > 0 { conflicts -= 1 }
            return .inOrder
        }
        if source < newestSource { return placeOlder(source, sample) }
        let digest = sample.digest
        if conflicts >= Self.coarseConflicts {
            if digest != newestDigest { conflicts = min(conflicts + 1, 64) }
            newestDigest = digest
            return .inOrder
        }
        if digest == newestDigest { return limits.dropsDuplicates ? .duplicate : .inOrder }
        conflicts += 1
        return .conflict
    }

    private mutating func placeOlder(_ source: Int64, _ sample: borrowing Sample) -> Order {
        let steady = sample.monotonic.nanoseconds
        if olderCount > 0, source > olderSource {
            olderCount = min(olderCount + 1, .max - 1)
        } else {
            olderCount = 1
            (olderStart, olderStartSteady) = (source, steady)
        }
        olderSource = source
        let span = steady - olderStartSteady
        guard olderCount >= Self.newTimelineCount, span >= Self.newTimelineSpan, (source - olderStart) / 2 <= span
        else {
            return .older
        }
        newestSource = source
        newestDigest = sample.digest
        olderCount = 0
        return .newTimeline
    }
}

extension Sample {
    /// Tells a sample from another one for the same time: FNV-1a over value and quality.
    fileprivate var digest: UInt64 {
        let prime: UInt64 = 0x100_0000_01B3
        var digest: UInt64 = 0xCBF2_9CE4_8422_2325 ^ UInt64(UInt32(bitPattern: quality.code))
        switch value {
        case .number(let number): digest = (digest ^ number.bitPattern) &* prime
        case .waveform(let values):
            for value in values { digest = (digest ^ UInt64(value.bitPattern)) &* prime }
        case .text(let text):
            for byte in text.utf8 { digest = (digest ^ UInt64(byte)) &* prime }
        case .none: digest = ~digest
        }
        return digest
    }
}
