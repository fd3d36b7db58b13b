/// What the answers of labelled classes say: about 1 for the right one, 0 for others.
struct ClassVerdict {
    /// How far the answer of the good class is from 1.
    let score: Double
    /// The class; nil for a defect that is none of those known.
    let label: Int?

    init(_ answers: [Double], _ classes: InspectionRecipe.Classes, threshold: Double) {
        score = Self.score(answers, good: classes.good)
        guard score > threshold else {
            label = classes.good
            return
        }
        var best = classes.good == 0 ? 1 : 0
        for index in answers.indices where index != classes.good && answers[index] > answers[best] {
            best = index
        }
        let share = Self.share(answers, best, good: classes.good)
        label = share >= classes.leastShares[best] ? best : nil
    }

    /// Above zero, as scores are.
    static let leastScore = 0.001

    static func score(_ answers: [Double], good: Int) -> Double { max(1 - answers[good], leastScore) }

    /// Of a class among the defects.
    static func share(_ answers: [Double], _ label: Int, good: Int) -> Double {
        answers[label] / max(1 - answers[good], leastScore)
    }
}
