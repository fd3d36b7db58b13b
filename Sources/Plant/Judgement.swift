/// How much one feature moved away from what the model learned as normal.
package struct Contribution: Hashable, Sendable {
    /// Feature name, as in the model card: `envelope_bpfo`.
    package var feature: String
    /// Share of the score, 0...1; all features of a window add up to 1.
    package var share: Double
    /// The feature now, in standard deviations from its mean over normal operation.
    package var deviation: Double

    package init(feature: String, share: Double, deviation: Double) {
        self.feature = feature
        self.share = share
        self.deviation = deviation
    }
}

/// What a model says of one window of one asset.
package struct Judgement: Sendable {
    package var asset: String
    /// Time of the window.
    package var time: WallTime
    package var monotonic: MonotonicTime
    package var verdict: Verdict
    /// SHA-256 of the model file, hex.
    package var modelDigest: String

    package enum Verdict: Sendable {
        /// Score and the threshold that it is held against, in the same unit; features sorted by share, largest first.
        case scored(score: Double, threshold: Double, contributions: [Contribution])
        /// No statement: a value was stale, bad or missing.
        case notJudged(reason: String)
    }

    package init(asset: String, time: WallTime, monotonic: MonotonicTime, verdict: Verdict, modelDigest: String) {
        self.asset = asset
        self.time = time
        self.monotonic = monotonic
        self.verdict = verdict
        self.modelDigest = modelDigest
    }
}
