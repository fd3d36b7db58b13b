import Testing

@testable import Compiler

/// What becomes of a graph: names, shapes, constants; and how it is refused.
@Suite struct ONNXGraphTests {
    private static func reals(_ numbers: Float...) -> TensorData {
        TensorData(shape: [numbers.count], .float32(numbers))
    }

    private static func relu(_ shape: [Int]) -> ONNXDraft {
        ONNXDraft(
            inputs: [.init(name: "x", shape: shape)],
            nodes: [ONNXDraft.Node(type: "Relu", name: "relu", inputs: ["x"], outputs: ["y"])], outputs: ["y"])
    }

    @Test func shapeArithmeticVanishes() throws {
        let model = try ONNXNetworks.shapeArithmetic.model()
        #expect(model.nodes.map(\.name) == ["view", "slice", "pad", "add"])
        #expect(model.values.map(\.name) == ["x", "rows", "part", "padded", "zeros", "y"])
        let x = TensorData(shape: [1, 3, 4], .float32((0..<12).map(Float.init)))
        #expect(try Evaluator(model).run([x]) == [TensorData(shape: [2, 3], .float32([0, 1, 2, 0, 1, 2]))])
    }

    @Test func weightsKeepTheirScales() throws {
        let model = try ONNXNetworks.quantized.model()
        let kinds = model.nodes.map { type(of: $0.operation).name }
        #expect(kinds.filter { $0 == Dequantize.name }.count == 2)
        #expect(kinds.filter { $0 == Quantize.name }.count == 1)
        #expect(kinds.filter { $0 == Convolution.name }.count == 1)
        #expect(model[model.inputs[0]].shape == [1, 2, 6, 6], "an open batch is one")
        #expect(model[model.outputs[0]].name == "classes")
    }

    @Test func anotherOpenDimensionIsRefused() throws {
        #expect(try Self.relu([-1, 3]).model()[ValueID(index: 0)].shape == [1, 3])
        let error = try #require(throws: ModelError.self) { try Self.relu([1, -1]).model() }
        #expect(error.code == "model.unsupported")
        #expect(error.description.contains("dimension 1 at input x: expected a known size, found open"), "\(error)")
    }

    @Test func anInputThatIsInitializedIsAConstant() throws {
        var draft = ONNXDraft.single("Add", inputs: [Self.reals(1, 2), Self.reals(3, 4)])
        draft.initializers = [("x1", Self.reals(3, 4))]
        let model = try draft.model()
        #expect(model.inputs.map { model[$0].name } == ["x0"])
        #expect(try Evaluator(model).run([Self.reals(1, 1)]) == [Self.reals(4, 5)])
    }

    @Test func inputsMayBeKnownBeforehand() throws {
        let draft = ONNXDraft.single("Add", inputs: [Self.reals(1, 2), Self.reals(3, 4)])
        let model = try draft.model(.init(constants: ["x1": Self.reals(5, 6)]))
        #expect(model.inputs.count == 1)
        #expect(try Evaluator(model).run([Self.reals(1, 1)]) == [Self.reals(6, 7)])
    }

    @Test func outputsThatNothingComputesGetANode() throws {
        let draft = ONNXDraft(
            inputs: [.init(name: "x", shape: [2])], initializers: [("c", Self.reals(7))],
            nodes: [ONNXDraft.Node(type: "Identity", inputs: ["x"], outputs: ["y"])], outputs: ["x", "y", "c"])
        let model = try draft.model()
        try model.check()
        #expect(try Evaluator(model).run([Self.reals(1, 2)]) == [Self.reals(1, 2), Self.reals(1, 2), Self.reals(7)])
    }

    @Test(arguments: [(true, Float(1)), (false, -1)])
    func aKnownConditionTakesItsBranch(_ condition: Bool, _ expected: Float) throws {
        func branch(_ type: String) -> ONNXDraft {
            ONNXDraft(
                nodes: [ONNXDraft.Node(type: type, name: type, inputs: ["x"], outputs: ["inner"])], outputs: ["inner"])
        }
        let draft = ONNXDraft(
            inputs: [.init(name: "x", shape: [1])],
            initializers: [("condition", TensorData(shape: [], .bool([condition])))],
            nodes: [
                ONNXDraft.Node(
                    type: "If", name: "if", inputs: ["condition"], outputs: ["y"],
                    attributes: ["then_branch": .graph(branch("Abs")), "else_branch": .graph(branch("Identity"))])
            ], outputs: ["y"])
        #expect(try Evaluator(try draft.model()).run([Self.reals(-1)]) == [Self.reals(expected)])
    }

    /// A file that is refused, and the words that must stand in the message.
    struct Refusal: CustomTestStringConvertible, Sendable {
        let words: String
        let draft: @Sendable () -> ONNXDraft
        var testDescription: String { words }
    }

