import Testing

@testable import Compiler

@Suite("Evaluator") struct EvaluatorTests {
    private func value(
        _ name: String, _ type: ElementType = .float32, _ shape: [Int] = [4], _ quantization: ValueQuantization? = nil
    ) -> Value {
        Value(name: name, type: type, shape: shape, quantization: quantization)
    }

    /// x -> negate -> y -> square -> z, outputs y and z.
    private func chain() -> Model {
        var model = Model(name: "chain")
        let (x, y, z) = (model.add(value("x")), model.add(value("y")), model.add(value("z")))
        model.inputs = [x]
        model.outputs = [z, y]
        model.nodes = [
            Node(name: "n", Unary(.negate), inputs: [x], outputs: [y]),
            Node(name: "s", Unary(.square), inputs: [y], outputs: [z]),
        ]
        return model
    }

    /// int8 x (scale 0.5, zero point 10) plus a quantized constant, as int8 y (scale 1, zero point -100).
    private func quantizedSum() -> Model {
        var model = Model(name: "sum")
        let x = model.add(value("x", .int8, [4], ValueQuantization(scales: [0.5], zeroPoints: [10])))
        let c = model.constant(
            "c", TensorData(shape: [4], .int8([0, 1, 2, 3])),
            quantization: ValueQuantization(scales: [1, 2, 3, 4], zeroPoints: [0, 0, 0, 1], axis: 0))
        let y = model.add(value("y", .int8, [4], ValueQuantization(scales: [1], zeroPoints: [-100])))
        model.inputs = [x]
        model.outputs = [y]
        model.nodes = [Node(name: "add", Binary(.add), inputs: [x, c], outputs: [y])]
        return model
    }

    @Test("runs nodes in order; outputs come in the graph's order")
    func order() throws {
        let outputs = try Evaluator(chain()).run([Tensors.reals(1, -2, 3, 0.5)])
        #expect(outputs.map(\.reals) == [[1, 4, 9, 0.25], [-1, 2, -3, -0.5]])
    }

    @Test("dequantizes operands, computes in real numbers, rounds half to even and saturates")
    func quantized() throws {
        // Real: 0.5 * (x - 10) is 0.5, -69, 58.5 and 0.5; the constant is 0, 2, 6 and 8.
        let outputs = try Evaluator(quantizedSum()).run([TensorData(shape: [4], .int8([11, -128, 127, 11]))])
        #expect(outputs == [TensorData(shape: [4], .int8([-100, -128, -36, -92]))])
    }

    @Test("The observer sees inputs and results as real numbers, after quantization, and no bare integers")
    func observer() throws {
        var model = quantizedSum()
        let where_ = model.add(value("where", .int64, [1]))
        model.nodes.append(
            Node(
                name: "find", ArgumentReduce(isMaximum: true, axis: 0, keepsDimensions: true),
                inputs: model.outputs, outputs: [where_]))
        model.outputs.append(where_)
        var seen: [(String, [Float])] = []
        let outputs = try Evaluator(model).run([TensorData(shape: [4], .int8([11, -128, 127, 11]))]) { id, data in
            seen.append((model[id].name, data.reals))
        }
        #expect(seen.map(\.0) == ["x", "y"])
        #expect(seen.map(\.1) == [[0.5, -69, 58.5, 0.5], [0, -28, 64, 8]])
        #expect(outputs[1].elements == .int64([2]))
    }

    @Test(
        "Quantize and Dequantize work on bare integers, whether or not the value is quantized",
        arguments: [false, true])
    func bare(isQuantized: Bool) throws {
        var model = Model(name: "qdq")
        let x = model.add(value("x"))
        let quantization = isQuantized ? ValueQuantization(scales: [0.5], zeroPoints: [3]) : nil
        let q = model.add(value("q", .int8, [4], quantization))
        let y = model.add(value("y"))
        let scale = model.constant("scale", Tensors.reals([], [0.5]))
        let zero = model.constant("zero", TensorData(shape: [], .int8([3])))
        model.inputs = [x]
        model.outputs = [y]
        model.nodes = [
            Node(name: "q", Quantize(to: .int8), inputs: [x, scale, zero], outputs: [q]),
            Node(name: "dq", Dequantize(), inputs: [q, scale, zero], outputs: [y]),
        ]
        #expect(try Evaluator(model).run([Tensors.reals(0.2, 0.25, 0.75, 100)])[0].reals == [0, 0, 1, 62])
    }

    @Test("A value presented as uint8 is taken and given as uint8")
    func presented() throws {
        var model = quantizedSum()
        model[model.inputs[0]].presentedType = .uint8
        model[model.outputs[0]].presentedType = .uint8
        let outputs = try Evaluator(model).run([TensorData(shape: [4], .uint8([139, 0, 255, 139]))])
        #expect(outputs == [TensorData(shape: [4], .uint8([28, 0, 92, 36]))])
    }

