/// A numeric contract: how the 32-bit sums of a plan become int8, to the bit and the same on every machine.
///
/// A contract chooses among the arithmetic that kernels know and computes its constants; one file is one contract. Each
/// rule answers nil where the scales are beyond what the contract can do.
package protocol Contract: Sendable {
    /// The word in the plan file: `tflite`.
    static var name: String { get }
    /// One sentence for people.
    static var summary: String { get }

    /// The arithmetic of one output channel whose sums have the scale `input * weight`.
    static func requantization(_ sum: SumOfProducts) -> Requantization?

    /// The arithmetic of `a + b`, or of `a - b`.
    static func addition(_ sum: SumOfTwo) -> AdditionArithmetic?

    /// What `b` is multiplied with in `a + b`, where `a` is a convolution whose sum is not rounded before.
    /// - Returns: nil where each is rounded by itself.
    static func joinedAddition(_ other: Quantization, output: Quantization) -> Float?

    /// The arithmetic of `a * b`.
    static func multiplication(_ product: ProductOfTwo) -> MultiplicationArithmetic?

    /// The arithmetic of a mean or a sum along some dimensions.
    static func reduction(_ reduction: ReductionOfMany) -> ReductionArithmetic?

    /// The arithmetic of an average of the pixels under a window.
    static func average(_ window: AverageOfWindow) -> AverageArithmetic?

    /// The arithmetic of a softmax of rows of `length` elements.
    static func softmax(_ rows: SoftmaxOfRows) -> SoftmaxArithmetic?

    /// How pixels of a resized image are mixed, when they are not picked.
    static func bilinear(isUnsigned: Bool) -> ResizeArithmetic

    /// How real numbers become int8.
    static func quantizing(_ output: Quantization) -> QuantizingArithmetic

    /// How int8 become real numbers.
    static func dequantizing(_ input: Quantization, isUnsigned: Bool) -> DequantizingArithmetic

    /// The int8 number that stands for the bound of a fused activation, before it is clamped to -128...127.
    static func bound(_ value: Float, _ output: Quantization, isUnsigned: Bool) -> Int32

    /// What a function of one element gives for each of the 256 inputs.
    static func table(_ function: UnaryFunction, input: Quantization, output: Quantization) -> FunctionTable?
}

/// Every contract that a plan may name.
package enum Contracts {
    package static let all: [any Contract.Type] = [
        TFLite.self, FP32.self, ONNX.self, Rockchip.self, SophgoBM.self, SophgoCV181x.self, VeriSiliconA311D.self,
        VeriSiliconV853.self, SHL.self,
    ]

    /// - Parameter contracts: those that may be named.
    /// - Throws: which ones there are.
    package static func named(_ name: String, among contracts: [any Contract.Type] = all, at offset: Int? = nil)
        throws(PlanError) -> any Contract.Type
    {
        for contract in contracts where contract.name == name { return contract }
        let known = contracts.map { $0.name }.joined(separator: ", ")
        throw .unknownContract(.init("numeric contract", expected: known, found: name, offset: offset))
    }
}
