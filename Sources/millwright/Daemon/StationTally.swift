import Plant

/// What a station has counted since the daemon started.
struct StationTally: Sendable {
    var good = 0
    /// By class.
    var defects: [String: Int] = [:]
    /// By code.
    var notJudged: [String: Int] = [:]
    /// Pictures of no part that was announced.
    var notWanted = 0
    /// Decisions that the gate did not acknowledge.
    var notTold = 0
    /// From a picture's arrival to its verdict, and to the gate's acknowledgement.
    var toVerdict = LatencyRing()
    var toGate = LatencyRing()
    var last: StationVerdict?

    mutating func take(_ verdict: StationVerdict) {
        switch verdict.outcome {
        case .good: good += 1
        case .defect: defects[verdict.name, default: 0] += 1
        case .notJudged: notJudged[verdict.name, default: 0] += 1
        }
        // Where no picture came there is nothing to time.
        if verdict.row.score != nil { toVerdict.note(.seconds(verdict.row.milliseconds / 1_000)) }
        last = verdict
    }

    mutating func take(_ told: StationGate.Told, after span: Duration) {
        if told.isDone { toGate.note(span) } else { notTold += 1 }
    }
}
