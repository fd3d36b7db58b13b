/// What the answers of labelled classes say: about 1 for the right one, 0 for others.
struct ClassVerdict {
    /// How much more clearly another class answers than the good one: 0 where it is the good one alone, 1 where it is another alone,
    /// 0.5 where both answer alike.
    let score: Double
    /// The class; nil for a defect that is none of those known.
    let label: Int?

    init(_ answers: [Double], _ classes: InspectionRecipe.Classes, threshold: Double) {
        score = Self.score(answers, good: classes.good)
        guard score > threshold else {
            label = classes.good
            return
        }
        let best = Self.other(answers, good: classes.good)
        let share = Self.share(answers, best, good: classes.good)
        label = share >= classes.leastShares[best] ? best : nil
    }

    /// Above zero, as scores are.
    static let leastScore = 0.001

    static func score(_ answers: [Double], good: Int) -> Double {
        max((1 + answers[other(answers, good: good)] - answers[good]) / 2, leastScore)
    }

    /// The class besides the good one that answers most clearly.
    private static func other(_ answers: [Double], good: Int) -> Int {
        var best = good == 0 ? 1 : 0
        for index in answers.indices where index != good && answers[index] > answers[best] { best = index }
        return best
    }

    /// Of a class among the defects.
    static func share(_ answers: [Double], _ label: Int, good: Int) -> Double {
        answers[label] / max(1 - answers[good], leastScore)
    }
}
