import Deployment
import Graph
import Profiles
import Testing

/// The rule that the vendor's compiler follows, worked out by hand for shapes at its corners.
@Suite("cycles of Rockchip's NPUs")
struct RockchipRuleTests {
    struct Shape: CustomStringConvertible {
        var height: Int
        var width: Int
        var inputs: Int
        var outputs: Int
        var kernel: Int
        /// By hand, of a tile of 32 x 32, 32 x 16 and 16 x 8, and of 64, 32 and 16 channels a cycle where depthwise.
        var cycles: [Int]
        var isDepthwise = false

        var description: String { "\(height)x\(width)x\(inputs) -> \(outputs), \(kernel)x\(kernel)" }
    }

    static let shapes = [
        // 1 x 1: never fewer than four steps.
        Shape(height: 16, width: 16, inputs: 32, outputs: 32, kernel: 1, cycles: [1_024, 2_048, 4_096]),
        Shape(height: 16, width: 16, inputs: 64, outputs: 32, kernel: 1, cycles: [1_024, 2_048, 4_096]),
        Shape(height: 16, width: 16, inputs: 128, outputs: 32, kernel: 1, cycles: [1_024, 2_048, 8_192]),
        Shape(height: 16, width: 16, inputs: 129, outputs: 32, kernel: 1, cycles: [1_280, 2_560, 9_216]),
        Shape(height: 16, width: 16, inputs: 256, outputs: 64, kernel: 1, cycles: [4_096, 8_192, 32_768]),
        // Remainders of output channels count whole.
        Shape(height: 16, width: 16, inputs: 32, outputs: 1, kernel: 1, cycles: [1_024, 1_024, 1_024]),
        Shape(height: 16, width: 16, inputs: 32, outputs: 33, kernel: 1, cycles: [2_048, 3_072, 5_120]),
        Shape(height: 16, width: 16, inputs: 32, outputs: 17, kernel: 1, cycles: [1_024, 2_048, 3_072]),
        // 3 x 3: nine steps a part of the inputs.
        Shape(height: 32, width: 32, inputs: 3, outputs: 16, kernel: 3, cycles: [9_216, 9_216, 18_432]),
        Shape(height: 32, width: 32, inputs: 32, outputs: 32, kernel: 3, cycles: [9_216, 18_432, 73_728]),
        Shape(height: 28, width: 28, inputs: 64, outputs: 64, kernel: 3, cycles: [28_224, 56_448, 225_792]),
        Shape(height: 28, width: 28, inputs: 33, outputs: 64, kernel: 3, cycles: [28_224, 56_448, 169_344]),
        Shape(height: 8, width: 8, inputs: 64, outputs: 64, kernel: 5, cycles: [6_400, 12_800, 51_200]),
        Shape(height: 112, width: 112, inputs: 3, outputs: 32, kernel: 3, cycles: [112_896, 225_792, 451_584]),
        // Fewer than 16 positions count as 16: a dense layer of a single vector.
        Shape(height: 1, width: 1, inputs: 64, outputs: 10, kernel: 1, cycles: [64, 64, 128]),
        Shape(height: 1, width: 1, inputs: 1_024, outputs: 1_000, kernel: 1, cycles: [16_384, 32_256, 128_000]),
        Shape(height: 3, width: 5, inputs: 32, outputs: 32, kernel: 1, cycles: [64, 128, 256]),
        Shape(height: 4, width: 4, inputs: 32, outputs: 32, kernel: 1, cycles: [64, 128, 256]),
        // Depthwise: a step a tap, whatever there is to wait for.
        Shape(
            height: 16, width: 16, inputs: 64, outputs: 64, kernel: 3, cycles: [2_304, 4_608, 9_216], isDepthwise: true),
        Shape(
            height: 16, width: 16, inputs: 65, outputs: 65, kernel: 3, cycles: [4_608, 6_912, 11_520], isDepthwise: true
        ),
        Shape(
            height: 56, width: 56, inputs: 16, outputs: 16, kernel: 3, cycles: [28_224, 28_224, 28_224],
            isDepthwise: true),
        Shape(height: 3, width: 3, inputs: 32, outputs: 32, kernel: 5, cycles: [400, 400, 800], isDepthwise: true),
        // 49 positions count as 64, 63 as 64, 196 as 208: as the vendor's compiler prints for RK3588, RK3566, RV1103B.
        Shape(height: 7, width: 7, inputs: 512, outputs: 512, kernel: 1, cycles: [16_384, 32_768, 131_072]),
        Shape(height: 9, width: 7, inputs: 24, outputs: 40, kernel: 3, cycles: [1_152, 1_728, 5_760]),
        Shape(
            height: 14, width: 14, inputs: 128, outputs: 128, kernel: 5, cycles: [10_400, 20_800, 41_600],
            isDepthwise: true),
    ]

    /// Tile and channels a cycle of depthwise convolutions.
    private static let engines = [(32, 32, 64), (32, 16, 32), (16, 8, 16)]

    private static func engine(_ tile: (Int, Int, Int)) -> Engine {
        func fact(_ value: Int) -> Fact<Int> { Fact(value: value, status: .measured, source: "test") }
        return .convolutionTile(
            inputChannels: fact(tile.0), outputChannels: fact(tile.1), depthwiseChannels: fact(tile.2),
            minimumSteps: fact(4), positionBlock: fact(16))
    }

    @Test("cycles are those worked out by hand", arguments: shapes)
    func cycles(shape: Shape) throws {
        let work = try Plans.work(shape)
        for (tile, expected) in zip(Self.engines, shape.cycles) {
            #expect(EngineCycles.of(work, on: Self.engine(tile)) == expected, "\(shape), tile \(tile)")
        }
    }

