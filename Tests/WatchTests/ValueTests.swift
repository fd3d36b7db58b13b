import Plant
import Seeded
import Testing
import Watch

@Suite struct ValueTests {
    static func rule(_ change: (inout WatchRule) -> Void) -> WatchRule {
        var rule = WatchRule()
        change(&rule)
        return rule
    }

    /// A sensor that lives: a slow wave, and noise in the last digits.
    static func living(_ count: Int, noise: Double = 0.05) -> [Double] {
        var random = SplitMix64(seed: 3)
        return (0..<count).map { index in
            let phase = Double(index % 400) / 400
            let wave = phase < 0.5 ? phase * 4 - 1 : 3 - phase * 4
            return 20 + 5 * wave + noise * (Double(random.below(2_001)) / 1_000 - 1)
        }
    }

    @Test func aValueThatStandsStillIsStuckAndRightAgainWithTheFirstMove() {
        var field = Field(Self.rule { $0.stillness = .after(.seconds(10)) })
        #expect(field.play([1, 2, 3]).allSatisfy { $0 == .fine })
        let still = field.play([Double](repeating: 3, count: 20))
        #expect(still.prefix(9).allSatisfy { $0 == .fine } && still.dropFirst(9).allSatisfy { $0 == .stuck })
        #expect(field.play([3.1]) == [.fine])
    }

    @Test func equalValuesMayBeCounted() {
        var field = Field(Self.rule { $0.stillness = .values(5) })
        #expect(field.play([1, 1, 1, 1, 1, 1, 2, 2]) == [.fine, .fine, .fine, .fine, .stuck, .stuck, .fine, .fine])
    }

    @Test func lessThanTheResolutionIsNoMovement() {
        var field = Field(Self.rule { ($0.stillness, $0.resolution) = (.values(4), 0.1) })
        #expect(field.play([1, 1.05, 0.95, 1.09, 0.91]) == [.fine, .fine, .fine, .stuck, .stuck])
        // Slow drift is movement as soon as it has gone that far.
        #expect(field.play([1.0, 1.15]) == [.stuck, .fine])
    }

    @Test func valuesHeldUpAndDeliveredAtOnceAreTimedByTheirSource() {
        var field = Field(Self.rule { $0.stillness = .after(.seconds(10)) })
        for second in 0..<20 {
            let quality = field.send(4, source: Field.start + .seconds(second))
            #expect(quality == (second < 10 ? .fine : .stuck), "second \(second)")
        }
    }

    @Test func twoEqualValuesOfASlowSensorAreNoStandstill() {
        var field = Field(Self.rule { $0.stillness = .after(.seconds(60)) })
        for expected in [Quality?.fine, .fine, .stuck] {
            field.pass(.seconds(600))
            #expect(field.send(4) == expected)
        }
    }

    @Test func aSpikeIsFlaggedAloneAndAStepOfTheProcessIsFollowed() {
        var field = Field(Self.rule { $0.largestStep = 2 })
        #expect(field.play([10, 11, 50, 11, 12]) == [.fine, .fine, .noisy, .fine, .fine])
        #expect(field.play([30, 30.5, 31, 31]) == [.noisy, .noisy, .fine, .fine])
        #expect(field.found == ["jump": 3])
    }

    @Test func theRateGoesByTheTimeBetweenTwoValues() {
        var field = Field(Self.rule { $0.largestRate = 1 })
        #expect(field.play([10, 10.9, 13]) == [.fine, .fine, .noisy])
        field.pass(.seconds(60))
        #expect(field.send(40) == .fine)
    }

