internal import Signals

/// From which score on a part is a defect, found from the scores of good parts alone.
package struct Threshold: Sendable, Hashable, Codable {
    package var value: Double
    /// Share of good parts that may be rejected.
    package var falseRejectBudget: Double
    /// Good pictures that it was found from, and the largest score among them.
    package var goodPictures: Int
    package var largestGood: Double
    /// How the logarithms of good parts' scores lie; nil where there were too few.
    package var spread: Spread?

    /// Mean and deviation of logarithms of scores: what scores of the days to come are held against.
    package struct Spread: Sendable, Hashable, Codable {
        package var mean: Double
        package var deviation: Double

        package init(mean: Double, deviation: Double) {
            self.mean = mean
            self.deviation = deviation
        }

        /// How far a score lies from the mean, in deviations.
        package func standard(_ score: Double) -> Double {
            (Elementary.logarithm(max(score, Threshold.leastScore)) - mean) / max(deviation, Self.leastDeviation)
        }

        init?(_ scores: [Double]) {
            guard scores.count >= Threshold.leastScores else { return nil }
            let logarithms = scores.map { Elementary.logarithm(max($0, Threshold.leastScore)) }
            self.init(mean: Statistics.mean(logarithms), deviation: Statistics.deviation(logarithms))
        }

        /// Scores that hardly differ among few pictures will differ more than that: by 2 %.
        private static let leastDeviation = 0.02
    }

    /// Fewer scores say nothing about how they spread.
    package static let leastScores = 5

    package init(
        value: Double, falseRejectBudget: Double, goodPictures: Int, largestGood: Double, spread: Spread? = nil
    ) {
        self.spread = spread
        self.value = value
        self.falseRejectBudget = falseRejectBudget
        self.goodPictures = goodPictures
        self.largestGood = largestGood
    }

    /// The logarithms of good parts' scores are taken as normally distributed; with few of them the spread itself is
    /// uncertain, and the threshold lies higher. As many of these very parts are rejected as the budget allows, at most.
    ///
    /// - Parameters:
    ///   - scores: of good parts that nothing was fitted to.
    ///   - budget: share of good parts, above 0 and below 0.4.
    ///   - least: below which the threshold must not lie, whatever the scores say.
    ///   - usual: what it is where there are too few scores, unless one of them lies higher.
    package init(scores: [Double], budget: Double, least: Double, usual: Double) {
        precondition(budget > 0 && budget < 0.4)
        let sorted = scores.sorted()
        let largest = sorted.last ?? 0
        var value: Double
        if scores.count < Self.leastScores {
            value = max(usual, Self.margin * largest)
        } else {
            let logarithms = sorted.map { Elementary.logarithm(max($0, Self.leastScore)) }
            let count = Double(scores.count)
            let spread = Statistics.deviation(logarithms) * (1 + 1 / count).squareRoot()
            let quantile = Statistics.studentQuantile(exceededBy: budget, freedom: count - 1)
            value = Elementary.exponential(Statistics.mean(logarithms) + quantile * spread)
            let allowed = Int(budget * count)
            value = max(value, sorted[sorted.count - 1 - allowed])
        }
        self.init(
            value: max(value, least), falseRejectBudget: budget, goodPictures: scores.count, largestGood: largest,
            spread: Spread(sorted))
    }

    /// Beyond a place high up scores are taken to thin out as an exponential does. How fast is known from few of them only, so
    /// what is asked for is the score that the next good part exceeds with the budget's probability, all rates considered. That
    /// place is where a tenth or where six of the scores lie beyond, whichever says more: at some sites the one sees too little
    /// of the tail, at some the other too little of its end.
    ///
    /// - Source: the predictive distribution of an exponential after k observations of sum s, with 1 / rate before them:
    ///   P(next > x) = (s / (s + x))^k (Geisser, Predictive Inference, 1993).
    /// - Parameters:
    ///   - scores: of good parts that nothing was fitted to; 5 at least.
    ///   - budget: share of good parts, above 0.
    init(tailOf scores: [Double], budget: Double) {
        let sorted = scores.sorted()
        let six = min(max(Self.tail, Self.tailScores / Double(sorted.count)), Self.mostTail)
        self.init(
            value: max(Self.limit(sorted, Self.tail, budget), Self.limit(sorted, six, budget)),
            falseRejectBudget: budget,
            goodPictures: scores.count, largestGood: sorted.last ?? 0, spread: Spread(sorted))
    }

    /// - Parameter tail: share of the scores that lie beyond the place from which on they thin out.
    private static func limit(_ sorted: [Double], _ tail: Double, _ budget: Double) -> Double {
        let place = (1 - tail) * Double(sorted.count - 1)
        let below = Int(place)
        let above = min(below + 1, sorted.count - 1)
        let start = sorted[below] + (place - Double(below)) * (sorted[above] - sorted[below])
        let beyond = sorted.filter { $0 > start }
        let sum = beyond.reduce(0) { $0 + $1 - start }
        let rarer = max(0, Elementary.logarithm(tail / budget)) / Double(max(beyond.count, 1))
        return start + sum * (Elementary.exponential(rarer) - 1)
    }

    private static let tail = 0.1
    private static let tailScores = 6.0
    /// Six of fewer than twenty scores would be no tail any more.
    private static let mostTail = 0.3
    /// Times the largest of few scores.
    private static let margin = 1.25
    /// A picture that equals what was expected to the last bit has no logarithm.
    fileprivate static let leastScore = 1e-6
}
