import Deployment
import Graph
import Profiles
import Seeded
import Testing

@Suite("a plan computed tile by tile equals the plan computed whole")
struct EmulationTests {
    /// A network of every operator that is cut, of sizes that divide by nothing.
    struct Network: CustomTestStringConvertible, Sendable {
        var contract: String
        var hasResidual = false
        var hasZeroPoints = false
        var testDescription: String { contract }

        func make(_ random: inout SplitMix64) throws -> Plans.Made {
            var builder = PlanBuilder(contract: contract)
            // Some contracts know no zero points.
            let isSymmetric = contract.hasPrefix("sophgo")
            let zero = { (value: Int32) in isSymmetric ? 0 : value }
            let image = builder.input(
                name: "x", shape: [1, 13, 11, 5], quantization: .init(scale: 0.05, zeroPoint: zero(-7)))
            let a = Quantization(scale: 0.1, zeroPoint: zero(9))
            let first = try builder.convolution(
                image, weights(5 * 9, channels: 38, &random),
                window: Window(kernel: (3, 3), strides: (1, 1), padding: (1, 1, 1, 1)), output: a)
            let second = try builder.depthwiseConvolution(
                first, weights(15, channels: 38, &random),
                window: Window(kernel: (5, 3), strides: (2, 1), padding: (2, 1, 1, 1)), output: a)
            let third = try builder.convolution(
                second, weights(38 * 6, channels: 38, &random),
                window: Window(kernel: (2, 3), dilations: (1, 2), padding: (0, 2, 1, 2)),
                residual: hasResidual ? second : nil, output: a)
            let fourth = try builder.convolution(
                third, weights(19 * 4, channels: 6, &random), window: Window(kernel: (2, 2)), groups: 2, output: a)
            let fifth = try builder.pool(
                .maximum, fourth, window: Window(kernel: (3, 2), strides: (2, 2), padding: (1, 0, 0, 1)))
            let sixth = try builder.pool(.average, fifth, window: Window(kernel: (2, 3)))
            builder.output(try builder.fullyConnected(sixth, weights(6, channels: 70, &random), output: a))
            return try Plans.made(builder)
        }

        private func weights(_ depth: Int, channels: Int, _ random: inout SplitMix64) -> Weights.Source {
            Weights.Source(
                elements: (0..<depth * channels).map { _ in Int8.random(in: -127...127, using: &random) },
                scales: (0..<channels).map { _ in Float.random(in: 0.001...0.004, using: &random) },
                zeroPoints: hasZeroPoints
                    ? (0..<channels).map { _ in Int8.random(in: -20...20, using: &random) } : nil,
                bias: (0..<channels).map { _ in Int32.random(in: -2_000...2_000, using: &random) })
        }
    }

    static let networks = [
        Network(contract: "rockchip", hasResidual: true, hasZeroPoints: true), Network(contract: "sophgo-bm"),
        Network(contract: "sophgo-cv181x"), Network(contract: "verisilicon-a311d", hasZeroPoints: true),
        Network(contract: "verisilicon-v853"), Network(contract: "shl"), Network(contract: "fp32"),
    ]

    private static func profile(_ id: String, onChipBytes: Int) throws -> ChipProfile {
        var profile = try Plans.profile(id)
        profile.onChipBytes = Fact(value: onChipBytes, status: .measured, source: "test")
        // Everything on the NPU: what is looked at here is how layers are cut.
        profile.operators = OperatorSupport()
        return profile
    }

    /// Chips that keep weights each in another order, and one of which nobody says how.
    static let chips = ["rk3588", "bm1684x", "ascend310", "k230"]

    @Test("in memory of any size, in each chip's order of weights", arguments: networks, chips)
    func equals(network: Network, chip: String) throws {
        var random = SplitMix64(seed: 5)
        let made = try network.make(&random)
        let input = (0..<made.plan.inputBytes).map { _ in UInt8.random(in: 0...255, using: &random) }
        let expected = try made.plan.reference(input)
        #expect(Set(expected).count > 10, "a network that gives the same everywhere shows nothing")
        var tiles: [Int] = []
        // Down to where the largest layer's smallest tile has room just so.
        for kibibytes in [1_024, 96, 72, 65] {
            let profile = try Self.profile(chip, onChipBytes: kibibytes * 1_024)
            let deployment = Deployment(made.plan, on: profile)
            guard deployment.fits == true else { continue }
            let (output, summary) = try Emulation(made.plan, deployment).run(input)
            #expect(output == expected, "\(chip) with \(kibibytes) KiB")
            #expect(summary.layers == 7 && summary.cutLayers == 7)
            #expect(summary.largestBytes <= kibibytes * 1_024)
            tiles.append(summary.tiles)
        }
        // More than one a layer only where cutting is known to hide the fetching, or where there is no room.
        #expect(chip == "rk3588" ? (tiles.first ?? 0) > 7 : tiles.first == 7)
    }

