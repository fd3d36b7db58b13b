/// `output = clamp(a * b)`.
///
/// - Shapes: equal, or repeated where one has size 1.
/// - Quantization: `(a - zeroPointA) * (b - zeroPointB)` scaled by the contract's ``MultiplicationArithmetic``.
package struct Multiplication: Operator {
    package static let code: UInt32 = 7
    package static let name = "multiplication"

    package let wiring: Wiring
    package let broadcast: Broadcast
    package let arithmetic: MultiplicationArithmetic
    package let a: Quantization
    package let b: Quantization
    package let output: Quantization
    package let clamp: ClosedRange<Int32>
    private let isPlain: Bool

    package var reuse: Reuse { isPlain ? .inPlace([0, 1]) : .none }
    package var summary: String { Self.name + clamp.summary }

    package init(from decoder: inout OperatorDecoder) throws(PlanError) {
        broadcast = try Broadcast(decoder, Self.name)
        wiring = decoder.wiring
        let isUnsigned = try decoder.flag("origin in uint8")
        clamp = try decoder.clamp()
        let (left, right) = (decoder.tensor(wiring.inputs[0]), decoder.tensor(wiring.inputs[1]))
        a = left.quantization
        b = right.quantization
        output = decoder.tensor(wiring.outputs[0]).quantization
        isPlain = broadcast.isPlain(left.shape, right.shape)
        let product = ProductOfTwo(a, b, output: output, isUnsigned: isUnsigned)
        guard let arithmetic = decoder.contract.multiplication(product) else {
            throw decoder.malformed(
                "scales of \(Self.name)", expected: "a ratio that \(decoder.contract.name) can do",
                found: "\(a.scale) * \(b.scale) / \(output.scale)")
        }
        self.arithmetic = arithmetic
    }

    package func reference(_ inputs: [TensorValue]) -> [TensorValue] {
        let products = broadcast.map(inputs[0].int8s, inputs[1].int8s) { left, right in
            arithmetic((left - a.zeroPoint) * (right - b.zeroPoint), zeroPoint: output.zeroPoint, range: clamp)
        }
        return [.int8(products)]
    }
}

extension PlanBuilder {
    /// Adds `a * b`, element by element.
    /// - Parameter isUnsigned: carried over from uint8, which some contracts tell apart.
    package mutating func multiplication(
        _ a: TensorID, _ b: TensorID, isUnsigned: Bool = false, output: Quantization,
        clamp: ClosedRange<Int32> = -128...127, name: String? = nil
    ) throws(PlanError) -> TensorID {
        let result = try meeting(a, b, output, name, Multiplication.name)
        append(Multiplication.self, [a, b], [result]) { encoder in
            encoder.flag(isUnsigned)
            encoder.clamp(clamp)
        }
        return result
    }
}
