import Compiler
import Testing

@Suite struct TFLiteOperatorTests {
    @Test(arguments: TFLiteCases.all)
    func becomesTheseOperations(_ one: TFLiteCase) throws {
        let model = try one.draft.model()
        #expect(model.nodes.map { type(of: $0.operation).name } == one.operations)
        try model.check()
    }

    /// Expected: what LiteRT's reference kernels compute, see ``TFLiteExpected``.
    @Test(arguments: TFLiteCases.all)
    func computesWhatTensorFlowLiteComputes(_ one: TFLiteCase) throws {
        let model = try one.draft.model()
        let outputs = try Evaluator(model).run(TFLiteCase.inputs(of: model))
        let expected = try #require(TFLiteExpected.outputs[one.name])
        #expect(outputs.count == expected.count)
        for (output, numbers) in zip(outputs, expected) {
            #expect(output.elements.count == numbers.count)
            // Quantized results are rounded from float sums here, from integer sums there.
            let tolerance: Float =
                output.type == .float32 ? 1e-5 : output.type == .int8 || output.type == .uint8 ? 1 : 0
            for (found, wanted) in zip(Self.reals(output.elements), numbers) {
                #expect(abs(found - wanted) <= tolerance * max(1, abs(wanted)), "\(found) for \(wanted)")
            }
        }
    }

    static func reals(_ elements: Elements) -> [Float] {
        switch elements {
        case .float32(let numbers): numbers
        case .int8(let numbers): numbers.map(Float.init)
        case .uint8(let numbers): numbers.map(Float.init)
        case .int16(let numbers): numbers.map(Float.init)
        case .uint16(let numbers): numbers.map(Float.init)
        case .int32(let numbers): numbers.map(Float.init)
        case .int64(let numbers): numbers.map(Float.init)
        case .bool(let numbers): numbers.map { $0 ? 1 : 0 }
        }
    }
}
