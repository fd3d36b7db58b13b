/// `y[n, i, j, o] = activation(bias[o] + sum over u, v, c of w[o, u, v, c] * x[n, i * stride + u * dilation - pad, ..., c])`.
///
/// - Shapes: x `[n, height, width, in]`, w `[out, height, width, in / groups]`, bias `[out]` or left out; one-dimensional
///   networks have height 1. Depthwise is `groups == in`.
package struct Convolution: Hashable, Sendable {
    package var strides = Pair(1, 1)
    package var dilations = Pair(1, 1)
    package var padding = Padding.none
    package var groups = 1
    package var activation = Activation.none

    package init() {}
}
