import Alerts
import Graph
import Plant
import Runtime
import Scoring
import Store

/// A model that has proved its receipt on this box.
struct ProvedModel: Sendable {
    var name: String
    var version: Int
    var digest: String
    var file: MappedFile
}

/// Judges the windows of one asset: joins them with process values, scores, and feeds the alert engine.
///
/// Not `Sendable`: it lives in the ``JudgeService``.
final class AssetJudge {
    let definition: AssetDefinition
    private(set) var engine: AlertEngine
    private(set) var model: ProvedModel?
    private var scorer: MachineScorer?
    private var join: ProcessJoin
    private var tags: [String: (id: TagID, kind: TagDefinition.Kind)]
    private(set) var lastScore: (score: Double, threshold: Double)?

    /// What came of one sample.
    struct Outcome {
        var judgement: Judgement
        var events: [AlertEvent]
        var score: Score?
    }

    init(
        definition: AssetDefinition, rules: RuleSet, tags: [String: (id: TagID, kind: TagDefinition.Kind)],
        stored: [Alert]
    ) {
        self.definition = definition
        engine = AlertEngine(asset: definition.id, rules: rules, stored: stored)
        join = ProcessJoin(largestAge: definition.processMaximumAge)
        self.tags = tags
    }

    private var vibration: TagID? { tags["vibration"]?.id }
    private var speed: TagID? { tags["speed"]?.id }
    private var load: TagID? { tags["load"]?.id }
    private var rateHertz: Double { if case .waveform(_, let rate) = tags["vibration"]?.kind { rate } else { 0 } }

    /// The tags that this judge wants to see.
    var interest: [TagID] { tags.values.map(\.id) }
    /// Roles whose tag a wildcard will make with its first message.
    var openRoles: [String] { definition.inputs.keys.filter { tags[$0] == nil }.sorted() }

    /// Whether it already listens to these tags, by their numbers.
    func isWired(to others: [String: (id: TagID, kind: TagDefinition.Kind)]) -> Bool {
        others.allSatisfy { tags[$0.key]?.id == $0.value.id }
    }

    /// Ties a role to its tag once that is known.
    func wire(_ role: String, to tag: TagDefinition, id: TagID) { tags[role] = (id, tag.kind) }

    /// Switches to another model.
    ///
    /// - Parameter inference: what computes it, where that is not the CPU alone.
    /// - Throws: when the model cannot judge this asset; the one before stays.
    func use(_ model: ProvedModel, inference: (any Inference)?) throws {
        scorer = try MachineScorer(
            plan: Plan(bytes: model.file.bytes), keeping: model.file, inference: inference, kernels: .ofThisMachine)
        self.model = model
    }

    /// Forgets what followed from samples whose consequences were not stored: they come again.
    func reset(stored: [Alert]) {
        engine = AlertEngine(asset: definition.id, rules: engine.rules, stored: stored)
        join = ProcessJoin(largestAge: definition.processMaximumAge)
    }

    func replace(rules: RuleSet) { engine.replace(rules: rules) }

    func acknowledge(_ id: String, by person: String, at time: WallTime) -> AlertEvent? {
        engine.acknowledge(id, by: person, at: time)
    }

    /// Takes a process value; everything else is left out.
    func remember(_ sample: Sample) {
        // Only what is asked for later: other tags of the plant would take up the places.
        if sample.tag == speed || sample.tag == load { join.take(sample) }
    }

    /// Takes one committed sample.
    ///
    /// - Parameter monotonic: of this boot; a sample of an earlier one comes before all of this one.
    /// - Returns: nil for a sample that is no window.
    func take(_ sample: Sample, monotonic: MonotonicTime) -> Outcome? {
        guard sample.tag == vibration else {
            remember(sample)
            return nil
        }
        var score: Score?
        let verdict: Judgement.Verdict
        do {
            let result = try judge(sample)
            score = result
            lastScore = (result.value, result.threshold)
            verdict = .scored(
                score: result.value, threshold: result.threshold, contributions: result.contributions)
        } catch {
            verdict = .notJudged(reason: error.description)
        }
        let judgement = Judgement(
            asset: definition.id, time: sample.time, monotonic: monotonic, verdict: verdict,
            modelDigest: model?.digest ?? "")
        return Outcome(judgement: judgement, events: engine.judge(judgement), score: score)
    }

    private func judge(_ sample: Sample) throws(NotJudged) -> Score {
        guard let scorer else { throw .noModel(definition.model) }
        guard sample.quality.isGood, case .waveform(let window) = sample.value else {
            throw .window(sample.quality)
        }
        let speedRPM = try process("speed", speed, at: sample.time)
        let loadPercent = load == nil ? nil : try process("load", load, at: sample.time)
        do {
            return try scorer.score(window: window, rateHertz: rateHertz, speedRPM: speedRPM, load: loadPercent)
        } catch { throw .scoring(error) }
    }

    private func process(_ role: String, _ tag: TagID?, at time: WallTime) throws(NotJudged) -> Double? {
        guard let tag else { return nil }
        switch join.value(of: tag, at: time) {
        case .value(let value, _): return value
        case .notGood(let quality): throw .process(role, "is \(quality)")
        case .stale(let age):
            throw .process(
                role,
                "is \(Format.fixed(age.inSeconds, 1)) s old, more than \(Format.fixed(join.largestAge.inSeconds, 1)) s")
        case .missing: throw .process(role, "has no value yet")
        }
    }
}

/// Why a window was not judged.
enum NotJudged: Error, CustomStringConvertible {
    case noModel(String)
    case window(Quality)
    case process(String, String)
    case scoring(ScoringError)

    var description: String {
        switch self {
        case .noModel(let name): "no model \"\(name)\" is active yet"
        case .window(let quality): "the window is \(quality)"
        case .process(let role, let state): "\(role) \(state)"
        case .scoring(let error): error.description
        }
    }
}
