import Glibc

/// A function of one real number.
package enum UnaryFunction: Hashable, Sendable {
    /// Changes the quantization only.
    case identity
    /// Changes the quantization of what is to be concatenated, which some contracts do another way.
    case concatenation
    case clamp(low: Float, high: Float)
    case leakyRelu(slope: Float)
    /// A slope that is quantized itself: stored less its zero point, and its scale.
    case prelu(slope: Int32, scale: Float)
    case hardSwish
    case sigmoid
    case tanh
    /// `x < 0 ? exp(x) - 1 : x`.
    case elu
    case exp
    /// Any other, given by what it makes of each of the 256 real inputs, -128 first.
    case sampled([Float])

    /// In double precision and rounded once, so that every C library gives the same bits but for one case in 2^29.
    ///
    /// - Parameters:
    ///   - x: the real input.
    ///   - stored: the int8 that stands for it.
    func value(_ x: Float, stored: Int32) -> Float {
        switch self {
        case .identity, .concatenation: x
        case .clamp(let low, let high): min(max(x, low), high)
        case .leakyRelu(let slope): x < 0 ? slope * x : x
        case .prelu(let slope, let scale): x < 0 ? scale * Float(slope) * x : x
        case .hardSwish: Float(Double(x) * min(max(Double(x) + 3, 0), 6) / 6)
        case .sigmoid: Float(1 / (1 + Glibc.exp(-Double(x))))
        case .tanh: Float(Glibc.tanh(Double(x)))
        case .elu: x < 0 ? Float(Glibc.expm1(Double(x))) : x
        case .exp: Float(Glibc.exp(Double(x)))
        case .sampled(let samples): samples[Int(stored) + 128]
        }
    }
}
