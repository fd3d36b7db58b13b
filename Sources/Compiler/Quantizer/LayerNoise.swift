private import Glibc

/// How far a layer's int8 results are from those of the float model, over all calibration inputs.
///
/// Of an operand of a clamped sum, numbers that its range leaves out count as the range's end: the sum does not show
/// them (``VisibleOperands``).
package struct LayerNoise: Hashable, Sendable {
    package var name: String
    /// The operation's name.
    package var operation: String
    package var shape: [Int]
    /// Sums of squares: of the float model's results, and of the differences from them.
    package var signal = 0.0
    package var noise = 0.0
    /// Of the layer alone: its int8 weights and its result's rounding on the float model's own operands, before its bias
    /// is corrected for what comes from the layers before it.
    package var ownNoise = 0.0

    package init(name: String, operation: String, shape: [Int]) {
        self.name = name
        self.operation = operation
        self.shape = shape
    }

    /// `10 log10(signal / noise)`, decibels; nil where there is no difference at all, or no signal.
    package var decibels: Double? { Self.decibels(signal, noise) }
    package var ownDecibels: Double? { Self.decibels(signal, ownNoise) }

    private static func decibels(_ signal: Double, _ noise: Double) -> Double? {
        signal > 0 && noise > 0 ? 10 * log10(signal / noise) : nil
    }
}
