/// `x / sqrt(max(sum of x^2, epsilon))` along a dimension.
package struct L2Normalization: Hashable, Sendable {
    /// 0..<rank.
    package var axis: Int
    package var epsilon: Float = 1e-6

    package init(axis: Int) { self.axis = axis }
}
