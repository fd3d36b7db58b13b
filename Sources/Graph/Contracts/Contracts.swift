/// A numeric contract: how the 32-bit sums of a plan become int8, to the bit and the same on every machine.
///
/// A contract chooses among the arithmetic that kernels know and computes its constants; one file is one contract.
package protocol Contract: Sendable {
    /// The word in the plan file: `tflite`.
    static var name: String { get }
    /// One sentence for people.
    static var summary: String { get }

    /// The arithmetic of one output channel whose sums have the scale `input * weight`.
    /// - Returns: nil when the ratio is beyond what the contract can do.
    static func requantization(_ sum: SumOfProducts) -> Requantization?

    /// The arithmetic of `a + b`, or of `a - b`.
    /// - Returns: nil when the ratios are beyond what the contract can do.
    static func addition(_ sum: SumOfTwo) -> AdditionArithmetic?

    /// The arithmetic of a product of two elements, whose scale is `a * b`.
    static func multiplication(_ a: Quantization, _ b: Quantization, output: Quantization) -> Requantization?

    /// The arithmetic of a mean of `count` elements.
    static func mean(_ input: Quantization, output: Quantization, count: Int) -> MeanArithmetic?

    /// The int8 number that stands for the bound of a fused activation, before it is clamped to -128...127.
    static func bound(_ value: Float, _ output: Quantization) -> Int32

    /// What a function of one element gives for each of the 256 inputs, -128 first.
    static func table(_ function: UnaryFunction, input: Quantization, output: Quantization) -> [Int8]
}

/// What a sum of products is, as far as contracts tell sums apart.
package struct SumOfProducts: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case convolution
        /// One channel of a depthwise convolution that has so many.
        case depthwise(channel: Int, channels: Int)
        case fullyConnected
    }
    package var kind: Kind
    package var input: Float
    package var weight: Float
    package var output: Float
    /// One weight scale for all channels.
    package var isPerTensor: Bool
    /// Weights with zero points, as uint8 models have them.
    package var isUnsigned: Bool

    package init(
        _ kind: Kind, input: Float, weight: Float, output: Float, isPerTensor: Bool = false, isUnsigned: Bool = false
    ) {
        self.kind = kind
        self.input = input
        self.weight = weight
        self.output = output
        self.isPerTensor = isPerTensor
        self.isUnsigned = isUnsigned
    }
}

/// A sum of two tensors, as far as contracts tell them apart.
package struct SumOfTwo: Hashable, Sendable {
    package var a: Quantization
    package var b: Quantization
    package var output: Quantization
    package var subtracts: Bool
    /// Elements of the result.
    package var count: Int
    /// Carried over from uint8.
    package var isUnsigned: Bool
    /// An operand is repeated.
    package var isBroadcast: Bool

    package init(
        _ a: Quantization, _ b: Quantization, output: Quantization, subtracts: Bool = false, count: Int,
        isUnsigned: Bool = false, isBroadcast: Bool = false
    ) {
        self.a = a
        self.b = b
        self.output = output
        self.subtracts = subtracts
        self.count = count
        self.isUnsigned = isUnsigned
        self.isBroadcast = isBroadcast
    }
}

/// How the sum of the stored numbers becomes their mean; a contract chooses and computes the constants.
package enum MeanArithmetic: Hashable, Sendable {
    /// `scale(sum) + bias`.
    case twoStep(FixedPointMultiplier, bias: Int32)
    /// `round half to even((float)sum * scale + offset)`.
    case float(scale: Float, offset: Float)

    /// - Returns: the int8 result as a 32-bit number, saturated.
    package func callAsFunction(_ sum: Int32) -> Int32 {
        switch self {
        case .twoStep(let multiplier, let bias):
            Int32(min(max(Int64(multiplier.scale(sum, ties: .up)) + Int64(bias), -128), 127))
        case .float(let scale, let offset):
            Int32(min(max(Float(sum) * scale + offset, -128), 127).rounded(.toNearestOrEven))
        }
    }
}

/// Every contract that a plan may name.
package enum Contracts {
    package static let all: [any Contract.Type] = [TFLite.self, FP32.self]

    /// - Throws: which ones there are.
    package static func named(_ name: String, at offset: Int? = nil) throws(PlanError) -> any Contract.Type {
        for contract in all where contract.name == name { return contract }
        let known = all.map { $0.name }.joined(separator: ", ")
        throw .unknownContract(.init("numeric contract", expected: known, found: name, offset: offset))
    }
}
