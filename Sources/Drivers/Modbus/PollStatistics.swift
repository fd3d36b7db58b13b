import Plant

/// How fast a slave answers and how punctually it is asked.
struct PollStatistics {
    /// The newest ones count; enough for a p99 that means something.
    private static let window = 256
    /// How often the figures are made.
    static let interval = Duration.seconds(1)

    private var replies: [Int32] = []
    private var starts: [Int32] = []
    private var count = 0
    private var since: MonotonicTime?

    mutating func recordReply(after span: Duration) {
        Self.record(span, at: count, in: &replies)
        count += 1
    }

    mutating func recordStart(late span: Duration) { Self.record(span, at: count, in: &starts) }

    /// The figures since the last time; nil when that is less than an interval ago.
    mutating func figures(_ now: MonotonicTime) -> [String: Int]? {
        guard let start = since else {
            since = now
            return nil
        }
        let span = now - start
        guard span >= Self.interval else { return nil }
        defer { (count, since) = (0, now) }
        var figures = ["transactions_per_100s": Int((Double(count) * 100 / span.inSeconds).rounded())]
        figures["reply_us_p50"] = Self.quantile(0.5, of: replies)
        figures["reply_us_p99"] = Self.quantile(0.99, of: replies)
        figures["scan_late_us_p99"] = Self.quantile(0.99, of: starts)
        return figures
    }

    private static func record(_ span: Duration, at index: Int, in values: inout [Int32]) {
        let microseconds = Int32(clamping: span.wholeNanoseconds / 1_000)
        if values.count < window { values.append(microseconds) } else { values[index % window] = microseconds }
    }

    private static func quantile(_ share: Double, of values: [Int32]) -> Int? {
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        return Int(sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))])
    }
}