    @Test func valuesThatWereHeldUpWithoutTimesAreNoJumps() {
        var field = Field(Self.rule { $0.largestRate = 1 })
        #expect(field.play((0..<100).map { Double($0) * 0.9 }).allSatisfy { $0 == .fine })
        field.pass(.seconds(60))
        // A minute of them at once, as a broker hands them over after an outage.
        for value in 100..<160 { #expect(field.send(Double(value) * 0.9) == .fine) }
    }

    @Test func scatterAboveTheLimitIsNoiseAndASingleSpikeIsNone() {
        var field = Field(Self.rule { $0.noise = .limit(1) })
        #expect(field.play(Self.living(300)).allSatisfy { $0 == .fine })
        #expect(field.play([100] + Self.living(300)).allSatisfy { $0 == .fine })
        #expect(field.play(Self.living(300, noise: 10)).suffix(200).allSatisfy { $0 == .noisy })
        #expect(field.play(Self.living(300)).suffix(200).allSatisfy { $0 == .fine })
    }

    @Test func whatIsLearnedFindsAFrozenAndANoisySensor() {
        var field = Field(Self.rule { ($0.stillness, $0.noise) = (.learned, .learned) })
        #expect(field.play(Self.living(3_000)).allSatisfy { $0 == .fine })
        let frozen = field.play([Double](repeating: 20.5, count: 100))
        #expect(frozen.prefix(30).allSatisfy { $0 == .fine } && frozen.suffix(60).allSatisfy { $0 == .stuck })
        #expect(field.play(Self.living(100)).suffix(50).allSatisfy { $0 == .fine })
        #expect(field.play(Self.living(300, noise: 10)).suffix(200).allSatisfy { $0 == .noisy })
    }

    struct Signal: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var values: [Double]
    }

    /// What is no broken sensor, however it is looked at.
    static let signals = [
        Signal(testDescription: "a constant", values: [Double](repeating: 7, count: 20_000)),
        Signal(testDescription: "a contact", values: (0..<20_000).map { Double($0 / 3_000 % 2) }),
        Signal(testDescription: "a contact that chatters", values: (0..<20_000).map { Double($0 % 2) }),
        Signal(testDescription: "a counter", values: (0..<20_000).map { Double($0 / 7) }),
        Signal(testDescription: "a setpoint", values: (0..<20_000).map { [40, 60, 55][$0 / 4_000 % 3] }),
        Signal(
            testDescription: "a machine at rest over night",
            values: living(5_000) + [Double](repeating: 0, count: 10_000) + living(5_000)),
        Signal(testDescription: "a reading with one digit", values: living(20_000).map { ($0 * 10).rounded() / 10 }),
        Signal(testDescription: "a ramp", values: (0..<20_000).map { Double($0) * 0.001 }),
    ]

    @Test(arguments: signals) func whatIsLearnedIsQuietOn(_ signal: Signal) {
        var field = Field(Self.rule { ($0.stillness, $0.noise) = (.learned, .learned) })
        #expect(field.play(signal.values).allSatisfy { $0 == .fine })
    }

    @Test func aWaveformOfOneValueIsADeadSensor() {
        var field = Field(Self.rule { $0.stillness = .learned })
        func quality(_ waveform: [Float]) -> Quality? { field.send([field.sample(.waveform(waveform))]).first?.quality }
        #expect(quality([Float](repeating: 0.25, count: 64)) == .stuck)
        #expect(quality([0.25, 0.25, 0.5]) == .fine)
        #expect(quality([]) == .fine)
    }

    @Test func valuesThatAreNoNumbersChangeNothing() {
        var field = Field(Self.rule { ($0.stillness, $0.noise, $0.largestStep) = (.values(3), .limit(1), 1) })
        for value in [Double.nan, .infinity, -.infinity, 1, .nan, 1] { #expect(field.send(value) == .fine) }
        #expect(field.send(1) == .stuck)
        // The largest numbers are no more than jumps.
        for value in [Double.greatestFiniteMagnitude, -.greatestFiniteMagnitude] {
            #expect(field.send(value) == .noisy)
        }
        #expect(field.play([5, 5, 5.5]) == [.noisy, .noisy, .fine])
    }
}
