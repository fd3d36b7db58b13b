/// `y = activation(a * b + bias)` over the last two dimensions; those before broadcast.
///
/// - Shapes: a `[..., m, k]` (`[..., k, m]` when transposed), b `[..., k, n]` (`[..., n, k]` when transposed), bias
///   broadcast to the result or left out. Fully connected is a constant `b [out, in]` that is transposed.
package struct MatrixProduct: Hashable, Sendable {
    package var transposesA = false
    package var transposesB = false
    package var activation = Activation.none

    package init() {}
}
