import Graph
import Testing

@testable import Compiler

@Suite("Quantizing a float model")
struct QuantizerTests {
    private func options(_ change: (inout Quantizer.Options) -> Void = { _ in }) -> Quantizer.Options {
        var options = Quantizer.Options()
        change(&options)
        return options
    }

    static let methods: [RangeMethod] = [.minmax, .percentile(99.99), .meanSquaredError, .entropy]

    @Test("int8 comes out near float, and as a plan under each contract", arguments: methods, [1, 2])
    func near(method: RangeMethod, seed: Int) throws {
        for float in [
            try QuantizerNetworks.mobile(seed: UInt64(seed)), try QuantizerNetworks.branches(seed: UInt64(seed)),
        ] {
            let samples = QuantizerNetworks.samples(float, count: 24, seed: 5)
            let outcome = try Quantizer(options { $0.method = method }).quantize(float, samples: samples)
            try outcome.model.check()
            #expect(outcome.model.floatNodes.isEmpty)
            let fresh = QuantizerNetworks.samples(float, count: 24, seed: 6)
            // Eight bits of a uniform number are 48 dB; entropy cuts evenly spread numbers off where others do not.
            let decibels = try QuantizerNetworks.decibels(float, outcome.model, fresh)
            #expect(decibels > (method == .entropy ? 12 : 25), "\(float.name) \(method): \(decibels) dB")
            for contract in Contracts.all {
                _ = try Lowering.plan(outcome.model, contract: contract.name).encode()
            }
        }
    }

    @Test("Weights are symmetric within 127, biases at the product of both scales")
    func weights() throws {
        let float = try QuantizerNetworks.mobile(seed: 1)
        let outcome = try Quantizer().quantize(float, samples: QuantizerNetworks.samples(float, count: 8, seed: 1))
        let model = outcome.model
        var layers = 0
        for node in model.nodes where node.operation.weighted != nil {
            layers += 1
            let (x, weights, bias) = (
                try #require(node.inputs[0]), try #require(node.inputs[1]), try #require(node.inputs[2])
            )
            let scales = try #require(model[weights].quantization)
            #expect(scales.zeroPoints.allSatisfy { $0 == 0 } && scales.axis == 0)
            guard case .int8(let elements)? = model[weights].constant?.elements else {
                Issue.record("weights of \(node.name) are \(model[weights].type)")
                continue
            }
            #expect(elements.allSatisfy { $0 >= -127 })
            // Each channel uses its whole range.
            let inner = elements.count / scales.scales.count
            for channel in scales.scales.indices {
                #expect(elements[channel * inner..<(channel + 1) * inner].contains { abs(Int($0)) == 127 })
            }
            let input = try #require(model[x].quantization?.scales[0])
            #expect(model[bias].type == .int32)
            #expect(model[bias].quantization?.scales == scales.scales.map { input * $0 })
        }
        #expect(layers == 4)
    }

    @Test("Fixed and shared scales are TensorFlow Lite's")
    func scales() throws {
        let float = try QuantizerNetworks.branches(seed: 3)
        let model = try Quantizer().quantize(float, samples: QuantizerNetworks.samples(float, count: 8, seed: 1)).model
        func quantizations(_ isKind: (any Operation) -> Bool) -> [(
            inputs: [ValueQuantization?], output: ValueQuantization?
        )] {
            model.nodes.filter { isKind($0.operation) }.map { node in
                (node.inputs.compactMap { $0 }.map { model[$0].quantization }, model[node.outputs[0]].quantization)
            }
        }
        let fixed = ValueQuantization(scales: [1 / 256], zeroPoints: [-128])
        #expect(quantizations { ($0 as? Unary)?.function == .sigmoid }.map(\.output) == [fixed])
        let pools = quantizations { $0 is Compiler.Pool }
        #expect(pools.count == 1 && pools[0].inputs == [pools[0].output])
        // The sigmoid's scale is its own; the other operand has the result's.
        let joined = try #require(quantizations { $0 is Concatenate }.first)
        #expect(joined.inputs.contains(joined.output) && joined.inputs.contains(fixed))

        let mobile = try QuantizerNetworks.mobile(seed: 3)
        let last = try Quantizer().quantize(mobile, samples: QuantizerNetworks.samples(mobile, count: 8, seed: 1)).model
        #expect(last[last.outputs[0]].quantization == fixed)
    }

    @Test("Correcting biases lowers the mean error of each channel")
    func biasCorrection() throws {
        let float = try QuantizerNetworks.mobile(seed: 5)
        let samples = QuantizerNetworks.samples(float, count: 16, seed: 5)
        func meanError(_ corrects: Bool) throws -> Double {
            let outcome = try Quantizer(
                options {
                    $0.correctsBias = corrects
                    $0.equalizes = false
                }
            ).quantize(float, samples: samples)
            // Of the products in front of the softmax, whose five sums nothing cuts off.
            let (a, b) = (try Self.logits(float, samples), try Self.logits(outcome.model, samples))
            return zip(a, b).reduce(0) { $0 + abs($1.0 - $1.1) }
        }
        let (without, with) = (try meanError(false), try meanError(true))
        #expect(with < without / 2, "\(without) without, \(with) with")
    }

