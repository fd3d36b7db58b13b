/// How int8 stands for a real number: `real = scale * (int8 - zeroPoint)`.
package struct Quantization: Hashable, Sendable {
    /// Finite and above zero.
    package var scale: Float
    /// -128...127.
    package var zeroPoint: Int32

    package init(scale: Float, zeroPoint: Int32) {
        self.scale = scale
        self.zeroPoint = zeroPoint
    }
}

/// The number of a tensor within one plan.
package struct TensorID: Hashable, Sendable {
    package let index: Int
    package init(index: Int) { self.index = index }
}

/// One int8 tensor of a plan: what flows between operators, not what is stored (see ``Constant``).
package struct Tensor: Hashable, Sendable {
    package var name: String
    /// Each at least 1; the product at most ``PlanFormat/maximumElements``.
    package var shape: [Int]
    package var quantization: Quantization

    package init(name: String, shape: [Int], quantization: Quantization) {
        self.name = name
        self.shape = shape
        self.quantization = quantization
    }

    /// Elements, which is also bytes.
    package var elementCount: Int { shape.reduce(1, *) }
}

/// What is fused behind an operator's sum.
package enum Activation: UInt32, Hashable, Sendable, CaseIterable {
    case none = 0
    case relu = 1

    /// The int8 values that may come out: for `relu` nothing below the output's zero point, which stands for 0.0.
    package func range(of output: Quantization) -> ClosedRange<Int32> {
        switch self {
        case .none: -128...127
        case .relu: output.zeroPoint...127
        }
    }
}
