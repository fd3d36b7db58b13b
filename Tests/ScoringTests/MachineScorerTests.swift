import Graph
import Plant
import Scoring
import Signals
import Testing

@Suite struct MachineScorerTests {
    @Test func theScoreIsWhatTheModelCouldNotReconstruct() throws {
        let card = TestModel.card()
        let scorer = try TestModel.scorer(TestModel.plan(card: card))
        let window = TestModel.noise()
        let score = try scorer.score(window: window, rateHertz: 12_800, speedRPM: 1_500, load: nil)

        let analyzer = try Analyzer(shape: card.window, geometry: card.geometry)
        var features = [Double](repeating: 0, count: Feature.allCases.count)
        try analyzer.analyze(window, shaftHertz: 25, into: &features)
        let squares = features.map { ($0 - 0.5) / 2 }.map { $0 * $0 }
        let expected = (squares.reduce(0, +) / Double(squares.count)).squareRoot()
        #expect(abs(score.value - expected) < 1e-12)
        #expect(score.threshold == card.threshold)
        #expect(score.features == features)
        for contribution in score.contributions {
            let at = try #require(Feature.allCases.firstIndex { $0.rawValue == contribution.feature })
            #expect(abs(contribution.share - squares[at] / squares.reduce(0, +)) < 1e-12)
            #expect(contribution.deviation == (features[at] - 0.5) / 2)
        }
    }

    @Test func contributionsComeLargestFirstAndAddUpToOne() throws {
        let scorer = try TestModel.scorer(TestModel.plan(card: TestModel.card()))
        let score = try scorer.score(window: TestModel.noise(), rateHertz: 12_800, speedRPM: 1_500, load: nil)
        let shares = score.contributions.map(\.share)
        #expect(shares == shares.sorted(by: >))
        #expect(abs(shares.reduce(0, +) - 1) < 1e-12)
        #expect(shares.count == Feature.allCases.count)
    }

    @Test func theSameWindowScoresTheSameWhateverCameBefore() throws {
        let scorer = try TestModel.scorer(TestModel.plan(card: TestModel.card()))
        let first = try scorer.score(window: TestModel.noise(), rateHertz: 12_800, speedRPM: 1_500, load: nil)
        _ = try scorer.score(window: TestModel.noise(seed: 2), rateHertz: 12_800, speedRPM: 1_550, load: nil)
        _ = try? scorer.score(window: [], rateHertz: 12_800, speedRPM: 1_550, load: nil)
        #expect(try scorer.score(window: TestModel.noise(), rateHertz: 12_800, speedRPM: 1_500, load: nil) == first)
    }

    @Test func whatCannotBeJudgedIsRefusedWithTheReason() throws {
        let conditions = [TestModel.speed, TestModel.load]
        let scorer = try TestModel.scorer(TestModel.plan(card: TestModel.card(conditions: conditions)))
        let good = TestModel.noise()
        func refusal(
            _ window: [Float], rate: Double = 12_800, speed: Double? = 1_500, load: Double? = 50
        ) -> ScoringError? {
            do {
                _ = try scorer.score(window: window, rateHertz: rate, speedRPM: speed, load: load)
                return nil
            } catch { return error }
        }
        #expect(refusal(good) == nil)
        #expect(refusal(Array(good.dropLast())) == .window(.wrongLength(expected: 1024, found: 1023)))
        var broken = good
        broken[5] = .nan
        #expect(refusal(broken) == .window(.notFinite(index: 5)))
        #expect(refusal([Float](repeating: 1, count: 1024)) == .window(.flatLine))
        #expect(refusal(good, rate: 25_600) == .rateDiffers(expectedHertz: 12_800, foundHertz: 25_600))
        #expect(refusal(good, rate: 12_801) == nil, "a crystal's tolerance is no other rate")
        #expect(refusal(good, speed: nil) == .conditionMissing(.speed))
        #expect(refusal(good, speed: .nan) == .conditionMissing(.speed))
        #expect(refusal(good, load: nil) == .conditionMissing(.load))
        #expect(refusal(good, load: .infinity) == .conditionMissing(.load))
        let fast = ScoringError.conditionOutsideLearntRange(.speed, value: 1_601, lowest: 1_400, highest: 1_600)
        #expect(refusal(good, speed: 1_601) == fast)
        #expect(fast.description == "speed (rpm) 1601.0 is outside the learnt range 1400.0...1600.0")
        #expect(
            refusal(good, load: 5) == .conditionOutsideLearntRange(.load, value: 5, lowest: 10, highest: 100))
    }

    @Test func aModelTrainedWithoutLoadDoesNotAskForIt() throws {
        let scorer = try TestModel.scorer(TestModel.plan(card: TestModel.card(conditions: [TestModel.speed])))
        _ = try scorer.score(window: TestModel.noise(), rateHertz: 12_800, speedRPM: 1_500, load: nil)
    }

    @Test func aPlanThatDoesNotFitItsCardIsRefused() throws {
        let card = TestModel.card(conditions: [TestModel.speed])
        let count = card.features.count
        let narrow = try TestModel.plan(card: card, inputs: count)
        #expect(throws: ScoringError.planMismatch(what: "input", expected: count + 1, found: count)) {
            try TestModel.scorer(narrow)
        }
        let short = try TestModel.plan(card: card, outputs: 3)
        #expect(throws: ScoringError.planMismatch(what: "output", expected: count, found: 3)) {
            try TestModel.scorer(short)
        }
        #expect(throws: ScoringError.self) { try TestModel.scorer(TestModel.plan(card: card, json: Array("{}".utf8))) }
        #expect(throws: ScoringError.self) { try TestModel.scorer(TestModel.plan(card: card, json: [])) }
        var odd = card
        odd.window.samples = 1022
        #expect(throws: ScoringError.self) { try TestModel.scorer(TestModel.plan(card: odd)) }
    }
}
