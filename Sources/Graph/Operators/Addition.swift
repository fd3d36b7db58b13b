/// `output = clamp(a + b)`, or `a - b`, each side in its own scale.
///
/// - Shapes: equal, or repeated where one has size 1.
/// - Quantization: the contract's ``AdditionArithmetic``.
package struct Addition: Operator {
    package static let code: UInt32 = 6
    package static let name = "addition"

    package let wiring: Wiring
    package let broadcast: Broadcast
    package let subtracts: Bool
    package let arithmetic: AdditionArithmetic
    package let a: Quantization
    package let b: Quantization
    package let output: Quantization
    package let clamp: ClosedRange<Int32>
    private let isPlain: Bool

    package var reuse: Reuse { isPlain ? .inPlace([0, 1]) : .none }
    package var summary: String { (subtracts ? "subtraction" : Self.name) + clamp.summary }

    package init(from decoder: inout OperatorDecoder) throws(PlanError) {
        broadcast = try Broadcast(decoder, Self.name)
        wiring = decoder.wiring
        subtracts = try decoder.flag("subtraction")
        let isUnsigned = try decoder.flag("origin in uint8")
        clamp = try decoder.clamp()
        let (left, right) = (decoder.tensor(wiring.inputs[0]), decoder.tensor(wiring.inputs[1]))
        a = left.quantization
        b = right.quantization
        output = decoder.tensor(wiring.outputs[0]).quantization
        isPlain = broadcast.isPlain(left.shape, right.shape)
        let sum = SumOfTwo(
            a, left.shape, b, right.shape, output: output, subtracts: subtracts, isUnsigned: isUnsigned)
        guard let arithmetic = decoder.contract.addition(sum) else {
            throw decoder.malformed(
                "scales of \(Self.name)", expected: "ratios that \(decoder.contract.name) can do",
                found: "\(a.scale), \(b.scale) to \(output.scale)")
        }
        self.arithmetic = arithmetic
    }

    package func reference(_ inputs: [TensorValue]) -> [TensorValue] {
        var index = 0
        let sums = broadcast.map(inputs[0].int8s, inputs[1].int8s) { left, right in
            defer { index += 1 }
            return Int32(min(max(arithmetic(left, right, at: index), Int64(clamp.lowerBound)), Int64(clamp.upperBound)))
        }
        return [.int8(sums)]
    }
}

extension PlanBuilder {
    /// Adds `a + b`, or `a - b`.
    /// - Parameter isUnsigned: carried over from uint8, which some contracts tell apart.
    package mutating func addition(
        _ a: TensorID, _ b: TensorID, subtracts: Bool = false, isUnsigned: Bool = false, output: Quantization,
        clamp: ClosedRange<Int32> = -128...127, name: String? = nil
    ) throws(PlanError) -> TensorID {
        let result = try meeting(a, b, output, name, Addition.name)
        append(Addition.self, [a, b], [result]) { encoder in
            encoder.flag(subtracts)
            encoder.flag(isUnsigned)
            encoder.clamp(clamp)
        }
        return result
    }
}
