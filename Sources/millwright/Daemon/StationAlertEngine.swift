import Alerts
import Inspection
import Plant

/// Turns the verdicts of one station into few alerts.
///
/// A value: the same verdicts give the same events. It counts parts and never reads a clock, so that neither a line that stands
/// still nor a clock that jumps raises or clears anything.
///
/// - `reject_rate`: of the newest judged parts more are defects than the line can bear.
/// - `burst`: several of the newest judged parts have the same defect: a tool is broken, not the process worn. Only defects with
///   a class can be the same.
/// - `drift`: scores of good parts move towards the threshold. An exponentially weighted mean of how far their logarithms lie
///   from those that the fit saw, in deviations: with a weight of 0.05 it varies by 0.16 where nothing has changed, and with 20
///   pictures in the fit their own mean is uncertain by 0.22, so that a limit of 1 is not reached by chance.
/// - `not_judged`: the camera, its lamp, or the box itself.
struct StationAlertEngine: Sendable {
    enum Kind: String, CaseIterable, Sendable {
        case rejectRate = "reject_rate"
        case burst, drift
        case notJudged = "not_judged"

        var code: String { "inspection.\(rawValue)" }
    }

    /// What it must not forget over a restart; stored with each verdict.
    struct Memory: Codable, Sendable, Equatable {
        struct Part: Codable, Sendable, Equatable {
            /// ``StationVerdict/Outcome``, and its name.
            var outcome: Int
            var name: String
        }

        /// The newest, oldest first.
        var parts: [Part] = []
        /// Of the scores of good parts, in deviations.
        var average = 0.0
        var nextAlert = 1
    }

    private let asset: String
    private let settings: StationDefinition.Alerts
    private(set) var memory: Memory
    private(set) var open: [Kind: Alert] = [:]

    /// Of a new score in the average.
    private static let weight = 0.05
    /// One part that is far off moves the average by a fifth at most.
    private static let farthest = 4.0
    /// A condition has gone when it is down to this share of its limit.
    private static let clearShare = 0.5
    /// An open alert is stored again when it has become worse by this factor.
    private static let worseningStep = 1.25

    /// - Parameter stored: open alerts of the store; those of this station go on.
    init(asset: String, settings: StationDefinition.Alerts, memory: Memory = Memory(), stored: [Alert] = []) {
        self.asset = asset
        self.settings = settings
        self.memory = memory
        for alert in stored where alert.asset == asset && alert.isOpen {
            if let kind = Kind.allCases.first(where: { $0.code == alert.code }) { open[kind] = alert }
        }
    }

    /// - Parameters:
    ///   - deviation: of a score from what the fit saw of good parts, in deviations; nil where the fit has not kept it.
    ///   - evidence: where the picture is kept.
    mutating func take(_ verdict: StationVerdict, deviation: Double?, evidence: String?) -> [AlertEvent] {
        memory.parts.append(.init(outcome: verdict.outcome.rawValue, name: verdict.name))
        memory.parts.removeFirst(max(0, memory.parts.count - settings.longest))
        if verdict.outcome == .good, let deviation, deviation.isFinite {
            memory.average += Self.weight * (min(max(deviation, -Self.farthest), Self.farthest) - memory.average)
        }
        return Kind.allCases.compactMap { kind in
            guard let reading = reading(of: kind) else { return nil }
            return open[kind] == nil
                ? raise(kind, reading, verdict, evidence) : follow(kind, reading, at: verdict.time)
        }
    }

    /// A person takes an open alert.
    mutating func acknowledge(_ id: String, by person: String, at time: WallTime) -> AlertEvent? {
        guard let (kind, alert) = open.first(where: { $0.value.id == id }),
            let taken = alert.acknowledged(by: person, at: time)
        else { return nil }
        open[kind] = taken
        return AlertEvent(.acknowledged, taken, at: time)
    }

    // MARK: Readings

