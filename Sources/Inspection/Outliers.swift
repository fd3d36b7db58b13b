internal import Signals

/// Scores that do not belong to the others: a bad part in the folder of good ones.
enum Outliers {
    /// Logarithms of scores further from their median than this many deviations, these too from the median.
    private static let deviations = 4.0
    /// What the median distance from the median is of a normal distribution's deviation.
    private static let medianShare = 0.6745
    /// Fewer scores do not say which of them is the odd one.
    private static let leastScores = 5

    /// - Parameter least: below which no score is too large.
    static func indices(of scores: [Double], atLeast least: Double) -> [Int] {
        guard scores.count >= leastScores else { return [] }
        let logarithms = scores.map { Elementary.logarithm(max($0, 1e-6)) }
        let median = Statistics.median(logarithms)
        let spread = max(Statistics.median(logarithms.map { abs($0 - median) }) / medianShare, 0.02)
        return scores.indices.filter { logarithms[$0] - median > deviations * spread && scores[$0] > least }
    }
}
