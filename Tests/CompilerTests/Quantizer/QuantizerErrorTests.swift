import Testing

@testable import Compiler

@Suite("What cannot be quantized is refused by name")
struct QuantizerErrorTests {
    private func refusal(_ model: Model, _ samples: [[TensorData]]) -> ModelError? {
        do throws(ModelError) {
            _ = try Quantizer().quantize(model, samples: samples)
            return nil
        } catch {
            return error
        }
    }

    @Test("No calibration inputs")
    func noSamples() throws {
        let error = try #require(refusal(try QuantizerNetworks.mobile(seed: 1), []))
        #expect(error.description == "model.mismatch: calibration inputs: expected at least one, found none")
    }

    @Test("Inputs of another shape, another type, another number")
    func wrongInputs() throws {
        let model = try QuantizerNetworks.mobile(seed: 1)
        let zeros = [Float](repeating: 0, count: 192)
        let wrong: [[TensorData]] = [
            [TensorData(shape: [1, 8, 3, 8], .float32(zeros))],
            [TensorData(shape: [1, 8, 8, 3], .uint8([UInt8](repeating: 0, count: 192)))], [],
        ]
        for sample in wrong {
            let error = try #require(refusal(model, [sample]))
            #expect(error.code == "model.mismatch")
        }
        #expect(refusal(model, [wrong[0]])?.description.contains("[1, 8, 3, 8]") == true)
    }

    @Test("Numbers that are none, and which input they are in", arguments: [Float.nan, .infinity])
    func notFinite(number: Float) throws {
        let model = try QuantizerNetworks.mobile(seed: 1)
        var samples = QuantizerNetworks.samples(model, count: 3, seed: 1)
        var spoiled = samples[2][0].elements.reals
        spoiled[17] = number
        samples[2][0].elements = .float32(spoiled)
        let error = try #require(refusal(model, samples))
        #expect(error.fault.what == "calibration input 2" && error.fault.place == "value input0")
    }

    @Test("Numbers that become none on the way")
    func overflow() throws {
        var maker = ModelMaker()
        let x = maker.input([1, 2])
        maker.output(try maker(Unary(.log), x))
        let error = try #require(
            refusal(maker.model, [[TensorData(shape: [1, 2], .float32([1, -1]))]]))
        #expect(error.fault.what == "numbers computed from calibration input 0")
    }

    @Test("A model that is quantized already")
    func quantized() throws {
        let float = try QuantizerNetworks.mobile(seed: 1)
        let samples = QuantizerNetworks.samples(float, count: 2, seed: 1)
        let model = try Quantizer().quantize(float, samples: samples).model
        let error = try #require(refusal(model, samples))
        #expect(error.description.contains("it is quantized already"))

        var maker = ModelMaker()
        let x = maker.input([1, 4])
        maker.output(try maker.dequantize(try maker.quantize(x, 0.5), 0.5))
        let second = try #require(refusal(maker.model, [[TensorData(shape: [1, 4], .float32([1, 2, 3, 4]))]]))
        #expect(second.description.contains("it is quantized already"))
        #expect(second.fault.place?.contains("quantize") == true)
    }

    @Test("Each node without an int8 form is named, before anything is computed")
    func unsupported() throws {
        var maker = ModelMaker()
        let x = maker.input([1, 4, 4])
        let power = try maker(Binary(.power), x, maker.reals([], [2]))
        let first = try #require(maker.model.nodes.last?.name)
        let sum = try maker(CumulativeSum(axis: 1), power)
        let second = try #require(maker.model.nodes.last?.name)
        maker.output(sum)
        let error = try #require(
            refusal(maker.model, [[TensorData(shape: [1, 4, 4], .float32([Float](repeating: .nan, count: 16)))]]))
        #expect(error.code == "model.unsupported")
        #expect(error.description.contains(first) && error.description.contains(second), "\(error)")
    }

    @Test("Integers at the input")
    func integerInput() throws {
        var maker = ModelMaker()
        let x = maker.input([1, 4], .int32)
        maker.output(try maker(Cast(to: .float32), x))
        let error = try #require(refusal(maker.model, [[TensorData(shape: [1, 4], .int32([1, 2, 3, 4]))]]))
        #expect(error.fault.expected == "float32")
    }
}
