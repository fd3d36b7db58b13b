import Deployment
import Graph
import Profiles
import Testing

@Suite("where a chip's contract was compared with nothing, it is said")
struct ContractScopeTests {
    private static func plan(
        zeroPoint: Int32 = 0, weightZeroPoints: Bool = false, perChannel: Bool = false, contract: String = "fp32",
        inputs: Int = 8
    ) throws -> Plans.Made {
        var builder = PlanBuilder(contract: contract)
        let x = builder.input(
            name: "x", shape: [1, 4, 4, inputs], quantization: .init(scale: 0.1, zeroPoint: zeroPoint))
        let weights = Weights.Source(
            elements: [Int8](repeating: 1, count: inputs * 2), scales: perChannel ? [0.01, 0.02] : [0.01],
            zeroPoints: weightZeroPoints ? [3, -3] : nil, bias: [0, 0])
        builder.output(
            try builder.convolution(
                x, weights, window: Window(kernel: (1, 1)), output: .init(scale: 0.1, zeroPoint: 0)))
        return try Plans.made(builder)
    }

    private static func remarks(_ made: Plans.Made, _ chip: String) throws -> [String] {
        Deployment(made.plan, on: try Plans.profile(chip)).layers[0].beyondContract.map(\.description)
    }

    @Test("the chip's own forms are within")
    func within() throws {
        #expect(try Self.remarks(Self.plan(perChannel: true), "bm1684x").isEmpty)
        #expect(try Self.remarks(Self.plan(zeroPoint: -128, perChannel: true), "bm1684x").isEmpty)
        #expect(try Self.remarks(Self.plan(zeroPoint: 7, weightZeroPoints: true, perChannel: true), "rk3588").isEmpty)
        #expect(try Self.remarks(Self.plan(zeroPoint: 7, weightZeroPoints: true), "a311d").isEmpty)
        // Of a chip whose arithmetic nobody knows there is nothing to be within.
        #expect(try Self.remarks(Self.plan(zeroPoint: 7, weightZeroPoints: true), "k230").isEmpty)
    }

    @Test("forms that the chip's tools do not make are named")
    func forms() throws {
        #expect(
            try Self.remarks(Self.plan(zeroPoint: -128), "cv181x") == [
                "activations with zero points, the chip's have 0"
            ])
        #expect(try Self.remarks(Self.plan(zeroPoint: -17), "bm1684x").first?.contains("0, or -128") == true)
        #expect(
            try Self.remarks(Self.plan(weightZeroPoints: true), "bm1688")
                == ["weights with zero points, the chip's have none"])
        #expect(
            try Self.remarks(Self.plan(perChannel: true), "a311d")
                == ["a weight scale a channel, the chip has one a tensor"])
    }

    @Test("so are sums that the vendor's tool cuts in two, at the very depth")
    func depth() throws {
        for (chip, most) in [("rk3588", 3_072), ("rk3576", 6_144), ("rk3566", 6_144), ("rv1103b", 6_144)] {
            #expect(try Self.remarks(Self.plan(inputs: most), chip).isEmpty, "\(chip)")
            let beyond = try Self.remarks(Self.plan(inputs: most + 1), chip)
            #expect(beyond.count == 1 && beyond[0].contains("rounds in between"), "\(chip): \(beyond)")
        }
    }
}