    @Test("down to the smallest memory, and not in less")
    func small() throws {
        var random = SplitMix64(seed: 6)
        let made = try Self.networks[0].make(&random)
        let input = (0..<made.plan.inputBytes).map { _ in UInt8.random(in: 0...255, using: &random) }
        let expected = try made.plan.reference(input)
        var tiles = 0
        var bytes = 64 * 1_024
        while true {
            let deployment = Deployment(made.plan, on: try Self.profile("rk3588", onChipBytes: bytes))
            let emulation = Emulation(made.plan, deployment)
            guard deployment.fits == true else {
                let error = #expect(throws: Emulation.DoesNotFit.self) { try emulation.run(input) }
                #expect(error?.have == bytes && (error?.need ?? 0) > bytes)
                break
            }
            let (output, summary) = try emulation.run(input)
            #expect(output == expected, "\(bytes) bytes")
            tiles = max(tiles, summary.tiles)
            bytes -= 1_024
        }
        #expect(tiles > 50)
    }

    @Test("sums of more inputs than have room go by steps", arguments: ["rockchip", "sophgo-bm", "fp32"])
    func steps(contract: String) throws {
        var random = SplitMix64(seed: 8)
        var builder = PlanBuilder(contract: contract)
        let scale = Quantization(scale: 0.1, zeroPoint: 0)
        func weights(_ depth: Int, _ channels: Int) -> Weights.Source {
            Weights.Source(
                elements: (0..<depth * channels).map { _ in Int8.random(in: -127...127, using: &random) },
                scales: (0..<channels).map { _ in Float.random(in: 0.0001...0.0003, using: &random) },
                zeroPoints: contract == "rockchip"
                    ? (0..<channels).map { _ in Int8.random(in: -9...9, using: &random) } : nil,
                bias: (0..<channels).map { _ in Int32.random(in: -900...900, using: &random) })
        }
        let x = builder.input(name: "x", shape: [1, 5, 4, 200], quantization: scale)
        let window = Window(kernel: (3, 3), padding: (1, 1, 1, 1))
        let first = try builder.convolution(x, weights(9 * 200, 40), window: window, output: scale)
        let second = try builder.convolution(first, weights(40, 40), window: Window(kernel: (1, 1)), output: scale)
        let third = try builder.convolution(
            second, weights(9 * 40, 40), window: window, residual: contract == "rockchip" ? first : nil, output: scale)
        let flat = try builder.reshape(third, shape: [1, 800])
        builder.output(try builder.fullyConnected(flat, weights(800, 70), output: scale))
        let made = try Plans.made(builder)
        let input = (0..<made.plan.inputBytes).map { _ in UInt8.random(in: 0...255, using: &random) }
        let expected = try made.plan.reference(input)
        var steps = 0
        for kibibytes in [512, 100, 64, 48, 24] {
            let deployment = Deployment(
                made.plan, on: try Self.profile("rk3588", onChipBytes: kibibytes * 1_024))
            guard deployment.fits == true else {
                #expect(kibibytes < 48)
                continue
            }
            #expect(try Emulation(made.plan, deployment).run(input).output == expected, "\(kibibytes) KiB")
            for layer in deployment.layers {
                guard case .fits(let tiling) = layer.tiling else { continue }
                let pieces = layer.pieces
                #expect(pieces.count == tiling.tiles)
                let traffic = pieces.reduce(0) { $0 + $1.loadedInputBytes + $1.loadedWeightBytes + $1.outputBytes }
                #expect(traffic == tiling.trafficBytes, "layer \(layer.number) with \(kibibytes) KiB")
                if tiling.depth < layer.work.inputChannels { steps += pieces.count { !$0.isLast } }
            }
            #expect(try #require(deployment.schedule).cycles > 0)
        }
        #expect(steps > 4, "nothing was cut over its inputs")
    }

    @Test("every layer is shown as it is, and an input of another size is refused")
    func shown() throws {
        var random = SplitMix64(seed: 7)
        let made = try Self.networks[1].make(&random)
        let deployment = Deployment(made.plan, on: try Self.profile("bm1684x", onChipBytes: 1 << 20))
        let emulation = Emulation(made.plan, deployment)
        var seen: [Int] = []
        _ = try emulation.run([UInt8](repeating: 3, count: made.plan.inputBytes)) { index, tensor, value in
            seen.append(index)
            #expect(value.bytes.count == tensor.byteCount)
        }
        #expect(seen == Array(0..<7))
        #expect(throws: PlanError.self) { try emulation.run([1, 2, 3]) }
    }
}
