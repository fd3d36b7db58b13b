private import Glibc

/// `y = f(x)`, element by element. On quantized values a table of 256 entries.
///
/// - Shapes: y as x. Real numbers; identity on any type, `clamp`, `negate`, `absolute`, `square` and `sign` on whole
///   numbers too (wrapping round), `not` on truth values.
/// - Source: the ONNX operators of the same names.
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
        case erf, softsign, sign, sin, cos, tan, asin, acos, atan, sinh, cosh, asinh, acosh, atanh
        /// Of truth values.
        case not
        /// Real numbers to truth values.
        case isNaN
        case isInfinite(positive: Bool, negative: Bool)
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

extension Unary: Operation {
    package static let name = "unary function"

    package func outputs(for inputs: [Operand?]) throws(ModelError) -> [Operand] {
        let operands = try Operands(inputs, of: Self.self, names: ["x"])
        try operands.require(0, isOneOf: operandTypes)
        let x = try operands(0)
        switch function {
        case .isNaN, .isInfinite: return [try operands.result(.bool, x.shape)]
        default: return [try operands.result(x.type, x.shape)]
        }
    }

    package func evaluate(_ inputs: [TensorData?]) throws(ModelError) -> [TensorData] {
        let shape = try results(of: inputs)[0].shape
        let x = try inputs.tensor(0).elements
        if function == .identity { return [TensorData(shape: shape, x)] }
        switch x {
        case .float32(let x): return [TensorData(shape: shape, evaluate(x))]
        case .bool(let x): return [TensorData(shape: shape, .bool(x.map { !$0 }))]
        default:
            let y = try x.applyToIntegers(WholeNumbers(function: function))
            return [TensorData(shape: shape, y ?? x)]
        }
    }

    private var operandTypes: [ElementType] {
        switch function {
        case .identity: ElementType.allCases
        case .not: [.bool]
        case .clamp, .negate, .absolute, .square, .sign: ElementType.numbers
        default: [.float32]
        }
    }

    private func evaluate(_ x: [Float]) -> Elements {
        switch function {
        case .isNaN: return .bool(x.map(\.isNaN))
        case .isInfinite(let positive, let negative):
            return .bool(x.map { $0.isInfinite && ($0 > 0 ? positive : negative) })
        case .clamp(let range): return .float32(x.map { range($0) })
        default:
            let formula = formula
            return .float32(x.map { Float(formula(Double($0))) })
        }
    }

    /// The function in double, so that only the result is rounded.
    private var formula: (Double) -> Double {
        switch function {
        case .leakyRelu(let slope): { $0 < 0 ? Double(slope) * $0 : $0 }
        case .hardSwish: { $0 * min(max($0 + 3, 0), 6) / 6 }
        case .hardSigmoid(let alpha, let beta): { min(max(Double(alpha) * $0 + Double(beta), 0), 1) }
        case .sigmoid: { 1 / (1 + Glibc.exp(-$0)) }
        case .softplus: { $0 > 0 ? $0 + log1p(Glibc.exp(-$0)) : log1p(Glibc.exp($0)) }
        case .softsign: { $0 / (1 + abs($0)) }
        case .elu(let alpha): { $0 < 0 ? Double(alpha) * expm1($0) : $0 }
        case .selu(let alpha, let gamma): { Double(gamma) * ($0 > 0 ? $0 : Double(alpha) * expm1($0)) }
        case .celu(let alpha): { max(0, $0) + min(0, Double(alpha) * expm1($0 / Double(alpha))) }
        case .gelu(isApproximate: false): { 0.5 * $0 * (1 + Glibc.erf($0 / 2.0.squareRoot())) }
        case .gelu(isApproximate: true):
            { 0.5 * $0 * (1 + Glibc.tanh((2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0))) }
        case .mish: { $0 * Glibc.tanh($0 > 0 ? $0 + log1p(Glibc.exp(-$0)) : log1p(Glibc.exp($0))) }
        case .thresholdedRelu(let alpha): { $0 > Double(alpha) ? $0 : 0 }
        case .log: Glibc.log
        case .exp: Glibc.exp
        case .erf: Glibc.erf
        case .sqrt: { $0.squareRoot() }
        case .reciprocalSqrt: { 1 / $0.squareRoot() }
        case .reciprocal: { 1 / $0 }
        case .negate: { -$0 }
        case .absolute: { abs($0) }
        case .square: { $0 * $0 }
        case .sign: { $0 > 0 ? 1 : $0 < 0 ? -1 : $0 }
        case .floor: { $0.rounded(.down) }
        case .ceil: { $0.rounded(.up) }
        case .round: { $0.rounded(.toNearestOrEven) }
        default: trigonometry
        }
    }

    private var trigonometry: (Double) -> Double {
        switch function {
        case .sin: Glibc.sin
        case .cos: Glibc.cos
        case .tan: Glibc.tan
        case .asin: Glibc.asin
        case .acos: Glibc.acos
        case .atan: Glibc.atan
        case .sinh: Glibc.sinh
        case .cosh: Glibc.cosh
        case .tanh: Glibc.tanh
        case .asinh: Glibc.asinh
        case .acosh: Glibc.acosh
        case .atanh: Glibc.atanh
        default: { $0 }
        }
    }
}

private struct WholeNumbers: IntegerWork {
    let function: Unary.Function

    func callAsFunction<Element: TensorInteger>(_ x: [Element]) -> Elements {
        switch function {
        case .negate: Element.elements(x.map { 0 &- $0 })
        case .absolute: Element.elements(x.map { $0 < 0 ? 0 &- $0 : $0 })
        case .square: Element.elements(x.map { $0 &* $0 })
        case .sign: Element.elements(x.map { $0.signum() })
        case .clamp(let range):
            // The bounds as whole numbers within the range; all of float's are exact in double.
            Element.elements(
                x.map { [low = bound(range.low, .up, Element.self), high = bound(range.high, .down, Element.self)] in
                    min(max($0, low), high)
                })
        default: Element.elements(x)
        }
    }

    private func bound<Element: TensorInteger>(
        _ bound: Float, _ rule: FloatingPointRoundingRule, _ type: Element.Type
    ) -> Element {
        Element(nearest: Double(bound).rounded(rule))
    }
}
