/// `exp(beta * x) / sum of exp(beta * x)` along a dimension, or its logarithm.
package struct Softmax: Hashable, Sendable {
    /// 0..<rank.
    package var axis: Int
    package var beta: Float = 1
    package var isLogarithm = false

    package init(axis: Int) { self.axis = axis }
}