    /// The mean of each operand of the softmax.
    private static func logits(_ model: Model, _ samples: [[TensorData]]) throws -> [Double] {
        let node = try #require(model.nodes.last { $0.operation is Compiler.Softmax })
        let softmax = try #require(node.inputs[0])
        let evaluator = try Evaluator(model)
        var sums = [Double](repeating: 0, count: model[softmax].elementCount)
        for sample in samples {
            let inputs = zip(model.inputs, sample).map { id, data -> TensorData in
                guard let quantization = model[id].quantization else { return data }
                return TensorData(
                    shape: data.shape,
                    QuantizationParameters(quantization).quantize(data.elements.reals, shape: data.shape, type: .int8))
            }
            _ = try evaluator.run(inputs) { id, data in
                guard id == softmax else { return }
                for (place, real) in data.elements.reals.enumerated() { sums[place] += Double(real) }
            }
        }
        return sums.map { $0 / Double(samples.count) }
    }

    @Test("Equalization helps where channels differ")
    func equalizationHelps() throws {
        var (with, without) = (0.0, 0.0)
        for seed in 1...4 as ClosedRange<UInt64> {
            let float = try QuantizerNetworks.mobile(seed: seed)
            let samples = QuantizerNetworks.samples(float, count: 16, seed: 5)
            let fresh = QuantizerNetworks.samples(float, count: 16, seed: 6)
            let plain = try Quantizer(options { $0.equalizes = false }).quantize(float, samples: samples)
            let equalized = try Quantizer().quantize(float, samples: samples)
            without += try QuantizerNetworks.decibels(float, plain.model, fresh)
            with += try QuantizerNetworks.decibels(float, equalized.model, fresh)
        }
        #expect(with > without, "\(with / 4) dB with, \(without / 4) dB without")
    }

    @Test("What a relu behind a sum does not see takes no levels")
    func visibleOperands() throws {
        // x reaches from -40 to 10, and the sum with 3 * tanh(x), above -3, shows nothing of x below 3.
        var maker = ModelMaker()
        let input = maker.input([1, 64])
        let x = try maker(Unary(.negate), input)
        var sum = Binary(.add)
        sum.activation = .relu
        let other = try maker(Binary(.multiply), try maker(Unary(.tanh), input), maker.reals([], [-3]))
        maker.output(try maker(sum, x, other))
        let float = maker.model
        let sample = [TensorData(shape: [1, 64], .float32((0..<64).map { 40 - Float($0) / 63 * 50 }))]
        let outcome = try Quantizer(options { $0.method = .minmax }).quantize(float, samples: [sample])
        let node = try #require(outcome.model.nodes.last { ($0.operation as? Binary)?.function == .add })
        let steps = try node.inputs.map { id in
            let id = try #require(id)
            return try #require(outcome.model[id].quantization?.scales[0])
        }
        // Seen of x: max(x, -3 * tanh(x)), from about 0 to 10.
        #expect(steps[0] < 14 / 255, "\(steps[0] * 255) wide")
        let found = try QuantizerNetworks.reals(outcome.model, sample)
        for (a, b) in zip(try QuantizerNetworks.reals(float, sample), found) { #expect(abs(a - b) < 0.4) }
        #expect(outcome.layers.allSatisfy { ($0.decibels ?? 100) > 25 }, "\(outcome.layers.map(\.decibels))")
    }

    @Test("Doors of real numbers quantize and dequantize within")
    func floatDoors() throws {
        let float = try QuantizerNetworks.mobile(seed: 6)
        let samples = QuantizerNetworks.samples(float, count: 8, seed: 5)
        let model = try Quantizer(options { $0.hasFloatDoors = true }).quantize(float, samples: samples).model
        #expect(model[model.inputs[0]].type == .float32 && model[model.outputs[0]].type == .float32)
        #expect(model[model.inputs[0]].name == float[float.inputs[0]].name)
        #expect(model[model.outputs[0]].name == float[float.outputs[0]].name)
        #expect(try QuantizerNetworks.decibels(float, model, samples) > 25)
        _ = try Lowering.plan(model, contract: TFLite.name).encode()
    }

    @Test("The noise of each layer is told, and is what the evaluator computes")
    func layers() throws {
        let float = try QuantizerNetworks.mobile(seed: 7)
        let samples = QuantizerNetworks.samples(float, count: 8, seed: 5)
        let outcome = try Quantizer().quantize(float, samples: samples)
        #expect(
            outcome.layers.map(\.operation) == [
                "convolution", "convolution", "convolution", "reduce", "matrix product", "softmax",
            ])
        #expect(outcome.comparedSamples == 8)
        let last = try #require(outcome.layers.last?.decibels)
        let measured = try QuantizerNetworks.decibels(outcome.float, outcome.model, samples)
        #expect(abs(last - measured) < 0.5, "\(last) told, \(measured) measured")
        #expect(outcome.layers.allSatisfy { ($0.ownDecibels ?? 100) > 20 })
    }

    @Test("A constant that two nodes read is rounded for each of them")
    func sharedConstant() throws {
        var maker = ModelMaker()
        let x = maker.input([1, 4])
        let level = maker.reals([4], [1, 2, 3, 4])
        let sum = try maker(Binary(.add), x, level)
        maker.output(try maker(Binary(.maximum), try maker(Unary(.tanh), sum), level))
        let float = maker.model
        let samples = QuantizerNetworks.samples(float, count: 8, seed: 5)
        let model = try Quantizer().quantize(float, samples: samples).model
        #expect(try QuantizerNetworks.decibels(float, model, samples) > 30)
    }

    @Test("Nothing but zeros is a range too")
    func zeros() throws {
        let float = try QuantizerNetworks.mobile(seed: 8)
        let zeros = [TensorData(shape: [1, 8, 8, 3], .float32([Float](repeating: 0, count: 192)))]
        for method in Self.methods {
            let model = try Quantizer(options { $0.method = method }).quantize(float, samples: [zeros]).model
            #expect(try QuantizerNetworks.reals(model, zeros).allSatisfy { $0.isFinite })
        }
    }
}
