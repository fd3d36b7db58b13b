/// The gradient of ``Convolution`` with respect to its input, plus a bias: each input pixel adds its multiple of the
/// kernel to the output.
///
/// - Shapes: x `[n, height, width, in]`, w `[out, height, width, in / groups]`, bias `[out]` or left out; y
///   `(height - 1) * stride + (kernel - 1) * dilation + 1 + outputPadding - top - bottom` high.
package struct TransposedConvolution: Hashable, Sendable {
    package var strides = Pair(1, 1)
    package var dilations = Pair(1, 1)
    /// Taken off the result.
    package var padding = Padding.none
    /// Added at the bottom and on the right.
    package var outputPadding = Pair(0, 0)
    package var groups = 1
    package var activation = Activation.none

    package init() {}
}
