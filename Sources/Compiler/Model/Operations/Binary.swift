/// `y = activation(f(a, b))`, element by element, operands broadcast as numpy does.
package struct Binary: Hashable, Sendable {
    package enum Function: String, Hashable, Sendable, CaseIterable {
        case add, subtract, multiply, divide, minimum, maximum, power
        case equal, less, lessOrEqual, greater, greaterOrEqual, and, or, xor, modulo
    }
    package var function: Function
    package var activation = Activation.none

    package init(_ function: Function) { self.function = function }
}
