package import Plant

/// What a model says of one window.
package struct Score: Hashable, Sendable {
    /// Root mean square of what the model could not reconstruct, in standard deviations of a feature over normal running.
    package var value: Double
    package var threshold: Double
    /// Every feature, largest share first.
    package var contributions: [Contribution]
    /// The features themselves, in the order of the model card.
    package var features: [Double]

    package init(value: Double, threshold: Double, contributions: [Contribution], features: [Double]) {
        self.value = value
        self.threshold = threshold
        self.contributions = contributions
        self.features = features
    }
}
