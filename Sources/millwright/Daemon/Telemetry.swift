import FoundationEssentials
import Plant
import Scoring

/// One item for the registry. Raw values stay in the plant: a score and the features that led it go up.
struct Telemetry: Codable, Sendable {
    var type: String
    var asset: String
    var time: String
    var score: Double
    var threshold: Double
    var features: [String: Double]
    var modelDigest: String

    static func score(_ score: Score, of judgement: Judgement) -> Telemetry {
        Telemetry(
            type: "score", asset: judgement.asset, time: ISO8601.string(judgement.time), score: score.value,
            threshold: score.threshold,
            features: Dictionary(score.contributions.prefix(3).map { ($0.feature, $0.share) }) { first, _ in first },
            modelDigest: judgement.modelDigest)
    }

    /// - Throws: for a number that JSON cannot hold.
    func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return [UInt8](try encoder.encode(self))
    }
}

/// One part for the registry. Its picture and its number stay in the plant.
struct PartTelemetry: Codable, Sendable {
    var type = "verdict"
    var station: String
    var time: String
    var verdict: String
    /// The class of the defect, or why it was not judged.
    var name: String
    var score: Double?
    var threshold: Double?
    var modelDigest: String?

    enum CodingKeys: String, CodingKey {
        case type, station, time, verdict, score, threshold, modelDigest
        case name = "class"
    }

    init(_ verdict: StationVerdict) {
        station = verdict.station
        time = ISO8601.string(verdict.time)
        self.verdict = verdict.row.verdict
        name = verdict.name
        score = verdict.row.score
        threshold = verdict.row.threshold
        modelDigest = verdict.modelDigest
    }

    /// - Throws: for a number that JSON cannot hold.
    func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return [UInt8](try encoder.encode(self))
    }
}
