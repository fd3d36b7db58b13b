/// One kind of computation in a plan: its shape rule, its quantization rule and its reference arithmetic.
package protocol Operator: Sendable {
    /// What the plan file calls it; never used again for another.
    static var code: UInt32 { get }
    /// What a listing calls it: `fully_connected`.
    static var name: String { get }

    /// Reads one operator and checks everything about it.
    /// - Throws: where a shape, a quantization or a constant does not fit the others.
    init(from decoder: inout OperatorDecoder) throws(PlanError)

    var wiring: Wiring { get }
    /// Multiplications with a weight, for one inference.
    var multiplyAdds: Int { get }
    /// Bytes of the plan's constants that it reads: weights, biases, scales, tables.
    var constantBytes: Int { get }
    /// Whether it computes in float32 on its way from int8 to int8.
    var isFloatInside: Bool { get }
    /// One line for people, without the tensors.
    var summary: String { get }
    /// How its first output may use the bytes of its inputs.
    var reuse: Reuse { get }

    /// The arithmetic as its formula reads; slow, and what every kernel must equal bit for bit.
    /// - Parameter inputs: one a tensor of ``Wiring/inputs``.
    /// - Returns: one a tensor of ``Wiring/outputs``.
    func reference(_ inputs: [TensorValue]) -> [TensorValue]
}

extension Operator {
    package var inputs: [TensorID] { wiring.inputs }
    package var outputs: [TensorID] { wiring.outputs }
    package var multiplyAdds: Int { 0 }
    package var constantBytes: Int { 0 }
    package var isFloatInside: Bool { false }
    package var summary: String { Self.name }
    package var reuse: Reuse { .none }
}

/// The tensors that an operator reads and writes.
package struct Wiring: Hashable, Sendable {
    package var inputs: [TensorID]
    package var outputs: [TensorID]
}

/// What an arena may do with an operator's first output.
package enum Reuse: Hashable, Sendable {
    /// Bytes of its own.
    case none
    /// Written over any one of these inputs (numbers into ``Wiring/inputs``) that nobody reads afterwards: element i of
    /// the output depends on element i of it and on nothing behind.
    case inPlace([Int])
    /// The first input's bytes are the output: nothing is computed.
    case alias
}

/// Every operator that a plan may hold.
package enum Operators {
    package static let all: [any Operator.Type] = [
        FullyConnected.self, Convolution.self, DepthwiseConvolution.self, Pool.self, Mean.self, Addition.self,
        Multiplication.self, Lookup.self, Softmax.self, Concatenation.self, Slice.self, Pad.self,
        Reshape.self, Transpose.self, Resize.self, ArgumentMaximum.self, MatrixProduct.self, Quantize.self,
        Dequantize.self, Extremum.self, ChannelLookup.self, L2Normalization.self,
    ]

    static func type(code: UInt32, at offset: Int) throws(PlanError) -> any Operator.Type {
        for type in all where type.code == code { return type }
        let known = all.map { "\($0.code) (\($0.name))" }.joined(separator: ", ")
        throw .unknownOperator(.init("operator", expected: known, found: "\(code)", offset: offset))
    }
}