    static let refusals = [
        Refusal(words: "operator Einsum at node subject (Einsum)") { .single("Einsum", inputs: [reals(1)]) },
        Refusal(words: "write it as MatMul and Transpose") { .single("Einsum", inputs: [reals(1)]) },
        Refusal(words: "operator ai.example.Magic") { .single("Magic", domain: "ai.example", inputs: [reals(1)]) },
        Refusal(words: "operator set: expected 7 to 28, found 6") { .single("Relu", version: 6, inputs: [reals(1)]) },
        Refusal(words: "attribute broadcast at node subject (Add)") {
            .single("Add", ["broadcast": .int(1)], inputs: [reals(1), reals(1)])
        },
        Refusal(words: "input 1 (shape) at node subject (Reshape): expected a constant") {
            .single("Reshape", inputs: [reals(1), ONNXNetworks.integers(1)])
        },
        Refusal(words: "attribute axis: expected a whole number, found a number") {
            var draft = ONNXDraft.single("Softmax", ["axis": .float(1)], inputs: [reals(1)])
            draft.nodes[0].name = ""
            return draft
        },
        Refusal(words: "expected an input, an initializer or what an earlier node writes, found nowhere") {
            var draft = relu([1])
            draft.nodes[0].inputs = ["nowhere"]
            return draft
        },
        Refusal(words: "name y: expected one value of that name, found two") {
            var draft = relu([1])
            draft.nodes.append(draft.nodes[0])
            return draft
        },
        Refusal(words: "output 1 (places)") {
            var draft = ONNXDraft.single(
                "MaxPool", ["kernel_shape": .ints([1])], inputs: [TensorData(shape: [1, 1, 2], .float32([1, 2]))])
            draft.nodes[0].outputs.append("places")
            return draft
        },
        Refusal(words: "only convolutions over a length or over height and width") {
            let x = TensorData(shape: [1, 1, 1, 1, 1], .float32([1]))
            return .single("Conv", inputs: [x, x], known: [1])
        },
        Refusal(words: "sequence_lens") {
            var draft = ONNXNetworks.recurrence
            draft.initializers.append(("lengths", TensorData(shape: [1], .int32([2]))))
            draft.nodes[0].inputs.append("lengths")
            return draft
        },
    ]

    @Test(arguments: refusals)
    func refuses(_ refusal: Refusal) throws {
        let error = try #require(throws: ModelError.self) { try refusal.draft().model() }
        let words = refusal.words
        let message = error.description
        // A place may stand between what and expected.
        let parts = words.split(separator: ": ", maxSplits: 1)
        #expect(parts.allSatisfy { message.contains($0) }, "\(message)")
    }

    /// A few bytes that ask for gigabytes, or for hours.
    @Test func claimsBeyondTheFileAreNotBelieved() throws {
        let huge = ONNXNetworks.integers(1 << 20, 1 << 20)
        #expect(throws: ModelError.self) { try ONNXDraft.single("ConstantOfShape", inputs: [huge], known: [0]).model() }
        let large = ONNXNetworks.integers(1 << 13, 1 << 13)
        // Within what a value may have, so it stays a node and is not computed.
        let model = try ONNXDraft.single("ConstantOfShape", inputs: [large], known: [0]).model()
        #expect(model.nodes.count == 1)
        #expect(model.values.allSatisfy { ($0.constant?.elements.count ?? 0) <= 2 })

        let wide = ONNXNetworks.integers(1 << 11, 1 << 11)
        let product = ONNXDraft(
            initializers: [("shape", wide)],
            nodes: [
                ONNXDraft.Node(type: "ConstantOfShape", inputs: ["shape"], outputs: ["a"]),
                ONNXDraft.Node(type: "MatMul", inputs: ["a", "a"], outputs: ["y"]),
            ], outputs: ["y"])
        #expect(try product.model().nodes.count == 1, "eight thousand million products are left for later")

        let range: [TensorData] = [0, 1 << 40, 1].map { TensorData(shape: [], .int64([$0])) }
        #expect(throws: ModelError.self) { try ONNXDraft.single("Range", inputs: range, known: [0, 1, 2]).model() }
        let doubling = (0..<64).map {
            ONNXDraft.Node(
                type: "Concat", inputs: ["v\($0)", "v\($0)"], outputs: ["v\($0 + 1)"], attributes: ["axis": .int(0)])
        }
        let doubled = ONNXDraft(
            inputs: [.init(name: "v0", shape: [2])], nodes: doubling, outputs: ["v64"])
        let error = try #require(throws: ModelError.self) { try doubled.model() }
        #expect(error.code == "model.too_large")
    }
}
