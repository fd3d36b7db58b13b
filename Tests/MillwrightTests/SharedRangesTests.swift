import Compiler
import Graph
import Testing

@testable import millwright

@Suite("ranges of a plan under the names of the model file") struct SharedRangesTests {
    private static let one = Graph.Quantization(scale: 0.5, zeroPoint: -128)
    private static let other = Graph.Quantization(scale: 0.25, zeroPoint: 3)

    /// x -> product -> + bias -> relu -> shape -> product
    private static func model(isReadTwice: Bool = false) -> Model {
        var model = Model(name: "m")
        func real(_ name: String, _ shape: [Int] = [1, 2]) -> ValueID {
            model.add(Value(name: name, type: .float32, shape: shape))
        }
        let bias = model.constant("bias", TensorData(shape: [2], .float32([1, 2])))
        let weights = model.constant("weights", TensorData(shape: [2, 2], .float32([1, 2, 3, 4])))
        let (x, product, sum) = (real("x"), real("product"), real("sum"))
        let (relu, flat, y) = (real("relu"), real("flat", [2, 1]), real("y", [2, 2]))
        model.nodes = [
            Node(name: "a", MatrixProduct(), inputs: [x, weights], outputs: [product]),
            Node(name: "b", Binary(.add), inputs: [product, bias], outputs: [sum]),
            Node(name: "c", Unary(.clamp(.relu)), inputs: [sum], outputs: [relu]),
            Node(name: "d", Compiler.Reshape(shape: [2, 1]), inputs: [relu], outputs: [flat]),
            Node(name: "e", Binary(.multiply), inputs: [flat, relu], outputs: [y]),
        ]
        model.inputs = [x]
        model.outputs = isReadTwice ? [y, sum] : [y]
        return model
    }

    private static func plan(_ name: String) throws -> [UInt8] {
        var builder = PlanBuilder(contract: "fp32")
        let x = builder.input(name: "x", shape: [1, 2], quantization: other)
        let weights = Weights.Source(elements: [1, 0, 0, 1], scales: [1], bias: [0, 0])
        builder.output(try builder.fullyConnected(x, weights, output: one, name: name))
        return try builder.encode()
    }

    private static func ranges(_ name: String, _ model: Model) throws -> [String: Graph.Quantization] {
        try plan(name).withUnsafeBytes { SharedRanges.named(try Plan(bytes: $0), in: model) }
    }

    @Test("bias, clamping and shape pass a range on, forward and backward; products and sums of two do not")
    func shared() throws {
        let expected = ["x": Self.other, "product": Self.one, "sum": Self.one, "relu": Self.one, "flat": Self.one]
        #expect(try Self.ranges("product", Self.model()) == expected)
        #expect(try Self.ranges("sum", Self.model()) == expected)
        #expect(try Self.ranges("relu", Self.model()) == expected)
    }

    @Test("what somebody else reads before the relu has a range of its own")
    func readTwice() throws {
        #expect(
            try Self.ranges("relu", Self.model(isReadTwice: true))
                == ["x": Self.other, "relu": Self.one, "flat": Self.one])
    }

    @Test("of two values of one name the one computed last has it")
    func twoOfOneName() throws {
        var model = Self.model()
        model.values[2].name = "relu"
        #expect(try Self.ranges("relu", model)["relu"] == Self.one)
        model = Self.model()
        model.values[3].name = "x"
        #expect(try Self.ranges("sum", model)["x"] != Self.one)
    }
}
