/// `y = f(x)`, element by element. On quantized values a table of 256 entries.
package struct Unary: Hashable, Sendable {
    package enum Function: Hashable, Sendable {
        /// Changes the quantization only.
        case identity
        case clamp(Activation)
        case leakyRelu(slope: Float)
        /// `x * min(max(x + 3, 0), 6) / 6`.
        case hardSwish
        /// `min(max(alpha * x + beta, 0), 1)`.
        case hardSigmoid(alpha: Float, beta: Float)
        case sigmoid, tanh, exp, log, sqrt, reciprocalSqrt, reciprocal, negate, absolute, square, floor, ceil, round
        case erf, softsign, sign, sin, cos, not
        case softplus
        case elu(alpha: Float)
        case selu(alpha: Float, gamma: Float)
        case celu(alpha: Float)
        case gelu(isApproximate: Bool)
        case mish
        case thresholdedRelu(alpha: Float)
    }
    package var function: Function

    package init(_ function: Function) { self.function = function }
}
