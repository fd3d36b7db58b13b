import Testing

@testable import Compiler

@Suite("Equalization of neighbouring layers")
struct EqualizationTests {
    @Test("The float function stays what it was", arguments: 1...6)
    func sameFunction(seed: Int) throws {
        let before = try QuantizerNetworks.mobile(seed: UInt64(seed))
        let samples = QuantizerNetworks.samples(before, count: 4, seed: 9)
        var after = before
        let pairs = try Equalization.run(&after, samples: samples)
        try after.check()
        #expect(pairs.count { $0.reasonSkipped == nil } == 2)
        #expect(after != before)
        for sample in QuantizerNetworks.samples(before, count: 8, seed: 77) {
            let (a, b) = (try QuantizerNetworks.reals(before, sample), try QuantizerNetworks.reals(after, sample))
            for (a, b) in zip(a, b) { #expect(abs(a - b) <= 1e-5) }
        }
    }

    @Test("Channels in front of a depthwise layer come out equally wide")
    func channelsAlike() throws {
        var model = try QuantizerNetworks.mobile(seed: 4)
        let samples = QuantizerNetworks.samples(model, count: 4, seed: 9)
        func spread(_ model: Model) throws -> Float {
            let between = model.nodes[0].outputs[0]
            let maxima = try #require(
                try Calibration(model, samples: samples, channels: [between]).channelMaxima[between])
            let (widest, narrowest) = (try #require(maxima.max()), try #require(maxima.min()))
            return widest / narrowest
        }
        let before = try spread(model)
        _ = try Equalization.run(&model, samples: samples)
        let after = try spread(model)
        #expect(before > 8)
        #expect(after < 1.1)
    }

    @Test("An activation with an upper end is left alone, and said so")
    func relu6() throws {
        let before = try QuantizerNetworks.mobile(seed: 2, activation: .relu6)
        var after = before
        let pairs = try Equalization.run(&after, samples: QuantizerNetworks.samples(before, count: 2, seed: 1))
        #expect(pairs.map { $0.reasonSkipped ?? "" }.filter { $0.contains("ends at 6") }.count == 2)
        #expect(pairs.count == 2 && after == before)
    }

    @Test("A result that two nodes read is left alone, and said so")
    func twoReaders() throws {
        var maker = ModelMaker()
        let x = maker.input([1, 4, 4, 2])
        let between = try maker(Convolution(), x, maker.counting([2, 1, 1, 2]))
        let a = try maker(Convolution(), between, maker.counting([2, 1, 1, 2]))
        maker.output(try maker(Binary(.add), a, between))
        let before = maker.model
        var after = before
        let pairs = try Equalization.run(&after, samples: QuantizerNetworks.samples(before, count: 1, seed: 1))
        #expect(pairs.map(\.reasonSkipped) == ["2 nodes read what is between them"])
        #expect(after == before)
    }

    @Test("A channel that never fires keeps its weights")
    func deadChannel() throws {
        var maker = ModelMaker()
        var convolution = Convolution()
        convolution.activation = .relu
        let x = maker.input([1, 2, 2, 1])
        let between = try maker(
            convolution, x, maker.reals([2, 1, 1, 1], [4, 0]), maker.reals([2], [0, -1]))
        maker.output(try maker(Convolution(), between, maker.reals([1, 1, 1, 2], [1, 3])))
        var model = maker.model
        _ = try Equalization.run(&model, samples: QuantizerNetworks.samples(model, count: 3, seed: 1))
        let second = try #require(model.nodes.last?.inputs[1].flatMap { model[$0].constant?.elements.reals })
        #expect(second[1] == 3)
        #expect(second.allSatisfy { $0.isFinite })
    }
}
