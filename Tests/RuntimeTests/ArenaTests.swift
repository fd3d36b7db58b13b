import Graph
import Runtime
import Testing

@Suite("the arena: bytes shared by tensors that are never alive together") struct ArenaTests {
    /// A residual block: both branches are alive at the sum, which takes the place of one; the reshape is no copy.
    static func residual() throws -> PlanMemory {
        let quantization = Quantization(scale: 0.5, zeroPoint: 0)
        let weights = Weights.Source(
            elements: Array(repeating: 1, count: 256), scales: [0.1], bias: Array(repeating: 0, count: 16))
        var builder = PlanBuilder(contract: "fp32")
        let input = builder.input(name: "x", shape: [1, 8, 8, 16], quantization: quantization)
        let left = try builder.convolution(
            input, weights, window: Window(kernel: (1, 1)), output: quantization, name: "left")
        let right = try builder.convolution(
            left, weights, window: Window(kernel: (1, 1)), output: quantization, name: "relu;right")
        let sum = try builder.addition(left, right, output: quantization, name: "sum")
        builder.output(try builder.reshape(sum, shape: [1, 1_024], name: "flat"))
        return PlanMemory(copying: try builder.encode())
    }

    @Test func aListingShowsWhereEachTensorLiesAndWhenItIsAlive() throws {
        let memory = try Self.residual()
        let listing = try Plan(bytes: memory.bytes).arenaListing
        #expect(
            listing == """
                arena  2,048 bytes of tensors, at least 2,048 by what is alive at once; 0 of constant operands

                bytes     at  alive   tensor
                1,024      0  ##....  x
                1,024  1,024  .###..  left
                1,024      0  ..##..  right
                1,024  1,024  ...##.  sum     in place of left
                1,024  1,024  ....##  flat    in place of left

                """)
    }
}
