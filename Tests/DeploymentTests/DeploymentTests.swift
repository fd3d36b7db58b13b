import Deployment
import Graph
import Profiles
import Testing

@Suite("a plan on a chip")
struct DeploymentTests {
    private static let one = Quantization(scale: 0.1, zeroPoint: 0)

    /// Convolution, softmax, dense: the softmax falls to the CPU on some chips.
    private static func network() throws -> Plans.Made {
        var builder = PlanBuilder(contract: "rockchip")
        let input = builder.input(name: "x", shape: [1, 8, 8, 32], quantization: one)
        let convolved = try builder.convolution(
            input, Plans.weights(9 * 32 * 64, channels: 64), window: Window(kernel: (3, 3), padding: (1, 1, 1, 1)),
            output: one)
        let averaged = try builder.mean(convolved, axes: 1..<3, shape: [1, 64], output: one)
        let soft = try builder.softmax(averaged, beta: 1, output: Quantization(scale: 1 / 256, zeroPoint: -128))
        builder.output(try builder.fullyConnected(soft, Plans.weights(64 * 10, channels: 10), output: one))
        return try Plans.made(builder)
    }

    @Test("operators run where the vendor's tool puts them, and each crossing is counted with its bytes")
    func placement() throws {
        let made = try Self.network()
        let rk3588 = Deployment(made.plan, on: try Plans.profile("rk3588"))
        #expect(rk3588.layers.map(\.placement) == [.npu, .npu, .npuFloat16, .npu])
        #expect(rk3588.crossings == 0)
        let rk3566 = Deployment(made.plan, on: try Plans.profile("rk3566"))
        #expect(rk3566.layers.map(\.placement.isOnCPU) == [false, false, true, false])
        #expect(rk3566.segments.map(\.layers) == [0..<2, 2..<3, 3..<4])
        #expect(rk3566.segments.map(\.crossingBytes) == [0, 64, 64])
        // No source says how fast its DRAM is: what crossings take is not known, and said so.
        #expect(rk3566.segments.allSatisfy { $0.crossingSeconds == nil } && rk3566.isAtLeast)
        let phytium = Deployment(made.plan, on: try Plans.profile("phytium"))
        #expect(phytium.layers.allSatisfy { $0.placement == .host && $0.estimate.seconds == nil })
    }

    @Test("an operator no source speaks of is unverified, and one beyond a limit falls back")
    func limits() throws {
        var profile = try Plans.profile("horizon-x3")
        #expect(!profile.operators.limits.isEmpty)
        func fact(_ value: Int) -> Fact<Int> { Fact(value: value, status: .vendorDoc, source: "test") }
        profile.operators.limits = [OperatorLimit(operator: "Conv", quantity: .kernelEdge, most: fact(2))]
        let made = try Self.network()
        let layers = Deployment(made.plan, on: profile).layers
        #expect(layers[0].placement == .cpu("Conv beyond kernel_edge 2"))
        profile.operators.limits = []
        profile.operators.npu = nil
        profile.operators.fallback = nil
        #expect(Deployment(made.plan, on: profile).layers.map(\.placement).allSatisfy { $0 == .unverified })
    }

    @Test("tiles get smaller with the memory until one fits, cover the layer, and what fits nowhere is named")
    func tiles() throws {
        let made = try Self.network()
        var profile = try Plans.profile("rk3588")
        var last = 0
        for kibibytes in [384, 64, 32, 20, 16, 8] {
            profile.onChipBytes = Fact(value: kibibytes * 1_024, status: .measured, source: "test")
            let layer = Deployment(made.plan, on: profile).layers[0]
            guard case .fits(let tiling) = layer.tiling else {
                // 9 * 32 * 32 weights, 9 inputs of 32 and 32 outputs, all twice.
                #expect(layer.tiling == .tooLarge(need: 2 * (9 * 32 * 32 + 9 * 32 + 32), have: kibibytes * 1_024))
                #expect(kibibytes < 19)
                continue
            }
            #expect(tiling.pieces.doubled <= kibibytes * 1_024)
            #expect(tiling.tiles >= last)
            let parts = { (count: Int, size: Int) in (count + size - 1) / size }
            #expect(tiling.tiles == parts(8, tiling.rows) * parts(8, tiling.columns) * parts(64, tiling.channels))
            last = tiling.tiles
        }
        #expect(last > 1)
        #expect(Deployment(made.plan, on: profile).fits == false)
        profile.onChipBytes = nil
        #expect(Deployment(made.plan, on: profile).fits == nil)
    }

    @Test("cubes, lanes and plain multipliers fill whole tiles")
    func otherEngines() throws {
        func fact(_ value: Int) -> Fact<Int> { Fact(value: value, status: .measured, source: "test") }
        let work = try Plans.work(.init(height: 7, width: 5, inputs: 33, outputs: 17, kernel: 3, cycles: []))
        // 35 positions, depth 297, 17 channels.
        #expect(EngineCycles.of(work, on: .cube(m: fact(16), k: fact(32), n: fact(16))) == 3 * 10 * 2)
        #expect(
            EngineCycles.of(
                work,
                on: .lanes(
                    count: fact(8), bytesPerLane: fact(1), unitsPerLane: fact(16), inputParallel: fact(16),
                    positionsParallel: fact(4))) == 9 * 3 * 9 * 3)
        #expect(EngineCycles.of(work, on: .multiplyAccumulators(perCycle: fact(768))) == (35 * 297 * 17 + 767) / 768)
        #expect(EngineCycles.of(work, on: .vectorUnit) == nil)
    }

    @Test("no figure without a fact: time, energy and traffic's time are absent where the profile has none")
    func absence() throws {
        let made = try Self.network()
        for id in ["rk3576", "k230", "mlu220", "v853"] {
            let profile = try Plans.profile(id)
            let deployment = Deployment(made.plan, on: profile)
            if profile.clockHertz == nil, profile.peakInt8OperationsPerSecond == nil, profile.dramBytesPerSecond == nil
            {
                #expect(deployment.seconds == nil, "\(id)")
            }
            if profile.watts == nil { #expect(deployment.joules == nil, "\(id)") }
            if profile.onChipBytes == nil { #expect(deployment.fits == nil, "\(id)") }
            for layer in deployment.layers where layer.estimate.seconds != nil {
                #expect(!layer.estimate.basis.isEmpty, "\(id) \(layer.name)")
            }
        }
    }
}
