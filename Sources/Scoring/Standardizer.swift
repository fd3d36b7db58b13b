/// Brings features and conditions to the scale on which a model works, and measures what a model leaves unexplained.
///
/// Training and scoring both go through here, so that they cannot differ.
package struct Standardizer: Sendable {
    /// Beyond so many deviations, more says nothing more; it keeps one broken feature from hiding the others' shares.
    package static let largestDeviation = 60.0
    /// What the network itself sees of a deviation: its int8 input covers this range, and beyond it the network stays
    /// where it is while the deviation goes on, so that nothing unusual can be reconstructed away.
    package static let networkReach: Float = 6

    package let card: ModelCard

    package init(card: ModelCard) { self.card = card }

    /// - Shapes: features [features] -> deviations [features].
    package func deviations(of features: [Double], into deviations: inout [Double]) {
        for index in features.indices {
            let statistic = card.features[index]
            let deviation = (features[index] - statistic.mean) / statistic.deviation
            deviations[index] = min(max(deviation, -Self.largestDeviation), Self.largestDeviation)
        }
    }

    /// Fills the network's input: deviations, then conditions in deviations from their own mean.
    ///
    /// - Throws: `.conditionMissing`, `.conditionOutsideLearntRange`.
    /// - Shapes: deviations [features], input [features + conditions].
    package func fill(
        _ input: inout [Float], deviations: [Double], speedRPM: Double?, load: Double?
    ) throws(ScoringError) {
        for index in deviations.indices { input[index] = Self.reached(deviations[index]) }
        for (index, condition) in card.conditions.enumerated() {
            guard let value = condition.name == .speed ? speedRPM : load, value.isFinite else {
                throw .conditionMissing(condition.name)
            }
            guard condition.limits.contains(value) else {
                throw .conditionOutsideLearntRange(
                    condition.name, value: value, lowest: condition.limits.lowest, highest: condition.limits.highest)
            }
            input[deviations.count + index] = Self.reached((value - condition.mean) / condition.deviation)
        }
    }

    /// A deviation as the network sees it.
    package static func reached(_ deviation: Double) -> Float {
        min(max(Float(deviation), -networkReach), networkReach)
    }

    /// Root mean square of deviations less reconstruction; `shares` receives each feature's part of the squares, 0...1.
    package static func score(deviations: [Double], reconstruction: [Float], shares: inout [Double]) -> Double {
        var sum = 0.0
        for index in deviations.indices {
            let error = deviations[index] - Double(reconstruction[index])
            shares[index] = error * error
            sum += shares[index]
        }
        if sum > 0 { for index in shares.indices { shares[index] /= sum } }
        return (sum / Double(max(deviations.count, 1))).squareRoot()
    }
}
