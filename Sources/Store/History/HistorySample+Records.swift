internal import Plant

/// A sample of the history is a record of a chunk without its tag and its checksum.
extension HistorySample {
    init(_ record: SampleRecord, number: Int64) {
        self.init(
            number: number, state: record.state.rawValue, sourceTime: record.sourceTime, arrival: record.arrival,
            monotonic: record.monotonic, value: record.value)
    }

    /// The time to order by.
    var time: Int64 { SampleState(rawValue: state).isOrderedBySource ? sourceTime : arrival }

    /// The value for a rollup: nil unless it is a good number.
    var goodValue: Double? {
        let state = SampleState(rawValue: state)
        return state.isGood && state.kind == .number ? Double(bitPattern: value) : nil
    }

    func isBefore(_ other: HistorySample) -> Bool { (time, number) < (other.time, other.number) }

    func record(tag: Int32) -> SampleRecord {
        SampleRecord(
            tag: tag, state: SampleState(rawValue: state), sourceTime: sourceTime, arrival: arrival,
            monotonic: monotonic, value: value)
    }
}
