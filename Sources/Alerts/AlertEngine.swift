package import Plant

/// Turns the judgements of one asset into few alerts.
///
/// A value: the same judgements give the same events. It counts judged windows and never reads a clock, so that a clock
/// that jumps, in whatever direction, neither raises nor clears anything.
package struct AlertEngine: Sendable {
    package let asset: String
    package private(set) var rules: RuleSet
    /// The alert whose condition holds, if there is one; an asset has at most one.
    package private(set) var open: Alert?
    package private(set) var status: AlertStatus

    private var nextSequence: Int
    private var overCount = 0
    private var criticalCount = 0
    private var underCount = 0
    /// Shares by feature, added up over the windows that count towards raising.
    private var shares: [String: Double] = [:]
    private var lastMonotonic: MonotonicTime?
    private var reportedWorst = 0.0
    private var superseded: [Alert] = []

    /// An open alert is stored again when its worst score has grown by this factor.
    private static let worseningStep = 1.05
    /// Without a judgement for so many windows in a row, what was counted before them says nothing any more.
    package static let notJudgedLimit = 10

    /// - Parameters:
    ///   - stored: alerts of this asset from the store; those that are not cleared go on, everything else is ignored.
    ///   - nextSequence: greater than the number at the end of every alert id of this asset so far, from 1.
    package init(asset: String, rules: RuleSet, stored: [Alert] = [], nextSequence: Int = 1) {
        self.asset = asset
        self.rules = rules
        let own = stored.filter { $0.asset == asset }
        let open = own.filter(\.isOpen).sorted { ($0.raisedAt, $0.id) < ($1.raisedAt, $1.id) }
        self.open = open.last
        // More than one cannot come from here, but a store may be restored from anywhere; they clear with the newest.
        superseded = open.dropLast()
        reportedWorst = open.last?.worstScore ?? 0
        self.nextSequence = max(nextSequence, 1 + (own.compactMap(Self.sequence(of:)).max() ?? 0))
        status = AlertStatus(asset: asset)
    }

    /// Takes new rules (a reload, another pack); an open alert keeps its texts.
    package mutating func replace(rules: RuleSet) { self.rules = rules }

    /// Takes one window; windows come in the order of their monotonic time.
    ///
    /// - Returns: what has changed, none most of the time; two when an alert is raised or cleared beside others.
    package mutating func judge(_ judgement: Judgement) -> [AlertEvent] {
        guard judgement.asset == asset else {
            status.ignoredWindows += 1
            return []
        }
        if let lastMonotonic, judgement.monotonic < lastMonotonic {
            status.ignoredWindows += 1
            return []
        }
        lastMonotonic = judgement.monotonic
        switch judgement.verdict {
        case .notJudged(let reason):
            skip(reason)
            return []
        case .scored(let score, let threshold, let contributions):
            guard score.isFinite, threshold.isFinite, threshold > 0 else {
                skip("score \(score) against threshold \(threshold)")
                return []
            }
            count(score: score, threshold: threshold, contributions)
            return open == nil
                ? raise(judgement, score: score, threshold: threshold, contributions)
                : follow(judgement, score: score)
        }
    }

    /// A person takes the open alert.
    ///
    /// - Returns: nil when the id is not the open alert's, or somebody had taken it. (For a cleared one that lies in the
    ///   store only, use `Alert.acknowledged(by:at:)`.)
    package mutating func acknowledge(_ id: String, by person: String, at time: WallTime) -> AlertEvent? {
        guard let open, open.id == id, let taken = open.acknowledged(by: person, at: time) else { return nil }
        self.open = taken
        return AlertEvent(.acknowledged, taken, at: time)
    }

    // MARK: counting

    private mutating func skip(_ reason: String) {
        status.skip(reason)
        if status.consecutiveNotJudged >= Self.notJudgedLimit {
            (overCount, criticalCount, underCount) = (0, 0, 0)
            shares = [:]
        }
    }

    private mutating func count(score: Double, threshold: Double, _ contributions: [Contribution]) {
        status.take(score: score, threshold: threshold)
        let isOver = score > threshold
        overCount = isOver ? overCount + 1 : 0
        criticalCount = score > threshold * rules.criticalAbove ? criticalCount + 1 : 0
        underCount = score < threshold * rules.delays.clearBelow ? underCount + 1 : 0
        if !isOver {
            shares = [:]
        } else if open == nil {
            for contribution in contributions where contribution.share.isFinite {
                shares[contribution.feature, default: 0] += contribution.share
            }
        }
    }

    // MARK: states

    private mutating func raise(
        _ judgement: Judgement, score: Double, threshold: Double, _ contributions: [Contribution]
    ) -> [AlertEvent] {
        guard overCount >= rules.delays.onWindows else { return [] }
        let rule = rules.rule(for: shares.mapValues { $0 / Double(overCount) })
        let alert = Alert(
            id: "\(ISO8601.compact(judgement.time))-\(asset)-\(nextSequence)", asset: asset, code: rule.code,
            severity: criticalCount >= rules.delays.onWindows ? .critical : rule.severity, state: .active,
            raisedAt: judgement.time, score: score, threshold: threshold,
            features: Array(contributions.filter { $0.share > 0 }.prefix(3)), modelDigest: judgement.modelDigest,
            title: rule.title, cause: rule.cause, action: rule.action)
        nextSequence += 1
        open = alert
        reportedWorst = score
        shares = [:]
        return [AlertEvent(.raised, alert, at: judgement.time)]
    }

    private mutating func follow(_ judgement: Judgement, score: Double) -> [AlertEvent] {
        guard var alert = open else { return [] }
        alert.worstScore = max(alert.worstScore, score)
        defer { open = alert.isOpen ? alert : nil }
        if underCount >= rules.delays.offWindows {
            alert.state = .cleared
            alert.clearedAt = judgement.time
            underCount = 0
            let others = superseded.map { clear($0, at: judgement.time) }
            superseded = []
            return [AlertEvent(.cleared, alert, at: judgement.time)] + others
        }
        if alert.severity < .critical, criticalCount >= rules.delays.onWindows {
            alert.severity = .critical
            reportedWorst = alert.worstScore
            return [AlertEvent(.escalated, alert, at: judgement.time)]
        }
        if alert.worstScore > reportedWorst * Self.worseningStep {
            reportedWorst = alert.worstScore
            return [AlertEvent(.worsened, alert, at: judgement.time)]
        }
        return []
    }

    private func clear(_ alert: Alert, at time: WallTime) -> AlertEvent {
        var alert = alert
        alert.state = .cleared
        alert.clearedAt = time
        return AlertEvent(.cleared, alert, at: time)
    }

    /// The number at the end of an id of this engine's making.
    private static func sequence(of alert: Alert) -> Int? { alert.id.split(separator: "-").last.flatMap { Int($0) } }
}
