/// One sample of a tag as the history keeps it; the codec looks into none of its fields, so all come back to the bit.
package struct HistorySample: Hashable, Sendable {
    /// Number in the store: rises, with gaps.
    package var number: Int64
    /// Quality, clock confidence, kind of the value and whether there is a source time, as one word.
    package var state: UInt32
    /// Nanoseconds since 1970; 0 without one.
    package var sourceTime: Int64
    package var arrival: Int64
    package var monotonic: Int64
    /// Bits of the number; how many values a waveform has; 0 for a text or nothing.
    package var value: UInt64

    package init(
        number: Int64, state: UInt32, sourceTime: Int64, arrival: Int64, monotonic: Int64, value: UInt64
    ) {
        self.number = number
        self.state = state
        self.sourceTime = sourceTime
        self.arrival = arrival
        self.monotonic = monotonic
        self.value = value
    }
}