    /// How things are beside the limit from which on it is an alert.
    struct Reading: Equatable, Sendable {
        var value: Double
        var limit: Double
        /// What it is about: a class, a code.
        var name = ""
        /// Parts that say so, of so many.
        var count = 0
        var of = 0
    }

    private func reading(of kind: Kind) -> Reading? {
        switch kind {
        case .rejectRate:
            return settings.rejectRate.map { setting in
                let parts = judged.suffix(setting.of)
                return share(of: parts.filter { $0.outcome == StationVerdict.Outcome.defect.rawValue }, setting)
            }
        case .burst:
            return settings.burst.map { setting in
                let defects = judged.suffix(setting.of).filter {
                    $0.outcome == StationVerdict.Outcome.defect.rawValue
                        && ![StationVerdict.unnamed, Inspector.unknown].contains($0.name)
                }
                let name = open[.burst]?.features.first?.feature ?? mostFrequent(defects)
                let count = defects.count { $0.name == name }
                return Reading(
                    value: Double(count), limit: Double(setting.count), name: name, count: count, of: setting.of)
            }
        case .drift: return settings.drift.map { Reading(value: memory.average, limit: $0) }
        case .notJudged:
            return settings.notJudged.map { setting in
                let parts = memory.parts.suffix(setting.of)
                return share(of: parts.filter { $0.outcome == StationVerdict.Outcome.notJudged.rawValue }, setting)
            }
        }
    }

    private var judged: [Memory.Part] {
        memory.parts.filter { $0.outcome != StationVerdict.Outcome.notJudged.rawValue }
    }

    /// Of as many parts as the setting says, though fewer have come: after a start six rejects in a row are enough.
    private func share(of parts: [Memory.Part], _ setting: StationDefinition.Alerts.Share) -> Reading {
        Reading(
            value: Double(parts.count) / Double(setting.of), limit: setting.share, name: mostFrequent(parts),
            count: parts.count, of: setting.of)
    }

    /// The name that most have; of equally many the first in the alphabet.
    private func mostFrequent(_ parts: [Memory.Part]) -> String {
        let counts = Dictionary(grouping: parts, by: \.name).mapValues(\.count)
        return counts.min { ($1.value, $0.key) < ($0.value, $1.key) }?.key ?? ""
    }

    // MARK: States

    private mutating func raise(
        _ kind: Kind, _ reading: Reading, _ verdict: StationVerdict, _ evidence: String?
    ) -> AlertEvent? {
        // A hair of rounding must not keep 5 of 50 below a tenth.
        guard reading.value >= reading.limit * (1 - 1e-9) else { return nil }
        let texts = StationAlertTexts(kind, reading, evidence: evidence)
        let alert = Alert(
            id: "\(ISO8601.compact(verdict.time))-\(asset)-\(memory.nextAlert)", asset: asset, code: kind.code,
            severity: kind == .drift ? .advisory : .warning, state: .active, raisedAt: verdict.time,
            score: reading.value, threshold: reading.limit,
            features: reading.name.isEmpty ? [] : [Contribution(feature: reading.name, share: 1, deviation: 0)],
            modelDigest: verdict.modelDigest ?? "", title: texts.title, cause: texts.cause, action: texts.action)
        memory.nextAlert += 1
        open[kind] = alert
        return AlertEvent(.raised, alert, at: verdict.time)
    }

    private mutating func follow(_ kind: Kind, _ reading: Reading, at time: WallTime) -> AlertEvent? {
        guard var alert = open[kind] else { return nil }
        if reading.value <= reading.limit * Self.clearShare {
            alert.state = .cleared
            alert.clearedAt = time
            open[kind] = nil
            return AlertEvent(.cleared, alert, at: time)
        }
        guard reading.value > alert.worstScore * Self.worseningStep else { return nil }
        alert.worstScore = reading.value
        open[kind] = alert
        return AlertEvent(.worsened, alert, at: time)
    }
}
