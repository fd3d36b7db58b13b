/// One kind of computation on real numbers: its attributes, its shape rule and its arithmetic.
package protocol Operation: Sendable, Hashable {
    /// What listings and messages call it: `convolution`.
    static var name: String { get }

    /// The shape rule.
    /// - Parameter inputs: one a declared operand; nil where an optional one is left out.
    /// - Returns: type and shape of each output; a type is ``ElementType/float32`` for real numbers.
    /// - Throws: which operand does not fit, and what was expected.
    func outputs(for inputs: [Operand?]) throws(ModelError) -> [Operand]

    /// The arithmetic, as the formula reads; used to fold constants, to calibrate and to prove passes.
    /// - Parameter inputs: real numbers as float32 (quantized operands come dequantized), integers as they are.
    func evaluate(_ inputs: [TensorData?]) throws(ModelError) -> [TensorData]
}

extension Operation {
    func isEqual(to other: any Operation) -> Bool { (other as? Self) == self }
}

/// Type and shape of an operand, and its elements where they are known beforehand.
package struct Operand: Hashable, Sendable {
    package var type: ElementType
    package var shape: [Int]
    package var constant: TensorData?

    package init(type: ElementType, shape: [Int], constant: TensorData? = nil) {
        self.type = type
        self.shape = shape
        self.constant = constant
    }
}
