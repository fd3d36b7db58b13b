import Drivers
import FoundationEssentials
import Plant

/// What is kept, told and shown of one part.
struct StationVerdict: Sendable {
    /// The numbers of the tag `<id>.verdict`.
    enum Outcome: Int, Sendable {
        case good = 0
        case defect = 1
        case notJudged = 2
    }

    var station: String
    var part: String?
    var recipe: String?
    var row: InspectionRow
    /// SHA-256 of the model that judged it, hex; nil where none did.
    var modelDigest: String?
    /// The picture's where its source gave one.
    var sourceTime: WallTime?
    var arrival: WallTime
    var monotonic: MonotonicTime

    var outcome: Outcome {
        switch row.verdict {
        case "good": .good
        case "defect": .defect
        default: .notJudged
        }
    }

    /// A defect of which nobody knows what it is: the model tells no classes apart.
    static let unnamed = "defect"

    /// The name of the defect, or the code of why it was not judged.
    var name: String {
        switch outcome {
        case .good: "good"
        case .defect: row.name ?? Self.unnamed
        case .notJudged: row.code ?? "not_judged"
        }
    }

    var time: WallTime { sourceTime ?? arrival }

    var answer: PictureAnswer {
        get throws {
            let verdict: PictureAnswer.Verdict =
                switch outcome {
                case .good: .good
                case .defect: .defect
                case .notJudged: .notJudged
                }
            return PictureAnswer(verdict: verdict, json: try json())
        }
    }

    /// As `millwright inspect run --json` writes it, with station, part and recipe.
    func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(self))
    }

    /// Verdict, and beside it what is known of the part.
    func samples(_ tags: [StationDefinition.Output: TagID]) -> [Sample] {
        let values: [(StationDefinition.Output, Sample.Value?)] = [
            (.score, row.score.map(Sample.Value.number)), (.verdict, .number(Double(outcome.rawValue))),
            (.part, part.map(Sample.Value.text)), (.name, .text(name)),
        ]
        return values.compactMap { output, value in
            guard let value, let tag = tags[output] else { return nil }
            return Sample(
                tag: tag, value: value, quality: .good, sourceTime: sourceTime, arrival: arrival, monotonic: monotonic)
        }
    }
}

extension StationVerdict: Encodable {
    private enum CodingKeys: CodingKey { case station, part, recipe }

    func encode(to encoder: any Encoder) throws {
        try row.encode(to: encoder)
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(station, forKey: .station)
        try values.encode(part, forKey: .part)
        try values.encode(recipe, forKey: .recipe)
    }
}
