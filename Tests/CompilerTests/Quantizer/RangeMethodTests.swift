import Testing

@testable import Compiler

@Suite("Ranges from numbers seen")
struct RangeMethodTests {
    private func histogram(_ numbers: [Float]) throws -> Histogram {
        var histogram = Histogram(try #require(Extent(of: numbers)))
        histogram.add(numbers)
        return histogram
    }

    /// 1, 2, ... 1000, each once.
    private let ramp = (1...1000).map(Float.init)

    @Test("minmax is the least and the greatest, and zero")
    func minmax() throws {
        #expect(RangeMethod.minmax.range(try histogram([-3, 2, 7])) == Extent(low: -3, high: 7))
        #expect(RangeMethod.minmax.range(try histogram([2, 7])) == Extent(low: 0, high: 7))
        #expect(RangeMethod.minmax.range(try histogram([-7, -2])) == Extent(low: -7, high: 0))
    }

    @Test("percentile leaves out half of the rest at each end")
    func percentile() throws {
        // Of -500...-1 and 1...500 each once, 2 percent are twenty: ten at each end.
        let both = ramp.map { $0 <= 500 ? $0 - 501 : $0 - 500 }
        let range = RangeMethod.percentile(98).range(try histogram(both))
        let bin: Float = 1000 / Float(Histogram.bins)
        #expect(abs(range.low - -490) <= 1 + bin)
        #expect(abs(range.high - 490) <= 1 + bin)
        #expect(RangeMethod.percentile(100).range(try histogram(both)).high == 500)
    }

    @Test("percentile counts exact zeros")
    func percentileOfZeros() throws {
        // One number in a thousand is not zero: 99 percent are held by nothing but zero.
        let range = RangeMethod.percentile(99).range(
            try histogram([Float](repeating: 0, count: 9_990) + (1...10).map(Float.init)))
        #expect(range.low == 0)
        #expect(range.high < 1)
    }

    @Test("squared error keeps a ramp whole and cuts a lone outlier off")
    func squaredError() throws {
        // Cutting a ramp at 1 - e costs about e^3 / 3 and gains e * 2 / (12 * 255^2): the best e is below one in 250.
        #expect(RangeMethod.meanSquaredError.range(try histogram(ramp)).high > 985)
        // By hand: with the outlier held, the step is 1e4 / 255 and each of 1e5 numbers below 1 is off by (step / sqrt 12);
        // all together about 1.3e7. Cut off it costs (1e4 - end)^2, at most 1e8: held. At a hundredth it is cut off.
        let few = [Float](repeating: 0.5, count: 100_000)
        let held = SquaredErrorSearch(histogram: try histogram(few + [10_000]))
        #expect(abs(held.error(low: 0, high: 10_000) - 100_001 * pow2(10_000 / 255) / 12) < 1e3)
        #expect(RangeMethod.meanSquaredError.range(try histogram(few + [10_000])).high > 5_000)
        let many = [Float](repeating: 50, count: 5_000_000) + [100]
        #expect(RangeMethod.meanSquaredError.range(try histogram(many)).high < 60)
    }

    private func pow2(_ x: Double) -> Double { x * x }

    @Test("squared error is the least of all ends that are tried")
    func squaredErrorIsLeast() throws {
        var random = SeededNumbers(3)
        // A sum of uniform numbers has a bell's shape; the fifth power of one, long tails.
        let numbers = (0..<20_000).map { _ -> Float in
            let bell = QuantizerNetworks.numbers(6, &random).reduce(0, +)
            return bell * bell * bell * bell * bell
        }
        let search = SquaredErrorSearch(histogram: try histogram(numbers))
        let found = search.range()
        let least = search.error(low: Double(found.low), high: Double(found.high))
        for low in 0...16 {
            for high in 1...16 {
                let other = search.error(
                    low: search.histogram.low * Double(low) / 16, high: search.histogram.high * Double(high) / 16)
                #expect(least <= other * 1.001)
            }
        }
        #expect(least < search.error(low: search.histogram.low, high: search.histogram.high) * 0.98)
    }

    @Test("entropy loses nothing where each level holds one number's bins, and cuts a far outlier off")
    func entropy() throws {
        // 256 equally frequent numbers a level apart: the whole range tells all of them apart.
        let levels = (0..<1024).map { Float($0 / 4) + 0.5 } + [256]
        let search = EntropySearch(histogram: try histogram(levels))
        #expect(search.loss(0, Histogram.bins) < 0.01)
        #expect(search.range().high == 256)
        // A bell between 0 and 1, and one number at 8: an eighth of the levels would be left for the bell.
        var random = SeededNumbers(5)
        let bell = (0..<50_000).map { _ in abs(QuantizerNetworks.numbers(8, &random).reduce(0, +)) / 8 }
        let range = RangeMethod.entropy.range(try histogram(bell + [8]))
        #expect(range.high < 4)
    }

    @Test("A number that is none is found", arguments: [Float.nan, .infinity, -.infinity])
    func notFinite(number: Float) throws {
        for place in 0..<3 {
            var numbers: [Float] = [1, 2, 3]
            numbers[place] = number
            #expect(try #require(Extent(of: numbers)).isFinite == false)
        }
        #expect(Extent(of: []) == nil)
    }
}

@Suite("Scales from ranges")
struct ScaleChoiceTests {
    struct Vector: Sendable {
        var low: Float
        var high: Float
        var scale: Float
        var zeroPoint: Int32
    }

    /// By hand: scale (high - low) / 255, zero point -128 - low / scale.
    static let vectors = [
        Vector(low: 0, high: 255, scale: 1, zeroPoint: -128), Vector(low: -128, high: 127, scale: 1, zeroPoint: 0),
        Vector(low: -255, high: 0, scale: 1, zeroPoint: 127), Vector(low: 51, high: 510, scale: 2, zeroPoint: -128),
        Vector(low: -1, high: 50, scale: 0.2, zeroPoint: -123), Vector(low: 0, high: 0, scale: 1, zeroPoint: 0),
    ]

    @Test("int8 activations hold zero exactly", arguments: vectors)
    func activation(vector: Vector) {
        let chosen = ScaleChoice.activation(Extent(low: vector.low, high: vector.high))
        #expect(chosen == ValueQuantization(scales: [vector.scale], zeroPoints: [vector.zeroPoint]))
    }

    @Test("A tiny range keeps a scale above zero")
    func tiny() {
        let chosen = ScaleChoice.activation(Extent(low: 0, high: 1e-30))
        #expect(chosen.scales[0] > 0 && chosen.scales[0].isFinite)
    }

    @Test("Weights of a dead channel leave room for its offset in int32")
    func deadChannel() {
        let scale = ScaleChoice.weights(largest: 0, offset: 3, input: 0.01)
        #expect(3 / (scale * 0.01) < 0x1p30)
        #expect(ScaleChoice.weights(largest: 12.7, offset: 3, input: 0.01) == 12.7 / 127)
    }
}