    @Test("A constant or an input may be an output, and an input may be read twice")
    func passThrough() throws {
        var model = chain()
        let c = model.constant("c", Tensors.reals(7))
        model.outputs = [model.inputs[0], c]
        let x = Tensors.reals(1, 2, 3, 4)
        #expect(try Evaluator(model).run([x]) == [x, Tensors.reals(7)])
    }

    @Test("Inputs of another number, shape or type are refused")
    func inputs() throws {
        let evaluator = try Evaluator(chain())
        #expect(throws: ModelError.self) { try evaluator.run([]) }
        do throws(ModelError) {
            _ = try evaluator.run([TensorData(shape: [4], .int8([1, 2, 3, 4]))])
            Issue.record("int8 was taken for real numbers")
        } catch {
            #expect(error.description == "model.mismatch: input x: expected float32 [4], found int8 [4]")
        }
        #expect(throws: ModelError.self) { try evaluator.run([Tensors.reals(1)]) }
    }

    private func refusal(_ change: (inout Model) -> Void) -> String {
        var model = chain()
        change(&model)
        do throws(ModelError) {
            _ = try Evaluator(model)
            return "none"
        } catch {
            return error.description
        }
    }

    @Test("A model that does not hold together is refused, at its node")
    func check() {
        #expect(refusal { _ in } == "none")
        #expect(
            refusal { $0.values[1].shape = [5] }
                == "model.mismatch: shape of y at node n (unary function): expected [4], found [5]")
        #expect(refusal { $0.values[2].type = .int8 }.contains("node s (unary function): expected float32, or a quant"))
        #expect(refusal { $0.nodes.reverse() }.contains("an earlier node writes, found y"))
        #expect(refusal { $0.nodes.append($0.nodes[0]) }.contains("nothing else writes, found y again"))
        #expect(
            refusal { $0.nodes[0].outputs = [] }.contains("outputs at node n (unary function): expected 1, found 0"))
        #expect(refusal { $0.nodes[0].inputs = [ValueID(index: 99)] }.contains("a value below 3, found 99"))
        #expect(refusal { $0.nodes[0].inputs = [nil] }.contains("x of unary function at node n"))
        #expect(refusal { $0.nodes[0].outputs = [ValueID(index: -1)] }.hasPrefix("model.malformed"))
        #expect(refusal { $0.outputs = [ValueID(index: 3)] }.hasPrefix("model.malformed"))
        #expect(refusal { $0.inputs = [ValueID(index: 1)] }.hasPrefix("model.malformed"))
        #expect(refusal { $0.values[0].shape = [1 << 20, 1 << 20, 1 << 30] }.hasPrefix("model.too_large"))
        #expect(refusal { $0.values[0].shape = [-1] }.contains("value x"))
    }

    @Test("A quantization that does not fit its value is refused")
    func checkQuantization() {
        func refusal(_ type: ElementType, _ quantization: ValueQuantization) -> String {
            self.refusal {
                $0.values[0].type = type
                $0.values[0].quantization = quantization
            }
        }
        #expect(
            refusal(.float32, ValueQuantization(scales: [1], zeroPoints: [0])).contains("type of a quantized value"))
        #expect(refusal(.int8, ValueQuantization(scales: [.nan], zeroPoints: [0])).contains("found nan"))
        #expect(refusal(.int8, ValueQuantization(scales: [0], zeroPoints: [0])).contains("above 0"))
        #expect(refusal(.int8, ValueQuantization(scales: [1], zeroPoints: [0], axis: 1)).contains("axis of scales"))
        #expect(
            refusal(.int8, ValueQuantization(scales: [1], zeroPoints: [0], axis: 0)).contains("expected 4, found 1"))
        #expect(refusal(.int8, ValueQuantization(scales: [1], zeroPoints: [0])) == "none")
    }

    @Test("An error in a node's arithmetic names the node")
    func atNode() throws {
        var model = Model(name: "gather")
        let x = model.add(value("x"))
        let picks = model.add(value("picks", .int64, [1]))
        let y = model.add(value("y", .float32, [1]))
        (model.inputs, model.outputs) = ([x, picks], [y])
        model.nodes = [Node(name: "g", Gather(axis: 0), inputs: [x, picks], outputs: [y])]
        do throws(ModelError) {
            _ = try Evaluator(model).run([Tensors.reals(1, 2, 3, 4), TensorData(shape: [1], .int64([4]))])
            Issue.record("element 4 of 4 was found")
        } catch {
            #expect(error.fault.place == "node g (gather)")
        }
    }
}
