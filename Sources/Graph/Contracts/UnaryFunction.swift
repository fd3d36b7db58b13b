import Glibc

/// A function of one real number.
package enum UnaryFunction: Hashable, Sendable {
    /// Changes the quantization only.
    case identity
    case clamp(low: Float, high: Float)
    case leakyRelu(slope: Float)
    case hardSwish
    case sigmoid
    case tanh
    /// Any other, given by what it makes of each of the 256 real inputs, -128 first.
    case sampled([Float])

    /// In double precision, so that every C library gives the same int8.
    package func callAsFunction(_ x: Double) -> Double {
        switch self {
        case .identity: x
        case .clamp(let low, let high): min(max(x, Double(low)), Double(high))
        case .leakyRelu(let slope): x < 0 ? x * Double(slope) : x
        case .hardSwish: x * min(max(x + 3, 0), 6) / 6
        case .sigmoid: 1 / (1 + exp(-x))
        case .tanh: Glibc.tanh(x)
        case .sampled: preconditionFailure("given by its samples")
        }
    }
}
