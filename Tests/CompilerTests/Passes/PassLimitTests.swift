import Testing

@testable import Compiler

@Suite("What passes leave alone")
struct PassLimitTests {
    private func after(_ passes: [any Pass.Type] = Passes.order, _ make: (inout ModelMaker) throws -> Void) throws
        -> Model
    {
        var maker = ModelMaker()
        try make(&maker)
        try maker.model.check()
        var model = maker.model
        try Passes.run(&model, passes: passes)
        try model.check()
        var numbers = SeededNumbers(3)
        let inputs = randomInputs(maker.model, &numbers)
        #expect(try Evaluator(maker.model).run(inputs) == Evaluator(model).run(inputs))
        return model
    }

    private func count<Kind: Operation>(_ kind: Kind.Type, _ model: Model) -> Int {
        model.nodes.count { $0.operation is Kind }
    }

    @Test("A clamp whose operand something else reads stays")
    func sharedClamp() throws {
        let model = try after { maker in
            let sum = try maker(Binary(.add), maker.input([4]), maker.input([4]))
            maker.output(try maker.clamp(sum), sum)
        }
        #expect(count(Unary.self, model) == 1)
    }

    @Test("A clamp at what its operand's scale does not hold is not done at that scale")
    func clampBetweenScales() throws {
        let model = try after { maker in
            let x = try maker.dequantize(maker.input([4], .int8), 0.5)
            let sum = try maker.dequantize(maker.quantize(maker(Binary(.add), x, x), 2), 2)
            maker.output(try maker.quantize(maker.clamp(sum, Activation(low: 0, high: 5)), 4))
        }
        #expect(model.nodes.contains { ($0.operation as? Unary)?.function == .clamp(Activation(low: 0, high: 5)) })
        #expect(model.nodes.allSatisfy { ($0.operation as? Binary)?.activation ?? Activation.none == Activation.none })
    }

    @Test("A pad of anything but zeros stays, as does one in front of an average that leaves padding out")
    func otherPads() throws {
        let model = try after { maker in
            let x = maker.input([1, 4, 4, 2])
            let ones = try maker(Pad(before: [0, 1, 0, 0], after: [0, 0, 0, 0], mode: .constant(1)), x)
            maker.output(try maker(maker.convolution(2, 1, of: 2), ones, maker.weightsForConvolution))
            let zeros = try maker(Pad(before: [0, 1, 0, 0], after: [0, 0, 0, 0], mode: .constant(0)), x)
            var pool = Pool(.average, kernel: Pair(2, 2))
            pool.padding = Padding(bottom: 1)
            maker.output(try maker(pool, zeros), try maker(Pool(.maximum, kernel: Pair(2, 2)), zeros))
        }
        #expect(count(Pad.self, model) == 2)
    }

    @Test("Integers that mean themselves get no quantization")
    func bareIntegers() throws {
        let model = try after { maker in
            let x = maker.input([4], .uint8)
            maker.output(try maker.dequantize(x, 0.5, 3), try maker(Cast(to: .int32), x))
        }
        #expect(model[model.inputs[0]].quantization == nil && model[model.inputs[0]].type == .uint8)
    }

    @Test("Integers dequantized with two different scales get no quantization")
    func twoScales() throws {
        let model = try after { maker in
            let x = maker.input([4], .int8)
            maker.output(try maker.dequantize(x, 0.5), try maker.dequantize(x, 0.25))
        }
        #expect(model[model.inputs[0]].quantization == nil && count(Dequantize.self, model) == 2)
    }

    @Test("Floats at both ends keep their quantize and dequantize nodes")
    func ends() throws {
        let model = try after { maker in
            let x = try maker.dequantize(maker.quantize(maker.input([1, 4]), 0.5), 0.5)
            let product = try maker(MatrixProduct(), x, maker.weights([4, 2], [0.5]))
            maker.output(try maker.dequantize(maker.quantize(product, 2), 2))
        }
        #expect(model.nodes.map { type(of: $0.operation).name } == ["quantize", "matrix product", "dequantize"])
        #expect(model.floatNodes.isEmpty)
    }

    @Test("An integer bias with another scale is rounded to the scale of the sums")
    func biasOfAnotherScale() throws {
        let model = try after { maker in
            let x = try maker.dequantize(maker.input([1, 4], .int8), 0.5)
            let bias = try maker.dequantize(maker.constant([2], .int32([3, -5])), 1)
            let product = try maker(MatrixProduct(), x, maker.weights([4, 2], [0.5]))
            maker.output(try maker.quantize(maker(Binary(.add), product, bias), 2))
        }
        let bias = try #require(model.nodes[0].inputs[2])
        #expect(model[bias].constant?.elements == .int32([12, -20]))
        #expect(model[bias].quantization?.scales == [0.25])
    }

    @Test("A shared constant behind two operands of different scales becomes two biases")
    func sharedBias() throws {
        let model = try after { maker in
            let bias = maker.reals([2], [2, 4])
            for scale: Float in [0.5, 1] {
                let x = try maker.dequantize(maker.input([1, 4], .int8), scale)
                let product = try maker(MatrixProduct(), x, maker.weights([4, 2], [0.5]), bias)
                maker.output(try maker.quantize(product, 2))
            }
        }
        let biases = model.nodes.compactMap { $0.inputs.count > 2 ? $0.inputs[2] : nil }.map {
            model[$0].constant?.elements
        }
        #expect(biases == [.int32([8, 16]), .int32([4, 8])])
    }

    @Test("A graph that hands its input out keeps both names")
    func throughAndThrough() throws {
        let model = try after { maker in
            let x = maker.input([1, 2, 3, 3])
            maker.output(try maker.transpose(maker.transpose(x, [0, 2, 3, 1]), [0, 3, 1, 2]))
            maker.output(try maker(Unary(.identity), x))
        }
        #expect(model.inputs.map { model[$0].name } == ["input0"])
        #expect(model.outputs.map { model[$0].name } == ["output0", "output1"])
    }

    @Test("Nothing grows: a constant repeated to a large tensor is not kept as one")
    func largeConstants() throws {
        let model = try after { maker in
            let large = try maker(Broadcast(shape: [512, 512]), maker.reals([1, 1], [2]))
            maker.output(try maker(Binary(.add), maker.input([512, 512]), large))
        }
        #expect(model.values.allSatisfy { $0.constant == nil || $0.elementCount <= FoldConstants.elementLimit })
    }

    @Test("Thousands of nodes pass through in one go")
    func manyNodes() throws {
        let model = try after { maker in
            var x = maker.input([1, 2, 3, 3])
            for _ in 0..<500 {
                let side = try maker.clamp(
                    maker.onImage(x, maker.convolution(2, 1, of: 2)), Activation(low: -1, high: 1))
                x = try maker.clamp(maker(Binary(.add), side, x), Activation(low: -2, high: 2))
            }
            maker.output(x)
        }
        #expect(count(Transpose.self, model) == 2)
        #expect(model.nodes.count == 1_002)
    }

    @Test("A fault of a node is said with its place")
    func faults() throws {
        var maker = ModelMaker()
        let known = try maker(Binary(.add), maker.reals([2], [1, 2]), maker.reals([2], [3, 4]))
        maker.output(try maker(Binary(.add), maker.input([2]), known))
        var model = maker.model
        model.nodes[0].inputs[1] = model.constant("three", TensorData(shape: [3], .float32([1, 2, 3])))
        let error = #expect(throws: ModelError.self) { try Passes.run(&model, passes: [FoldConstants.self]) }
        #expect(error?.fault.place == model.nodes[0].place)
    }
}
