/// `(x - mean) / sqrt(variance + epsilon) * scale + bias`, one of each a channel (the last dimension).
///
/// - Shapes: x `[..., channels]`; scale, bias, mean, variance `[channels]`, in this order behind x.
package struct BatchNormalization: Hashable, Sendable {
    package var epsilon: Float

    package init(epsilon: Float) { self.epsilon = epsilon }
}
