private import Glibc

/// `y = activation(f(a, b))`, element by element, operands broadcast as numpy does.
///
/// - Shapes: both operands of one type: real or whole numbers, or truth values for the logical functions and `equal`.
///   Comparisons leave truth values. Whole numbers wrap round; divided by zero they are 0.
package struct Binary: Hashable, Sendable {
    package enum Function: String, Hashable, Sendable, CaseIterable {
        case add, subtract, multiply
        /// Towards zero on whole numbers; `floorDivide` rounds down.
        case divide, floorDivide
        case minimum, maximum, power
        case equal, less, lessOrEqual, greater, greaterOrEqual
        /// Bit by bit on whole numbers.
        case and, or, xor
        /// With the divisor's sign (as Python's `%`); `remainder` has the dividend's (as C's `fmod`).
        case modulo, remainder

        package var isComparison: Bool {
            switch self {
            case .equal, .less, .lessOrEqual, .greater, .greaterOrEqual: true
            default: false
            }
        }
    }
    package var function: Function
    package var activation = Activation.none

    package init(_ function: Function) { self.function = function }
}

extension Binary: Operation {
    package static let name = "binary function"

    package func outputs(for inputs: [Operand?]) throws(ModelError) -> [Operand] {
        let operands = try Operands(inputs, of: Self.self, names: ["a", "b"])
        try operands.require(0, isOneOf: operandTypes)
        try operands.require(1, hasTypeOf: 0)
        let (a, b) = (try operands(0), try operands(1))
        guard let shape = Shape.broadcast(a.shape, b.shape) else {
            throw operands.fault(1, "shape", "one that broadcasts with a \(a.shape)", "\(b.shape)")
        }
        let result = try operands.result(function.isComparison ? .bool : a.type, shape)
        if activation != .none, result.type != .float32 {
            throw operands.attribute("activation", "none but on real numbers", "\(activation)")
        }
        return [result]
    }

    package func evaluate(_ inputs: [TensorData?]) throws(ModelError) -> [TensorData] {
        let shape = try results(of: inputs)[0].shape
        let a = try inputs.tensor(0).broadcast(to: shape).elements
        let b = try inputs.tensor(1).broadcast(to: shape).elements
        if function.isComparison {
            return [TensorData(shape: shape, .bool(try a.apply(Comparison(function: function, other: b))))]
        }
        if case .float32(let a) = a, case .float32(let b) = b {
            var y = evaluate(a, b)
            activation.apply(to: &y)
            return [TensorData(shape: shape, .float32(y))]
        }
        if case .bool(let a) = a, case .bool(let b) = b {
            return [TensorData(shape: shape, .bool(evaluate(a, b)))]
        }
        let y = try a.applyToIntegers(WholeNumbers(function: function, other: b))
        return [TensorData(shape: shape, y ?? a)]
    }

    private var operandTypes: [ElementType] {
        switch function {
        case .and, .or, .xor: [.bool] + ElementType.integers
        case .equal: ElementType.allCases
        default: ElementType.numbers
        }
    }

    private func evaluate(_ a: [Float], _ b: [Float]) -> [Float] {
        func each(_ f: (Float, Float) -> Float) -> [Float] { zip(a, b).map(f) }
        return switch function {
        case .add: each { $0 + $1 }
        case .subtract: each { $0 - $1 }
        case .multiply: each { $0 * $1 }
        case .divide: each { $0 / $1 }
        case .floorDivide: each { ($0 / $1).rounded(.down) }
        case .minimum: each { $0.isNaN || $0 < $1 ? $0 : $1 }
        case .maximum: each { $0.isNaN || $0 > $1 ? $0 : $1 }
        case .power: each { Float(pow(Double($0), Double($1))) }
        case .remainder: each { fmodf($0, $1) }
        case .modulo:
            each {
                let rest = fmodf($0, $1)
                return rest != 0 && (rest < 0) != ($1 < 0) ? rest + $1 : rest
            }
        default: a
        }
    }

    private func evaluate(_ a: [Bool], _ b: [Bool]) -> [Bool] {
        switch function {
        case .and: zip(a, b).map { $0 && $1 }
        case .or: zip(a, b).map { $0 || $1 }
        default: zip(a, b).map { $0 != $1 }
        }
    }
}

private struct Comparison: ElementWork {
    let function: Binary.Function
    let other: Elements

    func callAsFunction<Element: TensorElement>(_ a: [Element]) -> [Bool] {
        guard let b = Element.array(other) else { return [] }
        func each(_ f: (Element, Element) -> Bool) -> [Bool] { zip(a, b).map(f) }
        return switch function {
        case .less: each(Element.isLess)
        case .lessOrEqual: each { Element.isLess($0, $1) || $0 == $1 }
        case .greater: each { Element.isLess($1, $0) }
        case .greaterOrEqual: each { Element.isLess($1, $0) || $0 == $1 }
        default: each(==)
        }
    }
}

private struct WholeNumbers: IntegerWork {
    let function: Binary.Function
    let other: Elements

    func callAsFunction<Element: TensorInteger>(_ a: [Element]) -> Elements {
        guard let b = Element.array(other) else { return other }
        func each(_ f: (Element, Element) -> Element) -> Elements { Element.elements(zip(a, b).map(f)) }
        return switch function {
        case .add: each { $0 &+ $1 }
        case .subtract: each { $0 &- $1 }
        case .multiply: each { $0 &* $1 }
        // The lowest number divided by -1 overflows; the partial value is the wrapped one.
        case .divide: each { $1 == 0 ? 0 : $0.dividedReportingOverflow(by: $1).partialValue }
        case .floorDivide:
            each {
                if $1 == 0 { return 0 }
                let quotient = $0.dividedReportingOverflow(by: $1).partialValue
                let rest = $0.remainderReportingOverflow(dividingBy: $1).partialValue
                return rest != 0 && (rest < 0) != ($1 < 0) ? quotient - 1 : quotient
            }
        case .remainder: each { $1 == 0 ? 0 : $0.remainderReportingOverflow(dividingBy: $1).partialValue }
        case .modulo:
            each {
                if $1 == 0 { return 0 }
                let rest = $0.remainderReportingOverflow(dividingBy: $1).partialValue
                return rest != 0 && (rest < 0) != ($1 < 0) ? rest + $1 : rest
            }
        case .minimum: each { min($0, $1) }
        case .maximum: each { max($0, $1) }
        case .power: each(power)
        case .and: each { $0 & $1 }
        case .or: each { $0 | $1 }
        case .xor: each { $0 ^ $1 }
        default: Element.elements(a)
        }
    }

    /// Wraps round; below zero only the powers of 1 and -1 are whole numbers that are not 0.
    private func power<Element: TensorInteger>(_ base: Element, _ exponent: Element) -> Element {
        if exponent < 0 {
            if base == 1 { return 1 }
            return base == 0 &- 1 ? (exponent & 1 == 0 ? 1 : base) : 0
        }
        var (result, square, rest) = (Element(1), base, exponent)
        while rest > 0 {
            if rest & 1 == 1 { result = result &* square }
            square = square &* square
            rest >>= 1
        }
        return result
    }
}
