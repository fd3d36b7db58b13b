/// `output = clamp(a * b)`.
///
/// - Shapes: equal, or repeated where one has size 1.
/// - Quantization: `(a - zeroPointA) * (b - zeroPointB)` requantized as the contract says.
package struct Multiplication: Operator {
    package static let code: UInt32 = 7
    package static let name = "multiplication"

    package let wiring: Wiring
    package let broadcast: Broadcast
    package let requantization: Requantization
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
        clamp = try decoder.clamp()
        let (left, right) = (decoder.tensor(wiring.inputs[0]), decoder.tensor(wiring.inputs[1]))
        a = left.quantization
        b = right.quantization
        output = decoder.tensor(wiring.outputs[0]).quantization
        isPlain = broadcast.isPlain(left.shape, right.shape)
        guard let made = decoder.contract.multiplication(a, b, output: output) else {
            throw decoder.malformed(
                "scales of \(Self.name)", expected: "a ratio that \(decoder.contract.name) can do",
                found: "\(a.scale) * \(b.scale) / \(output.scale)")
        }
        requantization = made
    }

    package func reference(_ inputs: [TensorValue]) -> [TensorValue] {
        let products = broadcast.map(inputs[0].int8s, inputs[1].int8s) { left, right in
            requantization((left - a.zeroPoint) * (right - b.zeroPoint), zeroPoint: output.zeroPoint, range: clamp)
        }
        return [.int8(products)]
    }
}

extension PlanBuilder {
    /// Adds `a * b`, element by element.
    package mutating func multiplication(
        _ a: TensorID, _ b: TensorID, output: Quantization, clamp: ClosedRange<Int32> = -128...127,
        name: String? = nil
    ) throws(PlanError) -> TensorID {
        let result = try meeting(a, b, output, name, Multiplication.name)
        append(Multiplication.self, [a, b], [result]) { $0.clamp(clamp) }
        return result
    }
}
