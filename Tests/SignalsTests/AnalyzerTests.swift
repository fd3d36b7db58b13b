import CAllocationCounter
import Signals
import Testing

/// Features of signals whose features are known in closed form.
@Suite struct AnalyzerTests {
    static let shape = WindowShape(samples: 4096, rateHertz: 12_800)

    static func features(_ signal: (Int) -> Double, shaftHertz: Double = 25, shape: WindowShape = shape) throws
        -> [Feature: Double]
    {
        let analyzer = try Analyzer(shape: shape, geometry: .deepGroove6205)
        var values = [Double](repeating: 0, count: Feature.allCases.count)
        try analyzer.analyze((0..<shape.samples).map { Float(signal($0)) }, shaftHertz: shaftHertz, into: &values)
        return Dictionary(uniqueKeysWithValues: zip(Feature.allCases, values))
    }

    static func noise(_ index: Int) -> Double {
        var z = UInt64(index) &* 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return Double((z ^ (z >> 31)) >> 11) / Double(UInt64(1) << 52) - 1
    }

    static func amplitude(_ value: Double?) -> Double { Elementary.exponential(value ?? .nan) }

    @Test func aSineHasItsTextbookMoments() throws {
        let f = try Self.features { 2 * Elementary.sine(turns: 1000 * Double($0) / 12_800) + 0.7 }
        #expect(abs(Self.amplitude(f[.rms]) - 2.0.squareRoot()) < 1e-5)
        #expect(abs(Self.amplitude(f[.peak]) - 2) < 0.01)
        #expect(abs(Self.amplitude(f[.crest]) - 2.0.squareRoot()) < 0.01)
        #expect(abs(Self.amplitude(f[.kurtosis]) - 1.5) < 1e-4)
        #expect(abs(f[.skewness] ?? .nan) < 1e-4)
    }

