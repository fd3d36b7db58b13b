/// What is done to each result of a node before it is stored, in real numbers: `min(max(x, low), high)`.
package struct Activation: Hashable, Sendable {
    package var low: Float
    package var high: Float

    package init(low: Float, high: Float) {
        self.low = low
        self.high = high
    }

    package static let none = Activation(low: -.infinity, high: .infinity)
    package static let relu = Activation(low: 0, high: .infinity)
    package static let relu6 = Activation(low: 0, high: 6)
    package static let reluN1To1 = Activation(low: -1, high: 1)

    package func callAsFunction(_ x: Float) -> Float { min(max(x, low), high) }
}

extension Activation {
    func apply(to elements: inout [Float]) {
        guard self != .none else { return }
        for index in elements.indices { elements[index] = self(elements[index]) }
    }
}
