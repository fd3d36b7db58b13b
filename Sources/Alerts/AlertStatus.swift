/// How the judging of one asset stands, for `millwright status`.
package struct AlertStatus: Hashable, Sendable {
    package var asset: String
    package var judgedWindows = 0
    package var notJudgedWindows = 0
    /// Windows that came in the wrong order or for another asset.
    package var ignoredWindows = 0
    package var consecutiveNotJudged = 0
    /// Why the latest window was not judged; nil when it was.
    package var reason: String?
    package var score: Double?
    package var threshold: Double?

    package init(asset: String) { self.asset = asset }

    /// The advisory state: for so many windows in a row nobody watched this asset.
    package var isNotJudged: Bool { consecutiveNotJudged >= AlertEngine.notJudgedLimit }

    mutating func skip(_ reason: String) {
        notJudgedWindows += 1
        consecutiveNotJudged += 1
        self.reason = reason
    }

    mutating func take(score: Double, threshold: Double) {
        judgedWindows += 1
        consecutiveNotJudged = 0
        reason = nil
        self.score = score
        self.threshold = threshold
    }
}
