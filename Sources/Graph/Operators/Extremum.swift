/// The smaller, or the larger, of two elements.
///
/// - Shapes: equal, or repeated where one has size 1.
/// - Quantization: all alike; where a file has others, a ``Lookup`` in front changes them.
package struct Extremum: Operator {
    package static let code: UInt32 = 21
    package static let name = "extremum"

    package let wiring: Wiring
    package let broadcast: Broadcast
    package let isMaximum: Bool
    private let isPlain: Bool

    package var reuse: Reuse { isPlain ? .inPlace([0, 1]) : .none }
    package var summary: String { isMaximum ? "maximum" : "minimum" }

    package init(from decoder: inout OperatorDecoder) throws(PlanError) {
        broadcast = try Broadcast(decoder, Self.name)
        wiring = decoder.wiring
        isMaximum = try decoder.flag("maximum")
        let (a, b) = (decoder.tensor(wiring.inputs[0]), decoder.tensor(wiring.inputs[1]))
        isPlain = broadcast.isPlain(a.shape, b.shape)
        let output = decoder.tensor(wiring.outputs[0]).quantization
        try decoder.expect(
            a.quantization == output && b.quantization == output, "quantization of \(Self.name)",
            expected: "\(output) on each side", found: "\(a.quantization) and \(b.quantization)")
    }

    package func reference(_ inputs: [TensorValue]) -> [TensorValue] {
        [.int8(broadcast.map(inputs[0].int8s, inputs[1].int8s) { isMaximum ? max($0, $1) : min($0, $1) })]
    }
}

extension PlanBuilder {
    /// Adds the smaller or the larger of two operands of one quantization.
    package mutating func extremum(_ a: TensorID, _ b: TensorID, isMaximum: Bool, name: String? = nil)
        throws(PlanError) -> TensorID
    {
        let result = try meeting(a, b, quantization(of: a), name, Extremum.name)
        append(Extremum.self, [a, b], [result]) { $0.flag(isMaximum) }
        return result
    }
}
