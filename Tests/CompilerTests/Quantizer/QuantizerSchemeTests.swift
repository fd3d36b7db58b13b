import Graph
import Testing

@testable import Compiler

@Suite("Quantizing for a chip's forms")
struct QuantizerSchemeTests {
    private static func scheme(_ change: (inout Quantizer.Scheme) -> Void) -> Quantizer.Scheme {
        var scheme = Quantizer.Scheme()
        change(&scheme)
        return scheme
    }

    /// As Rockchip, Sophgo's two families and VeriSilicon want them.
    static let schemes: [(contract: String, scheme: Quantizer.Scheme)] = [
        (
            "rockchip",
            scheme {
                $0.convolution = .init(isSymmetric: false, isPerChannel: true)
                $0.matrixProduct = .init(isSymmetric: false, isPerChannel: true)
            }
        ),
        (
            "sophgo-bm",
            scheme {
                ($0.hasSymmetricActivations, $0.isUnsignedAboveZero) = (true, true)
                $0.matrixProduct = .init(isSymmetric: true, isPerChannel: false)
            }
        ),
        (
            "sophgo-cv181x",
            scheme {
                $0.hasSymmetricActivations = true
                $0.matrixProduct = .init(isSymmetric: true, isPerChannel: false)
            }
        ),
        (
            "verisilicon-a311d",
            scheme {
                $0.convolution = .init(isSymmetric: false, isPerChannel: false)
                $0.matrixProduct = .init(isSymmetric: false, isPerChannel: false)
            }
        ),
    ]

    private static func outcome(_ float: Model, _ scheme: Quantizer.Scheme, _ method: RangeMethod = .meanSquaredError)
        throws
        -> Quantizer.Outcome
    {
        var options = Quantizer.Options()
        options.scheme = scheme
        options.method = method
        return try Quantizer(options).quantize(float, samples: QuantizerNetworks.samples(float, count: 24, seed: 5))
    }

    @Test("Rockchip: of two convolutions that are added the first is not rounded, whichever operand it is")
    func joined() throws {
        var model = try Self.outcome(try QuantizerNetworks.branches(seed: 1), Self.schemes[0].scheme).model
        let place = try #require(model.nodes.firstIndex { ($0.operation as? Binary)?.function == .add })
        let names = model.nodes[place].inputs.compactMap { $0 }.map { model[$0].name }
        for _ in 0..<2 {
            let file = try Lowering.plan(model, contract: "rockchip").encode()
            let rounded = try file.withUnsafeBytes { bytes in
                try Plan(bytes: bytes).tensors.map(\.name).filter { names.contains($0) }
            }
            #expect(rounded == [names[1]])
            model.nodes[place].inputs.reverse()
        }
    }

    @Test("int8 comes out near float, and as a plan under the chip's contract", arguments: schemes.indices, [1])
    func near(index: Int, seed: Int) throws {
        let (contract, scheme) = Self.schemes[index]
        for float in [
            try QuantizerNetworks.mobile(seed: UInt64(seed)), try QuantizerNetworks.branches(seed: UInt64(seed)),
        ] {
            for method in [RangeMethod.meanSquaredError, .minmax] {
                let outcome = try Self.outcome(float, scheme, method)
                let fresh = QuantizerNetworks.samples(float, count: 24, seed: 6)
                let decibels = try QuantizerNetworks.decibels(float, outcome.model, fresh)
                #expect(decibels > 20, "\(float.name) \(contract): \(decibels) dB")
                _ = try Lowering.plan(outcome.model, contract: contract).encode()
            }
        }
    }

    @Test("weights have the form that was asked for, and use their range", arguments: schemes.indices)
    func weights(index: Int) throws {
        let scheme = Self.schemes[index].scheme
        let model = try Self.outcome(try QuantizerNetworks.mobile(seed: 1), scheme).model
        var layers = 0
        for node in model.nodes where node.operation.weighted != nil {
            layers += 1
            let form = scheme.weights(of: node.operation)
            let weights = try #require(node.inputs[1])
            let (quantization, bias) = (try #require(model[weights].quantization), try #require(node.inputs[2]))
            #expect((quantization.axis != nil) == form.isPerChannel || quantization.scales.count == 1)
            #expect(!form.isSymmetric || quantization.zeroPoints.allSatisfy { $0 == 0 })
            guard case .int8(let elements)? = model[weights].constant?.elements else {
                Issue.record("weights of \(node.name) are \(model[weights].type)")
                continue
            }
            let input = try #require(node.inputs[0].flatMap { model[$0].quantization?.scales[0] })
            #expect(model[bias].quantization?.scales == quantization.scales.map { input * $0 })
            if form.isSymmetric {
                #expect(elements.contains { abs(Int($0)) == 127 } && elements.allSatisfy { $0 >= -127 })
            } else {
                // Both ends are reached, within the rounding of the zero point.
                #expect(elements.contains { $0 <= -127 } && elements.contains { $0 >= 126 })
            }
        }
        #expect(layers > 2)
    }

    @Test(
        "symmetric activations have the zero point 0, or -128 above zero, but for fixed scales; the input stays signed")
    func activations() throws {
        for (contract, scheme) in Self.schemes where scheme.hasSymmetricActivations {
            let model = try Self.outcome(try QuantizerNetworks.mobile(seed: 1), scheme).model
            var unsigned = 0
            for node in model.nodes {
                for id in node.outputs {
                    guard let quantization = model[id].quantization, quantization.scales[0] != 1 / 256 else { continue }
                    #expect([0, -128].contains(quantization.zeroPoints[0]), "\(contract) \(model[id].name)")
                    if quantization.zeroPoints[0] == -128 { unsigned += 1 }
                }
            }
            #expect((unsigned > 0) == scheme.isUnsignedAboveZero, "\(contract)")
            #expect(model.inputs.allSatisfy { model[$0].quantization?.zeroPoints == [0] })
        }
    }

    @Test("a mirrored histogram holds each number and its negative")
    func mirrored() {
        var histogram = Histogram(Extent(low: -1, high: 3))
        histogram.add([-1, -0.5, 0, 0.25, 2.9, 3])
        let mirrored = histogram.mirrored
        #expect((mirrored.low, mirrored.high) == (-3, 3))
        #expect(mirrored.counts.reduce(0, +) == 10)
        #expect(mirrored.zeros == 2)
        for (bin, count) in mirrored.counts.enumerated() {
            let other = mirrored.counts[Histogram.bins - 1 - bin]
            #expect(abs(count - other) <= 1, "bin \(bin)")
        }
    }

    @Test("asymmetric weights of one sign keep zero exactly")
    func oneSign() {
        let above = ScaleChoice.asymmetricWeights(Extent(low: 0.5, high: 1), offset: 0, input: 0.1)
        #expect(above.zeroPoint == -128)
        #expect(above.scale == Float(1) / 255)
        let below = ScaleChoice.asymmetricWeights(Extent(low: -1, high: -0.5), offset: 0, input: 0.1)
        #expect(below.zeroPoint == 127)
        // Room for a bias far above the weights.
        let large = ScaleChoice.asymmetricWeights(Extent(low: -1, high: 1), offset: 1e9, input: 0.1)
        #expect(1e9 / (large.scale * 0.1) < 0x1p30)
    }
}
