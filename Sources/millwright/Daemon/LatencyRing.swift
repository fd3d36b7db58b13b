/// The newest spans of something that is timed, for its median and its tail.
struct LatencyRing: Sendable {
    /// Enough for a 99th percentile that some ten of them decide.
    private static let limit = 1_024

    private var spans: [Duration] = []
    private var next = 0
    private(set) var longest = Duration.zero

    mutating func note(_ span: Duration) {
        longest = max(longest, span)
        if spans.count < Self.limit { spans.append(span) } else { spans[next] = span }
        next = (next + 1) % Self.limit
    }

    /// - Returns: median and 99th percentile of the newest; nil before the first.
    var quantiles: (median: Duration, p99: Duration)? {
        guard !spans.isEmpty else { return nil }
        let sorted = spans.sorted()
        func quantile(_ percent: Int) -> Duration { sorted[min(sorted.count - 1, percent * sorted.count / 100)] }
        return (quantile(50), quantile(99))
    }
}