    @Test func powerIsFoundInItsBandAndNowhereElse() throws {
        // Bands are 625 Hz wide: 1000 Hz is in the second.
        let f = try Self.features { 2 * Elementary.sine(turns: 1000 * Double($0) / 12_800) }
        #expect(abs(Self.amplitude(f[.band2]) - 2) < 0.01)
        for band in Feature.bands where band != .band2 { #expect(Self.amplitude(f[band]) < 1e-6) }
    }

    @Test func aOneSidedImpulseTrainHasTheMomentsOfItsDutyCycle() throws {
        // One sample in 128 is 1: kurtosis of a Bernoulli variable is (1 - 3 p q)/(p q), skewness (1 - 2p)/sqrt(p q).
        let p = 1.0 / 128
        let f = try Self.features { $0 % 128 == 0 ? 1 : 0 }
        #expect(abs(Self.amplitude(f[.kurtosis]) / ((1 - 3 * p * (1 - p)) / (p * (1 - p))) - 1) < 1e-4)
        #expect(abs((f[.skewness] ?? 0) / ((1 - 2 * p) / (p * (1 - p)).squareRoot()) - 1) < 1e-4)
    }

    @Test func shaftLinesGiveTheirPower() throws {
        let f = try Self.features {
            0.4 * Elementary.sine(turns: 25 * Double($0) / 12_800) + 0.1
                * Elementary.cosine(turns: 50 * Double($0) / 12_800)
        }
        #expect(abs(Self.amplitude(f[.shaft1]) / 0.08 - 1) < 0.02)
        #expect(abs(Self.amplitude(f[.shaft2]) / 0.005 - 1) < 0.05)
        #expect(Self.amplitude(f[.shaft3]) < 1e-4)
    }

    @Test(arguments: [Feature.envelopeOuterRace, .envelopeInnerRace])
    func aResonanceModulatedAtADefectFrequencyShowsAtThatDefectOnly(defect: Feature) throws {
        let orders = BearingGeometry.deepGroove6205.orders
        let order = defect == .envelopeOuterRace ? orders.outerRace : orders.innerRace
        // 1.2 % slip: the line is where a real bearing would put it, not where the geometry says.
        let hertz = order * 25 * 0.988
        let f = try Self.features { index in
            let t = Double(index) / 12_800
            return (1 + 0.8 * Elementary.cosine(turns: hertz * t)) * Elementary.sine(turns: 3000 * t)
                + 0.2 * Self.noise(index)
        }
        let found = try #require(f[defect])
        for other in [Feature.envelopeOuterRace, .envelopeInnerRace, .envelopeRollingElement, .envelopeCage]
        where other != defect {
            #expect(found > 4 * (f[other] ?? .infinity), "\(other)")
        }
    }

    @Test func noiseAloneStandsOutNowhere() throws {
        let f = try Self.features { Self.noise($0) }
        for defect in [Feature.envelopeOuterRace, .envelopeInnerRace, .envelopeRollingElement, .envelopeCage] {
            #expect((f[defect] ?? 0) < 4)
        }
        // Squared envelope of Gaussian-like noise: E[x^2]/E[x]^2 of an exponential variable is 2.
        #expect(abs(Self.amplitude(f[.envelopeKurtosis]) - 2) < 0.6)
    }

    @Test func featuresDoNotDependOnWhatTheAnalyzerSawBefore() throws {
        let analyzer = try Analyzer(shape: WindowShape(samples: 2560, rateHertz: 25_600), geometry: .deepGroove6205)
        let a = (0..<2560).map { Float(Self.noise($0)) }
        let b = (0..<2560).map { Float(Elementary.sine(turns: Double($0) / 10)) }
        var first = [Double](repeating: 0, count: Feature.allCases.count)
        var second = first
        try analyzer.analyze(a, shaftHertz: 30, into: &first)
        try analyzer.analyze(b, shaftHertz: 25, into: &second)
        try analyzer.analyze(a, shaftHertz: 30, into: &second)
        #expect(first == second)
        #expect(first.allSatisfy { $0.isFinite })
    }

    @Test(arguments: [1024, 2560, 2564])
    func aWindowCostsNoAllocation(samples: Int) throws {
        let analyzer = try Analyzer(
            shape: WindowShape(samples: samples, rateHertz: 12_800), geometry: .deepGroove6205)
        let window = (0..<samples).map { Float(Self.noise($0)) }
        var out = [Double](repeating: 0, count: Feature.allCases.count)
        try analyzer.analyze(window, shaftHertz: 30, into: &out)
        mw_allocation_counter_start()
        try analyzer.analyze(window, shaftHertz: 31, into: &out)
        #expect(mw_allocation_counter_stop() == 0)
    }

    @Test func badWindowsAreRefusedWithTheReason() throws {
        let analyzer = try Analyzer(shape: WindowShape(samples: 1024, rateHertz: 12_800), geometry: .deepGroove6205)
        var out = [Double](repeating: 0, count: Feature.allCases.count)
        let good = (0..<1024).map { Float(Self.noise($0)) }
        #expect(throws: SignalError.wrongLength(expected: 1024, found: 1023)) {
            try analyzer.analyze(Array(good.dropLast()), shaftHertz: 30, into: &out)
        }
        for bad in [Float.nan, .infinity, -.infinity] {
            var window = good
            window[700] = bad
            #expect(throws: SignalError.notFinite(index: 700)) {
                try analyzer.analyze(window, shaftHertz: 30, into: &out)
            }
        }
        #expect(throws: SignalError.flatLine) {
            try analyzer.analyze([Float](repeating: 0.25, count: 1024), shaftHertz: 30, into: &out)
        }
        for shaft in [0, 10, 5_000, Double.nan, -Double.infinity] {
            #expect(throws: SignalError.self) { try analyzer.analyze(good, shaftHertz: shaft, into: &out) }
        }
    }

    @Test func extremeButFiniteWindowsGiveFiniteFeatures() throws {
        for scale in [1e-30, 1e-7, 1e6, 1e30] {
            let f = try Self.features { scale * Self.noise($0) }
            #expect(f.values.allSatisfy { $0.isFinite }, "scale \(scale)")
        }
    }

    @Test(arguments: [100, 1022, 65_540])
    func impossibleWindowLengthsAreRefused(samples: Int) {
        #expect(throws: SignalError.self) {
            try Analyzer(shape: WindowShape(samples: samples, rateHertz: 12_800), geometry: .deepGroove6205)
        }
    }
}