    @Test("the chips of the catalogue follow it, each with its own tile", arguments: ChipTiles.all)
    func chips(chip: ChipTiles) throws {
        let profile = try Plans.profile(chip.id)
        let engine = try #require(profile.engine)
        for shape in Self.shapes {
            let work = try Plans.work(shape)
            let positions = (shape.height * shape.width + 15) / 16 * 16
            let parts = { (count: Int, size: Int) in (count + size - 1) / size }
            let taps = shape.kernel * shape.kernel
            let expected =
                shape.isDepthwise
                ? positions * taps * parts(shape.outputs, chip.depthwise)
                : positions * parts(shape.outputs, chip.outputs) * max(4, taps * parts(shape.inputs, chip.inputs))
            #expect(EngineCycles.of(work, on: engine) == expected, "\(chip.id) \(shape)")
        }
        #expect(profile.dramBytesPerCycle?.value == chip.dramBytesPerCycle)
    }

    @Test("a dense layer of one vector uses at most 6 % of the multipliers")
    func denseLayers() throws {
        let profile = try Plans.profile("rk3588")
        for inputs in [8, 32, 64, 1_024] {
            let plan = try Plans.dense(inputs: inputs, outputs: 64)
            let deployment = Deployment(plan.plan, on: profile)
            let use = try #require(deployment.layers[0].estimate.utilization)
            #expect(use <= 0.0625)
        }
    }

    @Test("traffic is input, output, weights and 8 bytes a channel; the slower of the two sets the time")
    func traffic() throws {
        let profile = try Plans.profile("rk3588")
        let plan = try Plans.convolution(
            .init(height: 28, width: 28, inputs: 64, outputs: 64, kernel: 3, cycles: []))
        let layer = Deployment(plan.plan, on: profile).layers[0]
        let bytes = 28 * 28 * 64 * 2 + 9 * 64 * 64 + 8 * 64
        #expect(layer.estimate.dramBytes == bytes)
        let dram = try #require(layer.estimate.dramCycles)
        #expect(abs(dram - Double(bytes) / 23.65) < 1e-6)
        // 28,224 cycles of multiplying against 5,823 of moving, at 1 GHz.
        #expect(layer.estimate.limit == .compute)
        #expect(abs(try #require(layer.estimate.seconds) - 28_224e-9) < 1e-12)
        #expect(!layer.estimate.isAtLeast)
    }
}

extension RockchipRuleTests {
    /// A layer, and the DDR cycles that the vendor's compiler prints for it.
    struct Traffic: Sendable {
        var shape: Shape
        var chip: String
        var cycles: Double
    }

    static let traffic = [
        // Outputs filled up to 32, 16, 8; inputs to 16, 8.
        Traffic(
            shape: Shape(height: 16, width: 16, inputs: 32, outputs: 33, kernel: 1, cycles: []), chip: "rk3588",
            cycles: 1_106),
        Traffic(
            shape: Shape(height: 28, width: 28, inputs: 33, outputs: 64, kernel: 3, cycles: []), chip: "rk3588",
            cycles: 4_538),
        Traffic(
            shape: Shape(height: 9, width: 7, inputs: 24, outputs: 40, kernel: 3, cycles: []), chip: "rk3566",
            cycles: 2_064),
        Traffic(
            shape: Shape(height: 16, width: 16, inputs: 1, outputs: 1, kernel: 1, cycles: []), chip: "rk3566",
            cycles: 674),
        // A picture's three channels stand as they come.
        Traffic(
            shape: Shape(height: 112, width: 112, inputs: 3, outputs: 32, kernel: 3, cycles: []), chip: "rk3566",
            cycles: 67_204),
        // Depthwise: to twice as many.
        Traffic(
            shape: Shape(height: 56, width: 56, inputs: 16, outputs: 16, kernel: 3, cycles: [], isDepthwise: true),
            chip: "rk3588", cycles: 10_634),
    ]

    @Test("traffic is what the vendor's compiler prints, within 2 %", arguments: traffic)
    func filledChannels(traffic: Traffic) throws {
        let made = try Plans.convolution(traffic.shape)
        let layer = Deployment(made.plan, on: try Plans.profile(traffic.chip)).layers[0]
        let ours = try #require(layer.estimate.dramCycles)
        #expect(abs(ours / traffic.cycles - 1) < 0.02, "\(ours)")
    }
}

/// What the vendor's compiler has for each chip.
struct ChipTiles: CustomStringConvertible {
    var id: String
    var inputs: Int
    var outputs: Int
    var depthwise: Int
    var dramBytesPerCycle: Double

    var description: String { id }

    static let all = [
        ChipTiles(id: "rk3588", inputs: 32, outputs: 32, depthwise: 64, dramBytesPerCycle: 23.65),
        ChipTiles(id: "rk3576", inputs: 32, outputs: 32, depthwise: 64, dramBytesPerCycle: 7.465),
        ChipTiles(id: "rv1126b", inputs: 32, outputs: 32, depthwise: 64, dramBytesPerCycle: 7.465),
        ChipTiles(id: "rk3562", inputs: 32, outputs: 16, depthwise: 64, dramBytesPerCycle: 7.465),
        ChipTiles(id: "rk3566", inputs: 32, outputs: 16, depthwise: 32, dramBytesPerCycle: 6.571),
        ChipTiles(id: "rk3568", inputs: 32, outputs: 16, depthwise: 32, dramBytesPerCycle: 6.571),
        ChipTiles(id: "rv1106", inputs: 32, outputs: 16, depthwise: 32, dramBytesPerCycle: 6.159),
        ChipTiles(id: "rv1103b", inputs: 16, outputs: 8, depthwise: 16, dramBytesPerCycle: 7.468),
    ]
}
