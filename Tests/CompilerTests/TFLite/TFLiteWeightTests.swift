import Compiler
import Testing

/// Weights in other types and layouts than the model has them.
@Suite struct TFLiteWeightTests {
    @Test func depthwiseScalesMoveWithTheirChannels() throws {
        var draft = TFLiteDraft()
        let x = draft.input(.int8, [1, 2, 2, 2], scale: [0.1])
        let w = draft.int8s(
            "w", [1, 1, 2, 2], [1, 2, 3, 4], scale: [0.5, 0.25], zeroPoint: [0, 0], axis: 3)
        draft.add(
            "DEPTHWISE_CONV_2D", [x, w], [draft.output(.int8, [1, 2, 1, 2], scale: [1])],
            options: (2, [0: .int8(1), 1: .int32(1), 2: .int32(1), 3: .int32(1)]))
        let model = try draft.model()
        let weights = model[try #require(model.nodes[0].inputs[1])]
        #expect(weights.constant == TensorData(shape: [2, 1, 2, 1], .int8([1, 3, 2, 4])))
        #expect(weights.quantization == ValueQuantization(scales: [0.5, 0.25], zeroPoints: [0, 0], axis: 0))
        #expect((model.nodes[0].operation as? Convolution)?.groups == 2)
    }

    @Test func int8WeightsOfAFloatNetworkAreDequantized() throws {
        var draft = TFLiteDraft()
        let x = draft.input(.float32, [1, 2])
        let w = draft.int8s("w", [2, 2], [10, -4, 6, 127], scale: [0.5, 2], zeroPoint: [0, 0])
        draft.add("FULLY_CONNECTED", [x, w, -1], [draft.output(.float32, [1, 2])], options: (8, [:]))
        let model = try draft.model()
        let weights = model[try #require(model.nodes[0].inputs[1])]
        #expect(weights.constant == TensorData(shape: [2, 2], .float32([5, -2, 12, 254])))
        #expect(weights.quantization == nil && weights.type == .float32)
    }

    @Test func halfFloatWeightsAreWidened() throws {
        var draft = TFLiteDraft()
        let x = draft.input(.float32, [4])
        // 1, -2, the smallest subnormal, infinity.
        let halves: [UInt16] = [0x3C00, 0xC000, 0x0001, 0x7C00]
        let w = draft.tensor("w", .float16, [4], bytes: FlatBufferWriter.bytes(halves))
        let wide = draft.tensor("wide", .float32, [4])
        draft.add("DEQUANTIZE", [w], [wide])
        draft.add("ADD", [x, wide], [draft.output(.float32, [4])], options: (11, [:]))
        let model = try draft.model()
        #expect(model.nodes.count == 1)
        let weights = model[try #require(model.nodes[0].inputs[1])]
        #expect(weights.constant?.elements == .float32([1, -2, 0x1p-24, .infinity]))
    }

    @Test func fourBitWeightsAreWidened() throws {
        var draft = TFLiteDraft()
        let x = draft.input(.int8, [1, 3], scale: [0.1])
        let w = draft.tensor("w", .int4, [1, 3], scale: [0.5], bytes: [0x7F, 0x08])
        draft.add("FULLY_CONNECTED", [x, w, -1], [draft.output(.int8, [1, 1], scale: [1])], options: (8, [:]))
        let model = try draft.model()
        let weights = model[try #require(model.nodes[0].inputs[1])]
        #expect(weights.constant == TensorData(shape: [1, 3], .int8([-1, 7, -8])))
    }

    @Test func aConstantThatIsDequantizedIsOneWithoutANode() throws {
        var draft = TFLiteDraft()
        let x = draft.input(.float32, [2])
        let w = draft.int8s("w", [2], [3, 5], scale: [0.5], zeroPoint: [1])
        let wide = draft.tensor("wide", .float32, [2])
        draft.add("DEQUANTIZE", [w], [wide])
        draft.add("MUL", [x, wide], [draft.output(.float32, [2])], options: (21, [:]))
        let model = try draft.model()
        #expect(model.nodes.count == 1)
        #expect(model[try #require(model.nodes[0].inputs[1])].constant?.elements == .float32([1, 2]))
    }

    /// SAME padding of an even kernel puts the odd row at the bottom.
    @Test func samePaddingBecomesNumbers() throws {
        let model = try #require(TFLiteCases.networks.first).draft.model()
        let operation = try #require(model.nodes[0].operation as? Convolution)
        #expect(operation.padding == Padding(top: 0, left: 0, bottom: 1, right: 1))
        #expect(operation.activation == .relu6)
    }
}
