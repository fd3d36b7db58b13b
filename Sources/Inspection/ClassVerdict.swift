/// What the probabilities of labelled classes say.
struct ClassVerdict {
    /// Chance that it is not good.
    let score: Double
    /// The class; nil for a defect that is none of those known.
    let label: Int?

    init(_ probabilities: [Double], _ classes: InspectionRecipe.Classes, threshold: Double) {
        score = 1 - probabilities[classes.good]
        guard score > threshold else {
            label = classes.good
            return
        }
        var best = classes.good == 0 ? 1 : 0
        for index in probabilities.indices where index != classes.good && probabilities[index] > probabilities[best] {
            best = index
        }
        let share = Self.share(probabilities, best, good: classes.good)
        label = share >= classes.leastShares[best] ? best : nil
    }

    /// Of a class among the defects.
    static func share(_ probabilities: [Double], _ label: Int, good: Int) -> Double {
        probabilities[label] / max(1 - probabilities[good], 1e-9)
    }
}
